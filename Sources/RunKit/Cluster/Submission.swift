import CheckpointIO
import Foundation

/// A command that was given to Slurm, as its folder tells it: `submission.json`, the script `job.sh`, the log,
/// and the exit status once it is over.
public struct Submission: Sendable, Hashable, Codable, Identifiable {
  /// The folder's name.
  public let id: String
  /// The job's number.
  public let job: Int
  /// The cluster that has it, where Slurm chose among several; `nil` for the usual one.
  public let cluster: String?
  /// How many jobs it is, in an array of that number; 1 for a job alone.
  public let parts: Int
  /// Machines that it was given.
  public let nodes: Int
  /// What is run.
  public let command: SubmittedCommand
  /// When it was submitted.
  public let submitted: Date

  /// The job as a person tells it apart: `4711`, or `4711@north` of a cluster that Slurm chose, since each
  /// cluster counts its own.
  public var name: String { "\(job)" + (cluster.map { "@\($0)" } ?? "") }

  /// Describes what was submitted.
  public init(
    id: String, job: Int, cluster: String? = nil, parts: Int = 1, nodes: Int = 1,
    command: SubmittedCommand, submitted: Date
  ) {
    self.id = id
    self.job = job
    self.cluster = cluster
    self.parts = parts
    self.nodes = nodes
    self.command = command
    self.submitted = submitted
  }

  /// Submits a command.
  ///
  /// - Parameters:
  ///   - folder: Where a folder is made for it, private to its owner. The cluster's machines must see it.
  ///   - settings: Machines, time and the like.
  ///   - now: The time.
  /// - Throws: ``StudioError`` for settings that cannot be used, a folder that cannot be written, or with what
  ///   Slurm says; nothing of it is left then.
  public init(
    _ command: SubmittedCommand, to slurm: Slurm, _ settings: ClusterSettings, in folder: String,
    now: Date = Date()
  ) throws {
    try settings.check()
    let stamp = now.formatted(.iso8601).filter(\.isNumber)
    let suffix = String(UInt32.random(in: 0 ... .max), radix: 36)
    let id = "\(stamp.prefix(8))-\(stamp.dropFirst(8))-\(command.name)-\(suffix)"
    let path = "\(folder)/\(id)"
    let script = BatchScript(command: command, settings: settings, folder: path)
    do {
      try PrivateFolder.make(path)
      try AtomicFile.write(to: BatchScript.script(in: path)) {
        try $0.write(Array(script.text.utf8))
      }
    } catch {
      throw StudioError(
        path, .notWritable(reason: "a job's script cannot be written there: \(error.systemReason)"))
    }
    do {
      (job, cluster) = try slurm.submit(script.arguments)
    } catch {
      try? FileManager.default.removeItem(atPath: path)
      throw error
    }
    self.id = id
    parts = command.kind == .worker ? settings.nodes : 1
    nodes = settings.nodes
    self.command = command
    submitted = now
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    do {
      let text = try encoder.encode(self)
      try AtomicFile.write(to: Self.record(in: path)) { try $0.write(Array(text)) }
    } catch {
      throw StudioError(
        path,
        .notWritable(
          reason: "job \(name) was submitted, and cannot be noted there: \(error.systemReason)"))
    }
  }

  private static func record(in folder: String) -> String { folder + "/submission.json" }
  private static let largestRecord = 1 << 20

  /// The submissions in a folder, the latest first. What cannot be read is passed over.
  public static func all(in folder: String) -> [Submission] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted(by: >).compactMap { name in
      let path = record(in: "\(folder)/\(name)")
      guard let data = FileManager.default.contents(atPath: path), data.count <= largestRecord,
        let submission = try? JSONDecoder().decode(Submission.self, from: data),
        submission.id == name, submission.job > 0,
        (1...ClusterSettings.mostNodes).contains(submission.parts)
      else { return nil }
      return submission
    }
  }

  /// The numbers of its parts; one that is `nil` for a job alone.
  var partNumbers: [Int?] { parts > 1 ? (0..<parts).map { $0 } : [nil] }

  /// Where its output goes, that of its first part for an array.
  public func log(in folder: String) -> String {
    BatchScript.log(in: "\(folder)/\(id)", part: parts > 1 ? 0 : nil)
  }
}
