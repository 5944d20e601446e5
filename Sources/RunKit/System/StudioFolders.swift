import Foundation

/// Where the studio keeps its things, by the XDG base directory specification.
public struct StudioFolders: Sendable, Hashable {
  /// Database, clips and runs: `$XDG_DATA_HOME/pvdm/studio`.
  public var data: String
  /// The user's presets and themes: `$XDG_CONFIG_HOME/pvdm`.
  public var configuration: String
  /// What can be computed again: `$XDG_CACHE_HOME/pvdm`.
  public var cache: String
  /// Weights that others trained, as they were fetched: `$XDG_DATA_HOME/pvdm/weights`.
  public var weights: String

  /// Names the folders.
  ///
  /// - Parameter cache: `nil` for a folder within `data`, as that of the weights is.
  public init(data: String, configuration: String, cache: String? = nil) {
    self.data = data
    self.configuration = configuration
    self.cache = cache ?? data + "/cache"
    weights = data + "/weights"
  }

  /// Finds the folders. As the specification says, variables that hold no absolute path are passed
  /// over.
  ///
  /// - Parameter environment: `XDG_DATA_HOME`, `XDG_CONFIG_HOME`, `XDG_CACHE_HOME` and `HOME` are
  ///   looked at.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    func folder(_ variable: String, _ usual: String) -> String {
      if let named = environment[variable], named.hasPrefix("/") { return named }
      return home + "/" + usual
    }
    let own = folder("XDG_DATA_HOME", ".local/share") + "/pvdm"
    (data, weights) = (own + "/studio", own + "/weights")
    configuration = folder("XDG_CONFIG_HOME", ".config") + "/pvdm"
    cache = folder("XDG_CACHE_HOME", ".cache") + "/pvdm"
  }

  /// The user's presets, TOML files.
  public var presets: String { configuration + "/presets" }
  /// The user's themes, TOML files.
  public var themes: String { configuration + "/themes" }
  /// The keys that the user chose for the studio.
  public var keys: String { configuration + "/keys.toml" }
  /// What the user configured beside keys, presets and themes; its table `[cluster]` is ``ClusterSettings``.
  public var settings: String { configuration + "/config.toml" }
  /// Jobs that were given to a cluster, a folder each.
  public var cluster: String { data + "/cluster" }
  /// Maps of linear previews; what is in it can be made again.
  public var previews: String { data + "/previews" }

  /// Features of clips that were looked at.
  public var features: String { cache + "/features" }

  /// Training runs, a folder each.
  public var trainings: String { data + "/training" }
  /// The folder of a training run.
  package func training(named name: String) -> String { "\(trainings)/\(name)" }

  /// The reports of evaluations, a folder each.
  package var evaluations: String { data + "/evaluations" }
  package var database: String { data + "/studio.sqlite" }
  package var clips: String { data + "/clips" }
  package var runs: String { data + "/runs" }
  package var lock: String { data + "/studio.lock" }
  /// Where a worker listens for screens.
  package var socket: String { data + "/studio.sock" }
  /// What a worker has to say that no screen shows.
  package var workerLog: String { data + "/worker.log" }

  /// Numbers of jobs that files are named by.
  package var usedJobNumbers: [Int64] {
    [runs, evaluations].flatMap { folder in
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
        Int64($0.prefix { $0.isASCII && $0.isNumber })
      }
    }
  }

  /// Whether nothing that was made is in the data folder.
  package var holdsNoWork: Bool {
    [clips, runs, trainings, evaluations].allSatisfy {
      ((try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? []).isEmpty
    }
  }

  /// The saved state of a job that has begun.
  package func savedRun(of job: JobID) -> String { "\(runs)/\(job.rawValue).safetensors" }
}
