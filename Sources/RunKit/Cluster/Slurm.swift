import CheckpointIO
import Foundation
import HandwrittenText

/// Slurm, by its own commands: `sbatch`, `squeue` and `scancel`.
///
/// Its calls wait for the scheduler's answer; call them where waiting is no harm.
public struct Slurm: Sendable, Hashable {
  /// The commands, as absolute paths.
  let submit, list, cancel: String

  /// Finds Slurm.
  ///
  /// - Parameter environment: `PATH` is looked at.
  /// - Returns: `nil` where there is none.
  public init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
    func path(_ name: String) -> String? { ToolRun.path(of: name, environment: environment) }
    guard let submit = path("sbatch"), let list = path("squeue"), let cancel = path("scancel")
    else { return nil }
    self.submit = submit
    self.list = list
    self.cancel = cancel
  }

  /// Submits a script.
  ///
  /// - Parameter arguments: Those of `sbatch`, `--parsable` among them.
  /// - Returns: The job's number, and its cluster where Slurm chose among several.
  /// - Throws: ``StudioError`` with what Slurm says.
  func submit(_ arguments: [String]) throws -> (job: Int, cluster: String?) {
    let run = try Self.run(submit, arguments)
    // NUMBER or NUMBER;CLUSTER
    let fields =
      run.output.split(separator: "\n").last?.split(separator: ";", maxSplits: 1)
      .map { PrintableText.field($0.trimming(while: \.isWhitespace)) } ?? []
    guard run.status == 0, let job = fields.first.flatMap({ Int($0) }) else {
      throw StudioError(nil, .cluster(reason: "Slurm refuses the job: \(run.complaint)"))
    }
    let cluster = fields.count > 1 && !fields[1].isEmpty ? fields[1] : nil
    return (job, cluster)
  }

  /// The words that send a question to a cluster; none for the usual one.
  private static func words(for cluster: String?) -> [String] {
    cluster.map { ["--clusters=\($0)"] } ?? []
  }

  /// Ends a job.
  ///
  /// - Parameter cluster: Where it runs; `nil` for the usual one.
  /// - Throws: ``StudioError`` with what Slurm says.
  func cancel(_ job: Int, on cluster: String?) throws {
    let run = try Self.run(cancel, Self.words(for: cluster) + ["\(job)"])
    guard run.status == 0 else {
      throw StudioError(
        nil, .cluster(reason: "job \(job) cannot be cancelled: \(run.complaint)"))
    }
  }

  /// A job, or a part of an array, as the scheduler knows it. Those that are over it knows for some minutes.
  public struct Task: Sendable, Hashable {
    /// The job's number, and its place in an array.
    public var job: Int
    public var part: Int?
    /// Slurm's word: `PENDING`, `RUNNING`, `COMPLETED`.
    public var state: String
    /// Time that it took, and that is left, in Slurm's manner.
    public var elapsed, left: String
    /// Machines, and why it waits or ended.
    public var nodes, reason: String

    /// A line of ``Slurm/format``; `nil` for one that is none.
    init?(_ line: some StringProtocol) {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false)
        .map { PrintableText.field($0.trimming(while: { $0 == " " }), limit: 200) }
      guard fields.count == 6 else { return nil }
      let number = fields[0].split(separator: "_", maxSplits: 1)
      guard let first = number.first, let job = Int(first) else { return nil }
      self.job = job
      part = number.count > 1 ? Int(number[1]) : nil
      (state, elapsed, left) = (fields[1], fields[2], fields[3])
      (nodes, reason) = (fields[4], fields[5])
    }
  }

  /// What is asked about each job.
  static let format = "%i|%T|%M|%L|%N|%r"

  /// This user's jobs on a cluster.
  ///
  /// - Parameter cluster: Its name; `nil` for the usual one.
  /// - Throws: ``StudioError`` with what Slurm says if it does not answer.
  func tasks(on cluster: String?) throws -> [Task] {
    let run = try Self.run(
      list,
      ["--noheader", "--array", "--states=all", "--user=\(geteuid())", "--format=\(Self.format)"]
        + Self.words(for: cluster))
    guard run.status == 0 else {
      throw StudioError(nil, .cluster(reason: "Slurm does not answer: \(run.complaint)"))
    }
    return run.output.split(separator: "\n").compactMap { Task($0) }
  }

  private static func run(_ path: String, _ arguments: [String]) throws -> ToolRun {
    do { return try ToolRun(path, arguments) } catch {
      throw StudioError(path, .cluster(reason: "it cannot be started (\(error.systemReason))"))
    }
  }
}

extension StringProtocol {
  /// Without what fulfils a condition at both ends.
  fileprivate func trimming(while condition: (Character) -> Bool) -> String {
    var text = drop(while: condition)
    while let last = text.last, condition(last) { text.removeLast() }
    return String(text)
  }
}
