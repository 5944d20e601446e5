import Foundation
import RunKit
import VideoDiffusion

/// An event of a job as one line of JSON. Every line has `event`; the rest depends on it.
struct EventLine {
  let text: String

  /// - Returns: `nil` for events that are only shown, such as previews.
  init?(_ event: JobEvent) {
    let fields: Fields? =
      switch event {
      case .notes(let notes): Fields(event: "notes", notes: notes)
      case .loading(let kind, let loaded, let total):
        loaded == total ? Fields(event: "loaded", network: kind.rawValue) : nil
      case .generation(.clipStarted(let start)):
        Fields(
          event: "clip_started", clip: start.clip, steps: start.stepCount,
          finishedSteps: start.finishedSteps, seeds: start.seeds)
      case .generation(.step(let step)):
        Fields(
          event: "step", clip: step.clip, steps: step.stepCount,
          finishedSteps: step.finishedSteps, timestep: step.timestep, seconds: step.seconds)
      case .generation(.clipFinished(let clip)):
        Fields(
          event: "clip_finished", clip: clip.clip, seconds: clip.seconds,
          planes: clip.planeOrders.contains { $0 != .usual } ? clip.planeOrders.map(\.text) : nil)
      case .decoded(let clip, let sample, _, let seconds):
        Fields(event: "decoded", clip: clip, sample: sample, seconds: seconds)
      case .preview: nil
      case .writing: Fields(event: "writing")
      }
    guard let fields, let text = try? json(fields, pretty: false) else { return nil }
    self.text = text
  }

  private struct Fields: Encodable {
    var event: String
    var clip: Int?
    var sample: Int?
    var steps: Int?
    var finishedSteps: Int?
    var timestep: Int?
    var seconds: Double?
    var seeds: [UInt64]?
    var network: String?
    var notes: [String]?
    var planes: [String]?
  }
}

/// The last line of a job: what it left.
func pvdmEventLine(_ result: GenerationJob.Result) throws -> String {
  struct Fields: Encodable {
    let event: String
    let clips: Int
    let frames: Int
    let written: [String]
    let savedRun: String?
  }
  return try json(
    Fields(
      event: result.isInterrupted ? "interrupted" : "finished", clips: result.clips,
      frames: result.frames, written: result.written, savedRun: result.savedRun), pretty: false)
}
