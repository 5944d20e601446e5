import EvaluationKit
import Foundation
import MediaIO
import RunKit

/// A job of the queue, as it is stored.
public struct Job: Sendable, Hashable, Identifiable, Codable {
  /// Its name.
  public let id: JobID
  /// What is to be done.
  public var task: JobTask
  /// Where it stands.
  public var state: JobState
  /// Clips that are complete.
  public var finishedClips: Int
  /// When it was asked for, began and ended.
  public var created: Date
  public var started: Date?
  public var ended: Date?
  /// Seconds that it was at work, pauses left out; `nil` where that was not counted.
  public var worked: Double?

  /// A job.
  public init(
    id: JobID, task: JobTask, state: JobState = .waiting, finishedClips: Int = 0, created: Date,
    started: Date? = nil, ended: Date? = nil, worked: Double? = nil
  ) {
    self.id = id
    self.task = task
    self.state = state
    self.finishedClips = finishedClips
    self.created = created
    self.started = started
    self.ended = ended
    self.worked = worked
  }
}

/// Where a job stands.
public enum JobState: Sendable, Hashable, Codable {
  /// Its turn comes.
  case waiting
  /// It is being done.
  case running
  /// The user holds it back; a run that had begun goes on from its last step.
  case paused
  /// The program ended while it ran; it goes on from its last saved step when asked.
  case interrupted
  /// It is done, or was ended early with what was complete.
  case finished
  /// The user ended it before its turn.
  case cancelled
  /// It failed: a sentence, and what to do about it.
  case failed(String, remedy: String)

  /// Whether nothing more will happen to it.
  public var isOver: Bool {
    switch self {
    case .waiting, .running, .paused, .interrupted: false
    case .finished, .cancelled, .failed: true
    }
  }
}

/// What a job does.
public enum JobTask: Sendable, Hashable, Codable {
  /// Adds clips to a video.
  case generate(GenerateTask)
  /// Writes a branch of a video to files.
  case export(ExportTask)
  /// Measures a model or a folder of videos.
  case evaluate(EvaluateTask)
  /// Trains a network.
  case train(TrainTask)
}

/// Clips to add to a video, one after the other.
public struct GenerateTask: Sendable, Hashable, Codable {
  /// The video.
  public var video: VideoID
  /// What the first new clip continues.
  public var origin: Origin
  /// Which continuation of the origin the first new clip belongs to, from 0: an existing one adds a
  /// roll, a new one a branch.
  public var fork: Int
  /// The model.
  public var model: ModelReference
  /// The settings, with the seed that is used; `clipCount` counts the new clips.
  public var settings: GenerationSettings
  /// Where the first new clip is to lead; `nil` for nowhere.
  public var lead: ClipLead?
  /// Runs that follow in the same job, as those of a recipe; `nil` for none.
  public var following: [RecipeStep]?

  /// What a run continues.
  public enum Origin: Sendable, Hashable, Codable {
    /// Nothing: the first clip is made from noise.
    case nothing
    /// A clip of the video.
    case clip(ClipID)
    /// Frames of a file from the given one on, which are encoded and become the video's first clip.
    case footage(path: String, firstFrame: Int)
  }

  /// Clips that all its runs add; `nil` if it goes on until it is stopped.
  public var clipCount: Int? {
    guard let first = settings.clipCount else { return nil }
    return (following ?? []).reduce(first) { Self.sum($0, $1.generatedCount) }
  }

  /// As large as a file says: no arithmetic of it may overflow.
  private static func sum(_ first: Int, _ second: Int) -> Int {
    let (sum, overflows) = first.addingReportingOverflow(second)
    return overflows ? .max : sum
  }

  /// Its runs: how many there are.
  public var runCount: Int {
    (settings.clipCount == 0 ? 0 : 1) + (following ?? []).count { $0.run.source == nil }
  }

  /// Whether the next clip continues the one that was made last.
  ///
  /// - Parameter finishedClips: Clips that are complete, footage not counted.
  public func goesOn(after finishedClips: Int) -> Bool {
    guard var rest = settings.clipCount.map({ finishedClips - $0 }) else { return true }
    for step in following ?? [] {
      guard rest >= 0 else { return true }
      if rest == 0 { return step.place == nil }
      rest -= step.generatedCount
    }
    return true
  }

  /// A run of the job whose turn it is.
  struct Turn {
    /// The run as a task of its own.
    var task: GenerateTask
    /// Clips that it makes, footage not counted; `nil` until it is stopped.
    var clipCount: Int?
    /// Where it begins and leads, as the recipe says; `nil` for the job's own first run.
    var step: RecipeStep?
    /// Clips that the runs before it made, with footage and without.
    var clipsBefore = 0
    var generatedBefore = 0
    /// The runs after it.
    var following: ArraySlice<RecipeStep>

    /// Whether frames of a file are its first clip.
    var beginsWithFootage: Bool { if case .footage = task.origin { true } else { false } }
  }

  /// The run whose turn it is once some clips are complete, footage counted.
  func turn(after clips: Int) -> Turn {
    var task = self
    task.following = nil
    // A recipe that begins with footage and a clip that another comes before has no run of its own here.
    if settings.clipCount == 0 { task.settings.clipCount = 1 }
    var turn = Turn(
      task: task, clipCount: settings.clipCount, following: (following ?? [])[...])
    while let count = turn.clipCount, let next = turn.following.first,
      clips - turn.clipsBefore >= Self.sum(count, turn.beginsWithFootage ? 1 : 0)
    {
      turn.clipsBefore += count + (turn.beginsWithFootage ? 1 : 0)
      turn.generatedBefore += count
      turn.following = turn.following.dropFirst()
      turn.step = next
      turn.clipCount = next.generatedCount
      turn.task.model = next.run.reference
      turn.task.settings = next.run.lockedSettings
      turn.task.lead = nil
      if let source = next.run.source {
        turn.task.origin = .footage(path: source, firstFrame: next.run.firstFrame ?? 0)
      } else {
        turn.task.origin = .nothing
      }
    }
    return turn
  }

  /// Clips to add to a video.
  public init(
    video: VideoID, origin: Origin, fork: Int = 0, model: ModelReference,
    settings: GenerationSettings, lead: ClipLead? = nil, following: [RecipeStep]? = nil
  ) {
    self.video = video
    self.origin = origin
    self.fork = fork
    self.model = model
    self.settings = settings
    self.lead = lead
    self.following = following
  }
}

extension RecipeStep {
  /// Clips that it adds beside footage.
  fileprivate var generatedCount: Int { run.source == nil ? run.clipCount : 0 }
}

/// A branch of a video to write to files.
public struct ExportTask: Sendable, Hashable, Codable {
  /// The video.
  public var video: VideoID
  /// The branch's last clip.
  public var through: ClipID
  /// Files and folders; see ``OutputSet``.
  public var paths: [String]
  /// Side of the square that each pixel becomes, 1 to 64.
  public var scale: Int
  /// Whether files that exist are replaced.
  public var overwrites: Bool

  /// A branch to write.
  public init(
    video: VideoID, through: ClipID, paths: [String], scale: Int = 1, overwrites: Bool = false
  ) {
    self.video = video
    self.through = through
    self.paths = paths
    self.scale = scale
    self.overwrites = overwrites
  }
}

/// How far the running job is; not stored.
public struct JobProgress: Sendable, Hashable, Codable {
  /// What it is doing.
  public enum Phase: Sendable, Hashable, Codable {
    /// Weights are packed; the share that is done, 0 to 1.
    case loading(Double)
    /// Footage is encoded.
    case encoding
    /// A clip is sampled.
    case sampling
    /// A finished clip is decoded.
    case decoding
    /// Files are written.
    case writing
    /// Something is measured; a phrase for what is counted by `step` and `stepCount`: `real clips`.
    case evaluating(String)
    /// Something is trained, or prepared for it; a phrase for what is counted: `steps`.
    case training(String)
  }

  /// The job.
  public var job: JobID
  /// What it is doing.
  public var phase: Phase
  /// Clips that this job has completed, and will; `nil` until it is stopped.
  public var finishedClips: Int
  public var clipCount: Int?
  /// Steps done of the clip in progress, and their number; of an evaluation, the stage's items.
  public var step: Int
  public var stepCount: Int
  /// Time of a step, previews left out, averaged over the last ones, in seconds.
  public var secondsPerStep: Double?
  /// Time until the job is done, in seconds; `nil` if unknown or without end.
  public var secondsLeft: Double?
  /// Time spent on previews as a share of the time spent on steps.
  public var previewShare: Double
  /// Memory of the process, in bytes.
  public var residentBytes: Int
  /// Whether a stop was asked for, and when it comes.
  public var isStopping: Bool

  /// Progress of a job that just began.
  public init(job: JobID, phase: Phase, clipCount: Int?) {
    self.job = job
    self.phase = phase
    self.clipCount = clipCount
    finishedClips = 0
    step = 0
    stepCount = 0
    previewShare = 0
    residentBytes = 0
    isStopping = false
  }
}

/// An estimate of the clip in progress, to look at.
public struct JobPreview: Sendable, Codable {
  /// The job.
  public var job: JobID
  /// Clips of the job before the one in progress.
  public var clip: Int
  /// The step after which it was estimated, and the clip's number of steps.
  public var step: Int
  public var stepCount: Int
  /// How the frames were made.
  public var mode: PreviewMode
  /// The frames.
  public var images: [RGBImage]

  /// An estimate of the clip in progress.
  public init(
    job: JobID, clip: Int, step: Int, stepCount: Int, mode: PreviewMode, images: [RGBImage]
  ) {
    self.job = job
    self.clip = clip
    self.step = step
    self.stepCount = stepCount
    self.mode = mode
    self.images = images
  }
}
