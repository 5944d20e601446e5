import RunKit
import VideoDiffusion

/// What a generation job still has to do.
struct GenerationPlan: Sendable {
  /// The job and what it asks for.
  let job: JobID
  let task: GenerateTask
  /// The clip that the next one continues; `nil` for the start of the video.
  let previous: Clip?
  /// Whether `previous` is the job's own.
  let hasBegun: Bool
  /// Clips that the job completed; footage is not counted.
  let finishedClips: Int

  /// Clips that are still to be made; `nil` until it is stopped.
  var remainingClips: Int? {
    task.settings.clipCount.map { max($0 - finishedClips, 0) }
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
