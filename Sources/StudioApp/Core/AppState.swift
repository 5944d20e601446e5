import EvaluationKit
import RunKit
import StudioKit
import StudioLink
import TerminalUI
import TrainingKit

/// What all screens share: the workspace as it was last heard of.
package struct AppState: Sendable {
  /// Which keys mean which action.
  package var keys = KeyChoices()
  /// The weights that the user fetched; none until a studio says where they are.
  package var weights = WeightLibrary.empty
  /// The models that were found, and the one that runs use.
  package var models: [ModelEntry] = []
  package var modelID: ModelEntry.ID?
  /// Whether models are being looked for.
  package var isLookingForModels = false
  /// Folders in which models were looked for.
  package var modelFolders: [String] = []
  /// The settings that Make shows: what a new video and a new comparison begin with.
  package var settings = GenerationSettings()
  /// What made a video, to be made again on Make.
  package var recipe: Recipe?
  /// How the next clips of a video are to be made, as it was remembered.
  package var next: NextClips?
  /// Presets, built-in ones first.
  package var presets: [Preset] = []
  /// The videos, the one last changed first; trashed ones included.
  package var videos: [VideoSummary] = []
  /// The video that the Extend screen shows.
  package var openVideo: VideoID?
  /// Trees of the videos that were opened.
  package var trees: [VideoID: ClipTree] = [:]
  /// Frames of clips.
  package var frames = FrameShelf()
  /// How much of the work that was ordered was refused since the studio was opened.
  package var refusedOrders = 0
  /// A user's video to choose a window from.
  package var footage: FootageView?
  /// The queue: what is to be done in its order, then what is over, the latest first.
  package var jobs: [Job] = []
  /// The jobs that were given to a cluster, the latest first.
  package var clusterJobs: [ClusterJob] = []
  /// Whether there is a cluster to give work to.
  package var hasCluster = false
  /// How far the running job is, and what it looks like.
  package var progress: JobProgress? {
    didSet { if let progress, stopping.contains(progress.job) { self.progress?.isStopping = true } }
  }
  /// Jobs that were asked to stop, which is shown before they say so themselves.
  package private(set) var stopping: Set<JobID> = []
  package var preview: PreviewView?
  /// The comparisons, the latest first.
  package var comparisons: [Comparison] = []
  /// The stored scores, the latest first.
  package var evaluations: [StoredEvaluation] = []
  /// The evaluation that was last set up; what the Evaluate screen begins with.
  package var evaluation: EvaluateTask?
  /// What the evaluation that was checked last lacks.
  package var evaluationCheck: EvaluationCheck?
  /// The training runs, the latest first.
  package var trainingRuns: [TrainingRunEntry] = []
  /// The training at work.
  package var training: TrainingWatch?
  /// The training that was last set up; what a new one begins with.
  package var trainingRequest: TrainingRequest?
  /// What was found out about the training that was checked last.
  package var trainingCheck: TrainingCheck?
  /// The video of samples that was read last.
  package var trainingSample: SampleView?
  /// What may follow the path that was looked at last.
  package var pathCompletion: PathCompletion?
  /// Estimates by what they are for.
  package var estimates: [EstimateKey: RunEstimate] = [:]
  /// Runs that ended since the studio was opened.
  package private(set) var measuredRuns = 0
  /// Whether the workspace has told everything once.
  package var isReady = false
  /// The size of the window, for keys that move in a grid.
  package var windowSize = TerminalSize.standard
  /// Width of a cell as a share of its height.
  package var cellRatio = 0.5
  /// The symbols of stills; `nil` takes what the terminal can do.
  package var stillSymbols: SymbolSet?

  /// Shows at once that a job stops. Its own word comes with its next step, which may be a while away.
  package mutating func noteStop(of job: JobID) {
    stopping.insert(job)
    if progress?.job == job { progress?.isStopping = true }
  }

  /// Whether a job was asked to stop.
  package func isStopping(_ job: JobID) -> Bool {
    stopping.contains(job) || progress?.job == job && progress?.isStopping == true
  }

  /// A job goes on, or is over.
  package mutating func noteEndOfStop(of job: JobID) { stopping.remove(job) }

  /// A run ended: what it took makes all estimates better.
  package mutating func noteMeasuredRun() {
    measuredRuns += 1
    estimates = [:]
  }

  /// The preset of a name, of which only letters and digits count.
  package func preset(named name: String) -> Preset? {
    let key = PresetLibrary.key(of: name)
    return presets.first { PresetLibrary.key(of: $0.name) == key }
  }

  /// Says that there is no such preset.
  package func noPreset(_ name: String, otherwise: String = "") -> Notice {
    let names = presets.map(\.name).joined(separator: ", ")
    return Notice(
      .warning, "there is no preset \(name)",
      remedy: names.isEmpty ? otherwise : "There are \(names)")
  }

  /// What an estimate is for.
  package struct EstimateKey: Sendable, Hashable {
    package var model: ModelReference
    package var settings: GenerationSettings
    package var start: RunEstimator.Start

    package init(
      model: ModelReference, settings: GenerationSettings,
      from start: RunEstimator.Start = .nothing
    ) {
      self.model = model
      self.settings = settings
      self.start = start
    }

    /// Settings without what changes nothing about their cost; a run without end is estimated by its
    /// first clip.
    package init(
      costOf settings: GenerationSettings, _ model: ModelReference,
      from start: RunEstimator.Start = .nothing
    ) {
      var settings = settings
      settings.seed = 0
      settings.isSeedLocked = false
      settings.clipCount = settings.clipCount ?? 1
      self.init(model: model, settings: settings, from: start)
    }
  }

  /// What an evaluation lacks.
  package struct EvaluationCheck: Sendable, Hashable {
    package var task: EvaluateTask
    package var unmet: [EvaluationRequirement]

    package init(task: EvaluateTask, unmet: [EvaluationRequirement]) {
      self.task = task
      self.unmet = unmet
    }
  }

  /// What was found out about a training that is set up.
  package struct TrainingCheck: Sendable, Hashable {
    package var request: TrainingRequest
    package var preparation: TrainingPreparation

    package init(request: TrainingRequest, preparation: TrainingPreparation) {
      self.request = request
      self.preparation = preparation
    }
  }

  /// A training's video of samples, ready to be drawn.
  package struct SampleView: Sendable {
    package var path: String
    package var framesPerSecond: Double
    package var strip: Filmstrip

    package init(_ sample: TrainingSample) {
      path = sample.path
      framesPerSecond = sample.framesPerSecond
      strip = Filmstrip(sample.images)
    }
  }

  /// An estimate of the clip in progress, ready to be drawn.
  package struct PreviewView: Sendable {
    package var job: JobID
    package var clip: Int
    package var step: Int
    package var stepCount: Int
    package var mode: PreviewMode
    package var strip: Filmstrip

    package init(_ preview: JobPreview) {
      job = preview.job
      clip = preview.clip
      step = preview.step
      stepCount = preview.stepCount
      mode = preview.mode
      strip = Filmstrip(preview.images)
    }
  }

  /// A user's video, ready to be drawn.
  package struct FootageView: Sendable {
    package var path: String
    package var frameCount: Int
    /// The first of the frames that are held.
    package var firstFrame: Int
    package var framesPerSecond: Double
    package var strip: Filmstrip
    /// What of each frame the model sees: `middle 720x720 of 1280x720`; empty for all of it.
    package var cropText: String

    package init(_ footage: Footage) {
      path = footage.path
      frameCount = footage.frameCount
      firstFrame = footage.firstFrame
      cropText = footage.cropText
      framesPerSecond = footage.framesPerSecond
      strip = Filmstrip(footage.images)
    }
  }

  package init() {}

  /// The model that runs use.
  package var model: ModelEntry? { models.first { $0.id == modelID } }
  /// The tree of the open video.
  package var tree: ClipTree? { openVideo.flatMap { trees[$0] } }
  /// The job that is being done.
  package var runningJob: Job? { jobs.first { $0.state == .running } }
  /// Jobs that are not over.
  package var openJobs: [Job] { jobs.filter { !$0.state.isOver } }

  /// What people call a video.
  package func name(of video: VideoID) -> String {
    self.video(video)?.title ?? "video \(video.rawValue)"
  }

  /// A video by name.
  package func video(_ id: VideoID) -> VideoSummary? { videos.first { $0.id == id } }
  /// A job by name.
  package func job(_ id: JobID) -> Job? { jobs.first { $0.id == id } }
}
