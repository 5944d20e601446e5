import Foundation
import RunKit
import StudioKit
import Synchronization
import TrainingKit
import VideoDiffusion

/// Shows what happens in a training: lines of progress on standard error, on a terminal each in the
/// place of the last; or events as JSON on standard output.
final class TrainingReporter: Sendable {
  private let isQuiet: Bool
  private let writesEvents: Bool
  private let events: EventOutput
  private let isTerminal = isatty(2) != 0
  private let hasOpenLine = Mutex(false)
  /// What of the preparation was said last where lines stay.
  private let lastTenth = Mutex<Tenth?>(nil)

  private struct Tenth: Equatable {
    var stage: String
    var number: Int
  }

  /// - Parameter stop: What ends the training when nobody reads its events any more.
  init(isQuiet: Bool, writesEvents: Bool, stop: StopSignal) {
    self.isQuiet = isQuiet
    self.writesEvents = writesEvents
    events = EventOutput(stop: stop)
  }

  /// Notes an event, from any thread.
  func report(_ event: TrainingEvent) {
    if writesEvents, let line = TrainingEventLine.text(event) { events.write(json: line) }
    guard !isQuiet else { return }
    switch event {
    case .notes(let notes): for note in notes { say("note: \(note)") }
    case .preparation(let progress):
      let line = "\(progress.stage) \(progress.done)/\(progress.total)"
      if isTerminal { show(line) } else if isNextTenth(progress) { say(line) }
    case .began(let start):
      let begun = start.finishedSteps > 0 ? "going on after step \(start.finishedSteps)" : "begins"
      say(
        "\(begun): \(start.steps) steps of \(start.clipsPerStep) clips, "
          + "\(start.parameterCount) parameters, \(start.trainingVideos) videos to learn from, "
          + "\(start.heldOutVideos) to measure with")
    case .progress(let progress):
      if isTerminal {
        show(TrainingText.line(progress, width: Self.columns))
      } else {
        say(TrainingText.line(progress))
      }
    case .samples(let samples): say(TrainingText.line(samples))
    case .checkpoint: break
    }
  }

  /// Says how the training ended.
  ///
  /// - Throws: ``OutputError`` if an event could not be written.
  func end(_ outcome: TrainingOutcome) throws {
    if writesEvents, let line = TrainingEventLine.text(outcome) { events.write(json: line) }
    if !isQuiet || events.hasFailed { sayEnd(outcome) }
    try events.check()
  }

  private func sayEnd(_ outcome: TrainingOutcome) {
    if outcome.isComplete {
      say("done after \(outcome.step) steps; the network is \(outcome.weights)")
    } else {
      say(
        "stopped after step \(outcome.step), which is saved; the same command with --resume goes on"
      )
    }
  }

  /// Columns of the terminal, less the one that the cursor needs.
  private static var columns: Int {
    var size = winsize()
    guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 79 }
    return Int(size.ws_col) - 1
  }

  /// Whether a stage of the preparation began, or got a tenth of the whole further.
  private func isNextTenth(_ progress: ItemProgress) -> Bool {
    let tenth = Tenth(
      stage: progress.stage, number: progress.done * 10 / max(progress.total, 1))
    return lastTenth.withLock { last in
      defer { last = tenth }
      return last != tenth
    }
  }

  /// A line that stays.
  private func say(_ line: String) {
    let clears = hasOpenLine.withLock { open in
      defer { open = false }
      return open
    }
    writeToStandardError("\(clears ? ConsoleText.emptyLine : "")\(line)\n")
  }

  /// A line that the next one takes the place of.
  private func show(_ line: String) {
    hasOpenLine.withLock { $0 = true }
    writeToStandardError("\(ConsoleText.emptyLine)\(line)")
  }
}

/// An event of a training as one line of JSON. Every line has `event`; the rest depends on it.
enum TrainingEventLine {
  static func text(_ event: TrainingEvent) -> String? {
    switch event {
    case .notes(let notes): line("notes", ["notes": .array(notes.map { .string($0) })])
    case .preparation(let progress):
      line(
        "preparation",
        [
          "stage": .string(progress.stage), "done": .integer(progress.done),
          "total": .integer(progress.total),
        ])
    case .began(let start):
      line(
        "began",
        [
          "finished_steps": .integer(start.finishedSteps), "steps": .integer(start.steps),
          "parameters": .integer(start.parameterCount),
          "training_videos": .integer(start.trainingVideos),
          "held_out_videos": .integer(start.heldOutVideos),
          "clips_per_step": .integer(start.clipsPerStep),
        ])
    case .progress(let progress):
      line(
        "progress",
        numbers(progress.losses).merging([
          "step": .integer(progress.step), "steps": .integer(progress.steps),
          "learning_rate": .number(progress.learningRate),
          "gradient_norm": .number(progress.gradientNorm),
          "seconds_per_step": .number(progress.secondsPerStep),
          "clips_per_second": .number(progress.clipsPerSecond),
          "seconds_left": .number(progress.secondsLeft),
          "resident_bytes": .integer(progress.residentBytes),
          "skipped_clips": .integer(progress.skippedClips),
        ]) { _, new in new })
    case .samples(let samples):
      line(
        "samples",
        numbers(samples.scores).merging([
          "step": .integer(samples.step), "video": .string(samples.videoPath),
        ]) { _, new in new })
    case .checkpoint(let step, let path):
      line("checkpoint", ["step": .integer(step), "path": .string(path)])
    }
  }

  static func text(_ outcome: TrainingOutcome) -> String? {
    line(
      outcome.isComplete ? "finished" : "stopped",
      [
        "step": .integer(outcome.step), "network": .string(outcome.weights),
        "checkpoint": outcome.checkpoint.map { .string($0) } ?? .null,
      ])
  }

  private static func numbers(_ numbers: [NamedNumber]) -> [String: JSONValue] {
    Dictionary(
      numbers.map { ($0.name, .number($0.value)) }, uniquingKeysWith: { first, _ in first })
  }

  private static func line(_ event: String, _ members: [String: JSONValue]) -> String? {
    try? json(
      JSONValue.object(members.merging(["event": .string(event)]) { _, new in new }),
      pretty: false)
  }
}
