import RunKit
import VideoDiffusion

/// What a generation job still has to do.
struct GenerationPlan: Sendable {
  /// The job, and what the run asks for whose turn it is.
  let job: JobID
  let task: GenerateTask
  /// Clips that runs of the job before this one made, and that all of them are to make.
  let clipsBefore: Int
  let clipCount: Int?
  /// Clips that this run is to make beside footage; `nil` until it is stopped.
  let ownClipCount: Int?
  /// Runs of the job that come after this one.
  let following: ArraySlice<RecipeStep>
  /// The clip that the next one continues; `nil` for the start of the video.
  let previous: Clip?
  /// The clips up to that one, from the start.
  let path: [ClipID]
  /// Whether `previous` is as the model wrote it, and not encoded of frames.
  let isPreviousGenerated: Bool
  /// Whether the run has a clip already, footage counted.
  let hasBegun: Bool
  /// Which continuation of the clip before the run's first clip belongs to.
  let fork: Int
  /// Where the run's first clip leads.
  let lead: ClipLead?
  /// Clips that this run completed; footage is not counted.
  let finishedClips: Int

  /// Clips that are still to be made; `nil` until it is stopped.
  var remainingClips: Int? { ownClipCount.map { max($0 - finishedClips, 0) } }

  /// Clips that are still to be sampled: a run that leads to another clip ends with a copy of that.
  var remainingSamples: Int? {
    guard case .clip = lead else { return remainingClips }
    return finishedClips == 0 ? min(remainingClips ?? 1, 1) : 0
  }

  /// The clip of which a copy ends the run, where one does.
  var copied: ClipID? {
    guard case .clip(let target, _) = lead, ownClipCount ?? 2 > 1 else { return nil }
    return target
  }

  /// Steps of the runs that come after this one, and their clips.
  var stepsAfterRun: (steps: Int, clips: Int) {
    following.reduce(into: (0, 0)) { sum, step in
      // As large as a file says: no arithmetic of it may overflow.
      sum.0 = sum.0 &+ step.run.clipCount &* step.run.settings.laterSampler.steps
      sum.1 = sum.1 &+ step.run.clipCount
    }
  }

  /// The footage that is encoded first, if that was not done.
  var footage: (path: String, firstFrame: Int)? {
    guard !hasBegun, case .footage(let path, let firstFrame) = task.origin else { return nil }
    return (path, firstFrame)
  }

  /// What the engine is asked for after some clips of the video: its clips are counted from the
  /// video's start, so that each has the noise that it would have in one long run.
  func request(after clips: Int) -> GenerationRequest {
    var request = task.settings.request()
    // A count may be as large as numbers are.
    request.clipCount = remainingSamples.map { min($0, Int.max - clips) + clips }
    return request
  }
}
