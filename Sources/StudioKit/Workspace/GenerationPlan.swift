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
  /// Runs of the job that come after this one.
  let following: ArraySlice<Recipe.Run>
  /// The clip that the next one continues; `nil` for the start of the video.
  let previous: Clip?
  /// Whether `previous` is the job's own.
  let hasBegun: Bool
  /// Clips that this run completed; footage is not counted.
  let finishedClips: Int

  /// Clips that are still to be made; `nil` until it is stopped.
  var remainingClips: Int? {
    task.settings.clipCount.map { max($0 - finishedClips, 0) }
  }

  /// Steps of the runs that come after this one, and their clips.
  var stepsAfterRun: (steps: Int, clips: Int) {
    following.reduce(into: (0, 0)) { sum, run in
      // As large as a file says: no arithmetic of it may overflow.
      sum.0 = sum.0 &+ run.clipCount &* run.settings.laterSampler.steps
      sum.1 = sum.1 &+ run.clipCount
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
    request.clipCount = remainingClips.map { min($0, Int.max - clips) + clips }
    return request
  }
}
