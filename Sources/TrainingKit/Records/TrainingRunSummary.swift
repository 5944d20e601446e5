import Foundation
import HandwrittenText
import RunKit

/// What a run's folder tells of it, without touching the run: for lists and graphs.
public struct TrainingRunSummary: Sendable, Hashable {
  /// A line of `metrics.csv` or `scores.csv`.
  public struct Row: Sendable, Hashable {
    /// Steps done.
    public let step: Int
    /// The numbers that the line has, in the order of the columns.
    public let values: [NamedNumber]

    /// The number of a column; `nil` where the line has none.
    public subscript(_ name: String) -> Double? { values.first { $0.name == name }?.value }
  }

  /// The run's folder.
  public let folder: String
  /// What it began with.
  public let record: TrainingRecord
  /// Its configuration.
  public let configuration: TrainingConfiguration
  /// The step of the newest checkpoint, from which it would go on; 0 if there is none.
  public let savedStep: Int
  /// Losses, pace and memory over the steps.
  public let metrics: [Row]
  /// Scores on held-out clips over the steps.
  public let scores: [Row]
  /// The newest sample video.
  public let videoPath: String?
  /// The trained network by now, if one was written.
  public let networkPath: String?
  /// Whether a process is training it now, here or on another machine.
  public let isRunning: Bool
  /// Which one, where it is known.
  public let holder: LockHolder?

  /// Steps that the whole run has.
  public var steps: Int { configuration[record.stage].steps }
  /// Whether it is at its last step.
  public var isComplete: Bool { savedStep >= steps }

  /// Looks at a run.
  ///
  /// - Throws: ``TrainingError`` if the folder holds no run or a damaged one, and what a damaged
  ///   configuration throws.
  public init(contentsOf path: String) throws {
    let run = TrainingRunFolder(path: path)
    folder = path
    record = try run.readRecord()
    configuration = try TrainingConfiguration(ofRun: run.configuration)
    savedStep = run.checkpointSteps.last ?? 0
    metrics = Self.rows(run.metrics)
    scores = Self.rows(run.scores)
    videoPath = run.sampleSteps.last.map { run.video($0) }
    let network = run.network(record.stage)
    networkPath = FileManager.default.fileExists(atPath: network) ? network : nil
    isRunning = FolderLock.isHeld(run.lock)
    holder = isRunning ? FolderLock.holder(run.lock) : nil
  }

  /// A table's lines. One that is being written may be cut short, and is left out.
  private static func rows(_ path: String) -> [Row] {
    guard let text = try? SmallFile.text(of: path, limit: TrainingLog.tableLimit) else { return [] }
    let lines = text.split(separator: "\n")
    guard let header = lines.first, text.contains("\n") else { return [] }
    let names = header.split(separator: ",").dropFirst().map(String.init)
    return lines.dropFirst().compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == names.count + 1, let step = Int(fields[0]) else { return nil }
      return Row(
        step: step,
        values: zip(names, fields.dropFirst()).compactMap { name, field in
          Double(field).map { NamedNumber(name, $0) }
        })
    }
  }
}
