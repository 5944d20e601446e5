import EvaluationKit
import RunKit
import StudioKit
import TerminalUI
import TrainingKit

/// What a screen asks for beside changing itself: values, so that tests can compare them. The studio's
/// ``EffectRunner`` carries them out on the workspace.
package enum StudioEffect: Sendable, Hashable {
  // Going about
  /// Shows a screen.
  case show(ScreenID)
  /// Shows a screen and carries out one of its commands.
  case command(ScreenID, String, argument: String)
  /// Says something in the status line and the log.
  case notify(Notice)
  /// Opens a question; `confirmed` happens on yes.
  case confirm(title: String, lines: [String], confirmed: [StudioEffect])
  /// Asks for a line of text; the answer comes back as the screen's command of that name.
  case ask(prompt: String, text: String, command: String)
  /// Opens what a path names: a model, a video to continue, or an output whose settings come back.
  case open(path: String)
  /// Keeps a preference for the next time.
  case remember(Preference)
  /// Saves what is running and ends the studio.
  case quit
  /// Leaves the terminal; everything is saved.
  case leave
  /// Stops as Ctrl-Z does, until the shell continues it.
  case suspend
  /// Draws everything anew.
  case redraw
  /// Lets the status line be read for a while, then clears it.
  case expireStatus

  // Models
  /// Looks for models again.
  case findModels
  /// Adds a folder or checkpoint to the models.
  case openModel(path: String)
  /// Makes a model of two checkpoints, if they fit.
  case pairModel(autoencoder: String, denoiser: String)
  /// Chooses the model that runs use.
  case useModel(ModelEntry.ID)
  /// Computes the hashes of a model's checkpoints.
  case hashModel(ModelEntry.ID)

  // Making
  /// Estimates what a run takes.
  case estimate(ModelReference, GenerationSettings)
  /// Makes a new video.
  case make(ModelReference, GenerationSettings)
  /// Adds clips to a video after a clip, or at its start.
  case extend(
    VideoID, after: ClipID?, fork: Int, model: ModelReference, settings: GenerationSettings)
  /// Begins a video with frames of a file, and continues it.
  case makeFromFootage(
    path: String, firstFrame: Int, model: ModelReference, settings: GenerationSettings)
  /// Reads a user's video for the frame picker.
  case readFootage(path: String, model: ModelReference)
  /// Keeps settings under a name, or forgets them.
  case savePreset(name: String, settings: GenerationSettings)
  case deletePreset(name: String)

  /// Puts settings and a model into Make, as when a video's are to be used again.
  case useSettings(GenerationSettings, ModelReference)

  // Jobs
  /// Ends the running job after the clip, or after the step, keeping what is complete.
  case finishJob(JobID, atOnce: Bool)
  /// Holds a job back; what was done of it is kept.
  case pauseJob(JobID)
  /// Lets a paused, interrupted or failed job go on.
  case resumeJob(JobID)
  /// Ends a job, keeping complete clips; or all jobs but one.
  case cancelJob(JobID)
  case cancelJobs(except: JobID)
  /// Moves a waiting job up (-1) or down (1) in the queue.
  case moveJob(JobID, by: Int)
  /// Changes the settings of a job that has not begun.
  case editJob(JobID, GenerationSettings)
  /// Forgets jobs that are over.
  case clearFinishedJobs

  // Videos
  /// Opens a video's tree and shows it from now on.
  case openVideo(VideoID)
  /// Reads a video's tree without opening it.
  case loadTree(VideoID)
  /// Opens a new video without clips.
  case newCanvas(ModelReference?)
  /// Goes to a clip of a video.
  case selectClip(VideoID, ClipID)
  /// Drops a clip and what follows it.
  case dropClip(VideoID, ClipID)
  case undo(VideoID)
  case redo(VideoID)
  /// Reads clips' frames.
  case loadFrames([ClipID])
  case renameVideo(VideoID, String)
  case markVideo(VideoID, Bool)
  case trashVideo(VideoID)
  case restoreVideo(VideoID)
  /// Deletes what is in the trash, for good.
  case emptyTrash
  /// Writes a branch to files.
  case export(ExportTask)
  /// Writes one picture to a PNG file with the clip's settings.
  case saveStill(ClipID, frame: Int, path: String)

  // Comparing
  /// Makes a comparison of variants, or of a grid.
  case compare(title: String, [Comparison.Variant])
  case sweep(Comparison.Variant, columns: SweepAxis, rows: SweepAxis?)
  /// Makes a video of a comparison one of its own, which the gallery lists and which stays when the
  /// comparison is forgotten.
  case keepVideo(VideoID)
  /// Forgets a comparison; its videos go to the trash.
  case deleteComparison(ComparisonID)

  // Evaluating
  /// Looks for what an evaluation lacks.
  case checkEvaluation(EvaluateTask)
  /// Queues an evaluation.
  case evaluate(EvaluateTask)
  /// Reads the stored scores again.
  case findEvaluations
  /// Forgets a stored score.
  case forgetEvaluation(EvaluationID)

  // Training
  /// Looks for training runs.
  case findTrainingRuns
  /// Looks at what a training needs, and estimates it.
  case checkTraining(TrainingRequest)
  /// Queues a new training.
  case train(TrainingRequest)
  /// Lets the run in a folder go on.
  case resumeTraining(String)
  /// Reads a run's video of samples.
  case loadTrainingSample(path: String)
  /// Looks for what may follow a path that is being typed.
  case completePath(String)
}
