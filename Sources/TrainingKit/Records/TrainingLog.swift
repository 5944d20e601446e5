import CheckpointIO
import Foundation
import HandwrittenText
import OutputFiles
import RunKit

/// The files that a run writes its story to: tables for plotting (`metrics.csv`, `scores.csv`), a log
/// for people (`log.txt`) and one for programs (`log.jsonl`, one JSON object a line).
///
/// A table has one line for each step that is logged. A run that goes on from an older step first takes
/// away the lines after it, and one that goes on with other losses gives the older lines their columns.
struct TrainingLog: Sendable {
  private let folder: TrainingRunFolder
  private let losses: [String]
  private let scores: [String]
  private let now: @Sendable () -> Date

  /// Opens the log of a run at a step.
  ///
  /// - Parameters:
  ///   - losses: Names of the losses that there may be, in the order of their columns.
  ///   - scores: The same for scores.
  /// - Throws: ``StudioError`` or `CheckpointError` if a file cannot be written.
  init(
    _ folder: TrainingRunFolder, at step: Int, losses: [String], scores: [String],
    now: @escaping @Sendable () -> Date
  ) throws {
    self.folder = folder
    self.losses = losses
    self.scores = scores
    self.now = now
    try Self.begin(folder.metrics, columns: losses + Self.figures, at: step)
    try Self.begin(folder.scores, columns: scores, at: step)
  }

  /// Leaves a table's lines up to a step, or begins it.
  private static func begin(_ path: String, columns: [String], at step: Int) throws {
    guard let text = try? SmallFile.text(of: path, limit: tableLimit) else {
      return try append((["step"] + columns).joined(separator: ",") + "\n", to: path)
    }
    let lines = text.split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let (known, wanted) = (lines.first ?? [], ["step"] + columns)
    let kept = lines.dropFirst().filter { fields in
      fields.count == known.count && Int(fields[0]).map { $0 <= step } ?? false
    }
    guard known != wanted || kept.count < lines.count - 1 || !text.hasSuffix("\n") else { return }
    // Columns that are no more stay at the end: what was logged is not lost.
    let all = wanted + known.filter { !wanted.contains($0) }
    let rows = kept.map { fields in
      all.map { name in known.firstIndex(of: name).map { fields[$0] } ?? "" }
    }
    try replace(
      path, with: ([all] + rows).map { $0.joined(separator: ",") + "\n" }.joined())
  }

  /// Notes a sentence.
  func note(_ sentence: String) throws {
    try say(sentence)
    try event("note", [("text", .string(sentence))])
  }

  /// More bytes than the table of any training: a million lines.
  static let tableLimit = 256 << 20
  /// Columns of `metrics.csv` after the losses.
  private static let figures = [
    "learning_rate", "gradient_norm", "seconds_per_step", "clips_per_second", "resident_bytes",
  ]

  /// Notes how far the run is.
  func progress(_ progress: TrainingProgress) throws {
    let figures = [
      progress.learningRate, progress.gradientNorm, progress.secondsPerStep,
      progress.clipsPerSecond, Double(progress.residentBytes),
    ]
    let fields = progress.losses + zip(Self.figures, figures).map { NamedNumber($0, $1) }
    try row(folder.metrics, progress.step, losses + Self.figures, fields)
    try event("progress", [("step", .integer(progress.step))] + Self.members(fields))
    try say(TrainingText.line(progress))
  }

  /// Notes scores on held-out clips.
  func samples(_ samples: TrainingSamples) throws {
    try row(folder.scores, samples.step, scores, samples.scores)
    try event(
      "samples",
      [("step", .integer(samples.step)), ("video", .string(samples.videoPath))]
        + Self.members(samples.scores))
    try say(TrainingText.line(samples))
  }

  /// Waits until the tables are on the disk: a run that goes on from a state has the lines before it.
  func sync() throws {
    for path in [folder.metrics, folder.scores] {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Self.failure(path) }
      defer { close(descriptor) }
      guard fsync(descriptor) == 0 else { throw Self.failure(path) }
    }
    do {
      try DurableFolder.sync(folder.path)
    } catch {
      throw StudioError(
        folder.path,
        .output(reason: "cannot be written (\(error.systemReason))"))
    }
  }

  /// Notes a checkpoint.
  func checkpoint(_ step: Int, _ path: String) throws {
    try event("checkpoint", [("step", .integer(step)), ("path", .string(path))])
  }

  private static func members(_ numbers: [NamedNumber]) -> [(String, JSONValue)] {
    numbers.map { ($0.name, $0.value.isFinite ? .number($0.value) : .null) }
  }

  private func say(_ line: String) throws {
    let time = now().formatted(.iso8601)
    try Self.append("\(time)  \(line)\n", to: folder.textLog)
  }

  private func event(_ name: String, _ members: [(String, JSONValue)]) throws {
    let all = [("event", .string(name)), ("time", .string(now().formatted(.iso8601)))] + members
    let object = JSONValue.object(
      Dictionary(all, uniquingKeysWith: { first, _ in first }))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(object), as: UTF8.self)
    try Self.append(text + "\n", to: folder.eventLog)
  }

  /// Adds a line to a table. What a step has not stays empty: the losses of the second phase alternate.
  private func row(
    _ path: String, _ step: Int, _ columns: [String], _ numbers: [NamedNumber]
  ) throws {
    let values = columns.map { name in
      numbers.first { $0.name == name }.map { "\(Float($0.value))" } ?? ""
    }
    try Self.append(([String(step)] + values).joined(separator: ",") + "\n", to: path)
  }

  /// One write at the file's end, so that lines are whole even if the process is killed.
  private static func append(_ text: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else { throw failure(path) }
  }

  private static func replace(_ path: String, with text: String) throws {
    try AtomicFile.write(to: path) { try $0.write(Array(text.utf8)) }
  }

  private static func failure(_ path: String) -> StudioError {
    StudioError(path, .output(reason: "cannot be written (\(String(cString: strerror(errno))))"))
  }
}
