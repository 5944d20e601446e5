import Foundation

/// Where the studio keeps its things, by the XDG base directory specification.
public struct StudioFolders: Sendable, Hashable {
  /// Database, clips and runs: `$XDG_DATA_HOME/pvdm/studio`.
  public var data: String
  /// The user's presets and themes: `$XDG_CONFIG_HOME/pvdm`.
  public var configuration: String

  /// Names both folders.
  public init(data: String, configuration: String) {
    self.data = data
    self.configuration = configuration
  }

  /// Finds both folders. As the specification says, variables that hold no absolute path are passed
  /// over.
  ///
  /// - Parameter environment: `XDG_DATA_HOME`, `XDG_CONFIG_HOME` and `HOME` are looked at.
  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    func folder(_ variable: String, _ usual: String) -> String {
      if let named = environment[variable], named.hasPrefix("/") { return named }
      return home + "/" + usual
    }
    data = folder("XDG_DATA_HOME", ".local/share") + "/pvdm/studio"
    configuration = folder("XDG_CONFIG_HOME", ".config") + "/pvdm"
  }

  /// The user's presets, TOML files.
  public var presets: String { configuration + "/presets" }
  /// The user's themes, TOML files.
  public var themes: String { configuration + "/themes" }
  /// Maps of linear previews; what is in it can be made again.
  public var previews: String { data + "/previews" }

  var database: String { data + "/studio.sqlite" }
  var clips: String { data + "/clips" }
  var runs: String { data + "/runs" }
  var lock: String { data + "/studio.lock" }

  /// The saved state of a job that has begun.
  func savedRun(of job: JobID) -> String { "\(runs)/\(job.rawValue).safetensors" }
}
