import Foundation

/// A real Slurm of two hosts on this machine, for the tests of this process (`.ci/slurm`).
struct SlurmCluster {
  /// What all hosts see.
  let folder: String
  /// How many there are: two, or this machine alone where it may not make namespaces.
  let hosts: Int

  /// Why there can be none; `nil` if there can.
  static let obstacle: String? = {
    let said = tool(["check"])?.trimmingCharacters(in: .whitespacesAndNewlines)
    return said.map { $0.isEmpty ? nil : $0 } ?? "the helper cannot be started"
  }()

  /// The cluster, started by the first who asks; it ends with this process.
  static let shared: SlurmCluster? = {
    guard obstacle == nil else { return nil }
    // Neither in /tmp, of which each host has its own, nor where the user munge may not go.
    let folder = "/var/tmp/pvdm-slurm-\(getpid())"
    guard let hosts = tool(["up", folder, "2", "\(getpid())"]).flatMap({ Int($0.dropLast()) })
    else { return nil }
    return SlurmCluster(folder: folder, hosts: hosts)
  }()

  /// What a command needs to find the cluster.
  var variables: [String: String] { ["SLURM_CONF": folder + "/slurm.conf"] }

  /// Takes a host off the network, or brings it back.
  func cut(_ host: Int) { _ = Self.tool(["cut", folder, "\(host)"]) }
  func mend(_ host: Int) { _ = Self.tool(["mend", folder, "\(host)"]) }

  /// Runs a command of Slurm.
  ///
  /// - Returns: What it wrote.
  @discardableResult
  func slurm(_ command: String, _ arguments: String...) -> String {
    Self.output(of: "/usr/bin/\(command)", arguments, variables) ?? ""
  }

  /// The state of a job, in Slurm's word.
  func state(of job: Int) -> String {
    slurm("squeue", "--noheader", "--states=all", "--jobs=\(job)", "--format=%T")
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func tool(_ arguments: [String]) -> String? {
    output(of: CommandRun.package + "/.ci/slurm", arguments, [:])
  }

  private static func output(
    of path: String, _ arguments: [String], _ variables: [String: String]
  ) -> String? {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(variables) { $1 }
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
