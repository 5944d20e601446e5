import EvaluationKit
import RunKit
import StudioKit
import TrainingKit

/// What the workspace is asked for, by what it concerns.
package enum WorkspaceRequest: Sendable, Hashable, Codable {
  /// Reads or computes something, beside everything else.
  case query(WorkspaceQuery)
  /// Queues work.
  case order(WorkOrder)
  /// Changes the queue.
  case job(JobChange)
  /// Changes a video's tree.
  case tree(TreeChange)
  /// Changes a video, or which one is shown.
  case video(VideoChange)
  /// Changes what is kept beside videos: models, presets, comparisons and scores.
  case library(LibraryChange)
  /// Keeps a preference for the next time.
  case remember(Preference)
  /// Looks what a path names: a model, a video to continue, or an output whose settings come back.
  case open(path: String)

  /// Whether it waits for what lies outside: a look through folders for models, or Slurm.
  var waitsForOthers: Bool {
    switch self {
    case .open, .library(.openModel), .library(.pairModel), .order(.submitTraining),
      .job(.cancelOnCluster), .job(.clearFinished):
      true
    case .query, .order, .job, .tree, .video, .library, .remember: false
    }
  }
}

/// What is read or computed while everything else goes on.
package enum WorkspaceQuery: Sendable, Hashable, Codable {
  /// Looks for models again.
  case findModels
  /// Computes the hashes of a model's checkpoints.
  case hashModel(ModelEntry.ID)
  /// Estimates what a run takes.
  case estimate(ModelReference, GenerationSettings, from: RunEstimator.Start = .nothing)
  /// Reads a user's video for the frame picker.
  case readFootage(path: String, model: ModelReference, firstFrame: Int = 0)
  /// Reads clips' frames.
  case loadFrames([ClipID])
  /// Looks for what an evaluation lacks.
  case checkEvaluation(EvaluateTask)
  /// Reads the stored scores again.
  case findEvaluations
  /// Looks for training runs.
  case findTrainingRuns
  /// Looks at what a training needs, and estimates it.
  case checkTraining(TrainingRequest)
  /// Reads a run's video of samples.
  case loadTrainingSample(path: String)
  /// Looks for what may follow a path that is being typed.
  case completePath(String)
}

/// Work for the queue.
package enum WorkOrder: Sendable, Hashable, Codable {
  /// Makes a new video.
  case make(ModelReference, GenerationSettings)
  /// Makes the video of a recipe, run by run.
  case remake(Recipe)
  /// Adds clips to a video after a clip, or at its start.
  case extend(
    VideoID, after: ClipID?, fork: Int, model: ModelReference, settings: GenerationSettings)
  /// Adds a clip to a video that leads somewhere.
  case lead(LeadOrder)
  /// Begins a video with frames of a file, and continues it.
  case makeFromFootage(
    path: String, firstFrame: Int, model: ModelReference, settings: GenerationSettings)
  /// Makes a comparison of variants, or of a grid.
  case compare(title: String, [Comparison.Variant])
  case sweep(Comparison.Variant, columns: SweepAxis, rows: SweepAxis?)
  /// Writes a branch to files.
  case export(ExportTask)
  /// Takes an evaluation.
  case evaluate(EvaluateTask)
  /// Begins a training.
  case train(TrainingRequest)
  /// Gives a training to the cluster.
  case submitTraining(TrainingRequest)
  /// Lets the training in a folder go on.
  case resumeTraining(String)
}

/// A clip that continues another and is to lead somewhere.
package struct LeadOrder: Sendable, Hashable, Codable {
  /// The video, the clip to continue, and which continuation of that it is.
  package var video: VideoID
  package var clip: ClipID
  package var fork: Int
  /// Where it is to lead.
  package var lead: ClipLead
  package var model: ModelReference
  package var settings: GenerationSettings
  /// What is asked before, with what it costs: a title and lines; `nil` once it was answered.
  package var question: [String]?

  package init(
    video: VideoID, clip: ClipID, fork: Int, lead: ClipLead, model: ModelReference,
    settings: GenerationSettings, question: [String]? = nil
  ) {
    self.video = video
    self.clip = clip
    self.fork = fork
    self.lead = lead
    self.model = model
    self.settings = settings
    self.question = question
  }
}

/// A change of the queue.
package enum JobChange: Sendable, Hashable, Codable {
  /// Ends the running job after the clip, or after the step, keeping what is complete.
  case finish(JobID, atOnce: Bool)
  /// Holds a job back; what was done of it is kept.
  case pause(JobID)
  /// Lets a paused, interrupted or failed job go on.
  case resume(JobID)
  /// Ends a job, keeping complete clips; or all jobs but one.
  case cancel(JobID)
  case cancelAll(except: JobID)
  /// Ends a job that was given to a cluster.
  case cancelOnCluster(ClusterJob.ID)
  /// Moves a waiting job up (-1) or down (1) in the queue.
  case move(JobID, by: Int)
  /// Changes the settings of a job that has not begun.
  case edit(JobID, GenerationSettings)
  /// Shows the clips of a job in another way, from its next step on.
  case preview(JobID, PreviewMode)
  /// Forgets jobs that are over.
  case clearFinished
}

/// A change of a video's tree, which the studio shows before the workspace confirms it.
package enum TreeChange: Sendable, Hashable, Codable {
  /// Goes to a clip of a video.
  case select(VideoID, ClipID)
  /// Drops a clip and what follows it.
  case drop(VideoID, ClipID)
  case undo(VideoID)
  case redo(VideoID)
  /// Gives a clip a star, or takes it away.
  case star(VideoID, ClipID, Bool)
}

/// A change of a video, or of which one is shown.
package enum VideoChange: Sendable, Hashable, Codable {
  /// Opens a video's tree and shows it from now on.
  case open(VideoID)
  /// Reads a video's tree without opening it.
  case loadTree(VideoID)
  /// Opens a new video without clips.
  case newCanvas(ModelReference?)
  case rename(VideoID, String)
  case mark(VideoID, Bool)
  /// Gives it a star, or takes it away.
  case star(VideoID, Bool)
  case trash(VideoID)
  case restore(VideoID)
  /// Deletes what is in the trash, for good.
  case emptyTrash
  /// Makes a video of a comparison one of its own, which the gallery lists and which stays when the
  /// comparison is forgotten.
  case keep(VideoID)
  /// Writes one picture to a PNG file with the clip's settings.
  case saveStill(ClipID, frame: Int, path: String, overwrites: Bool = false)
}

/// A change of what is kept beside videos.
package enum LibraryChange: Sendable, Hashable, Codable {
  /// Adds a folder or checkpoint to the models.
  case openModel(path: String)
  /// Makes a model of two checkpoints, if they fit.
  case pairModel(autoencoder: String, denoiser: String)
  /// Keeps settings under a name, or forgets them.
  case savePreset(name: String, settings: GenerationSettings)
  case deletePreset(name: String)
  /// Forgets a comparison; its videos go to the trash.
  case deleteComparison(ComparisonID)
  /// Forgets a stored score.
  case forgetEvaluation(EvaluationID)
}
