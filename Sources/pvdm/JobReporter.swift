import ArgumentParser
import Foundation
import HandwrittenText
import RunKit
import Synchronization
import TerminalUI
import VideoDiffusion

/// Shows a job's events: as a line of progress, as moving pictures, or as lines of JSON.
///
/// Events arrive on the job's task and are only noted there; a task of the reporter's own writes, so
/// that a slow terminal never holds up the work.
final class JobReporter: Sendable {
  private let continuation: AsyncStream<JobEvent>.Continuation
  private let writer: Task<Void, Never>
  private let show: ShowOptions
  private let events: EventOutput

  /// - Parameter stop: What ends the job when nobody reads its events any more.
  init(_ job: GenerationJob, _ show: ShowOptions, stop: StopSignal) throws {
    self.show = show
    let events = EventOutput(stop: stop)
    self.events = events
    let (stream, continuation) = AsyncStream<JobEvent>.makeStream()
    self.continuation = continuation
    let environment = ProcessInfo.processInfo.environment
    let capabilities = try TerminalCapabilities.detect(
      colorOption: show.color == "auto" ? nil : show.color, environment: environment,
      probe: .live(fileDescriptor: 2, environment: environment))
    var progress = ProgressText(job.request)
    var screen =
      show.preview && !show.json ? PreviewScreen(capabilities, rate: job.playbackRate) : nil
    let showsLine = !show.quiet && capabilities.isTerminal
    let writesJSON = show.json
    writer = Task {
      for await event in stream {
        progress.note(event)
        if writesJSON, let line = EventLine(event) { events.write(json: line.text) }
        if case .notes(let notes) = event, !show.quiet {
          for note in notes { writeToStandardError("note: \(note)\n") }
        }
        if screen != nil {
          await screen?.show(event, caption: progress.line)
        } else if showsLine {
          writeToStandardError("\(ConsoleText.emptyLine)\(progress.line)")
        }
      }
      if screen != nil {
        screen?.end()
      } else if showsLine {
        writeToStandardError(.emptyLine)
      }
    }
  }

  /// Notes an event; returns at once.
  func report(_ event: JobEvent) { continuation.yield(event) }

  /// Writes what is still waiting.
  func finish() async {
    continuation.finish()
    await writer.value
  }

  /// Says what a job left.
  ///
  /// - Throws: ``OutputError`` if an event could not be written, ``ExitCode`` if the job was stopped.
  func conclude(_ result: GenerationJob.Result) throws {
    if show.json { events.write(json: try pvdmEventLine(result)) }
    if !show.json && !show.quiet || !show.json && result.isInterrupted || events.hasFailed {
      writeToStandardError(Self.text(result))
    }
    try events.check()
    if result.isInterrupted { throw ExitCode(Explanation.Category.interrupted.rawValue) }
  }

  private static func text(_ result: GenerationJob.Result) -> ConsoleText {
    var text: ConsoleText = ""
    if result.isInterrupted {
      text +=
        result.written.isEmpty
        ? "stopped before a clip was complete\n"
        : "stopped; kept \(counted(result.clips, "complete clip"))\n"
    }
    for path in result.written { text += "wrote \(path) (\(result.frames(of: path)))\n" }
    if let saved = result.savedRun {
      text += "the run is kept in \(saved); the same command with --resume goes on\n"
    }
    return text
  }
}

extension GenerationJob.Result {
  fileprivate func frames(of path: String) -> String {
    OutputSet.isLatents(path) ? "latents" : "\(frames) frames"
  }
}

extension GenerationJob {
  /// Frames a second at which previews play.
  fileprivate var playbackRate: Double { framesPerSecond ?? model.framesPerSecond ?? 16 }
}
