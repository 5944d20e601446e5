import Foundation
import MessagePassing

/// How jobs are given to a cluster: the table `[cluster]` of the user's `config.toml`, and what a command line
/// says in its place.
public struct ClusterSettings: Sendable, Hashable {
  /// Machines that a job takes.
  public var nodes = 1
  /// The time after which Slurm ends a job, in its words: `90`, `24:00:00` or `2-12:00:00`; `nil` for the
  /// partition's.
  public var time: String?
  /// The partition; `nil` for the cluster's default.
  public var partition: String?
  /// Further options of `sbatch`, each one word: `--account=video`.
  public var arguments: [String] = []
  /// Seconds before the end of its time at which a job is asked to save and stop; it then queues anew.
  public var grace = 120
  /// How Slurm brings ranks together, its `--mpi`; `nil` for what belongs to the library of MPI that is found.
  public var mpi: String?
  /// Where scripts and logs are kept, which the cluster's machines must see; `nil` for the studio's data
  /// folder.
  public var folder: String?

  /// One machine, and the cluster's own defaults.
  public init() {}

  /// The most machines that can be asked for.
  static let mostNodes = 10_000
  /// What `--signal` of sbatch takes.
  static let graceRange = 1...65_535

  /// Whether the further options say how many processors a job takes; else it has its machines for itself.
  var choosesProcessors: Bool {
    arguments.contains { argument in
      ["--cpus-per-task", "--exclusive", "-c", "--cores-per-socket", "--oversubscribe", "-s"]
        .contains { argument == $0 || argument.hasPrefix($0 + "=") }
        || argument.wholeMatch(of: #/-c\d+/#) != nil
    }
  }

  /// Checks what was given on a command line.
  ///
  /// - Throws: ``StudioError`` for a value that Slurm would misunderstand.
  public func check() throws {
    func refuse(_ name: String, _ found: String, _ expected: String) -> StudioError {
      StudioError(nil, .option(name: name, found: found, expected: expected))
    }
    guard (1...Self.mostNodes).contains(nodes) else {
      throw refuse("the number of nodes", "\(nodes)", "1 to \(Self.mostNodes)")
    }
    if let time, !Self.isTime(time) {
      throw refuse("the time", time, "minutes, HOURS:MINUTES:SECONDS or DAYS-HOURS:MINUTES:SECONDS")
    }
    if let partition, !Self.isName(partition) {
      throw refuse("the partition", partition, "names of letters, digits, and - _ . , between them")
    }
    if let mpi, !Self.isName(mpi) {
      throw refuse("mpi", mpi, "a word that srun --mpi takes, such as pmix or pmi2")
    }
    if let word = arguments.first(where: { !$0.hasPrefix("-") || $0.contains("\n") || $0 == "--" })
    {
      throw refuse(
        "an argument of sbatch", word, "an option with its value in one word, as --account=me")
    }
    guard Self.graceRange.contains(grace) else {
      throw refuse("the grace", "\(grace)", "1 to 65535 seconds")
    }
  }

  /// Slurm's times: `MINUTES`, `MINUTES:SECONDS`, `HOURS:MINUTES:SECONDS`, each also after `DAYS-`.
  static func isTime(_ text: String) -> Bool {
    text.wholeMatch(of: #/(\d{1,5}-)?\d{1,7}(:\d{1,2}){0,2}/#) != nil
  }

  private static func isName(_ text: String) -> Bool {
    text.wholeMatch(of: #/[A-Za-z0-9][A-Za-z0-9_.,+-]*/#) != nil
  }
}

extension ClusterSettings {
  /// What `srun --mpi` takes for the library of MPI that is found; `nil` where there is none.
  public static var mpiOfLibrary: String? {
    MPILibrary.installed().map { $0.hasPrefix("MPICH") ? "pmi2" : "pmix" }
  }
}
