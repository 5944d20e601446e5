import Foundation
import TestSupport
import Testing
import TrainingKit

/// Jobs on a real Slurm: what is trained there has the bits of what is trained here, whatever happens to ranks
/// and hosts meanwhile.
@Suite(
  "Jobs on a Slurm of two hosts", .serialized, .timeLimit(.minutes(30)),
  .enabled(
    if: SlurmCluster.obstacle == nil
      && FileManager.default.fileExists(atPath: "/usr/bin/mpirun.openmpi"),
    "no Slurm can be started here: it takes root, and what \"make setup-mpi\" installs"))
struct SlurmTests {
  private let cluster: SlurmCluster
  /// A folder that all hosts see.
  private let folder: String
  private let training: SmallTraining

  init() throws {
    cluster = try #require(SlurmCluster.shared, "the cluster did not start; see log/ in its folder")
    folder = "\(cluster.folder)/\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    training = SmallTraining(folder: folder, batch: 4)
    let made = try run(training.dataset)
    try #require(made.status == 0, "\(made.errors)")
  }

  private func path(_ name: String) -> String { "\(folder)/\(name)" }

  private func run(_ arguments: [String], under launcher: [String] = []) throws -> CommandRun {
    try CommandRun(
      arguments, under: launcher, home: path("home"), variables: cluster.variables)
  }

  @Test(
    "1, 2 and 4 ranks on two hosts have the bits of a reference that adds in their order, in both stages"
  )
  func ranks() async throws {
    for stage in [TrainingStage.autoencoder, .diffusion] {
      for count in [1, 2, 4] {
        // The first autoencoder is the one that the second stage builds on.
        let name = stage == .autoencoder && count == 1 ? "first" : "\(stage.rawValue)-\(count)"
        let result = try run(
          training.arguments(stage, steps: 2, to: name),
          under: [
            "/usr/bin/srun", "--mpi=pmix", "--kill-on-bad-exit=1", "--overcommit",
            "-N\(min(count, cluster.hosts))", "-n\(count)",
          ])
        try #require(result.status == 0, "\(result.errors)")
        if count > 1 { #expect(result.errors.contains("\(count) ranks train together")) }
        try await training.run(stage, steps: 2, ranks: count, to: name + "-here")
        #expect(
          try training.network(name, stage) == training.network(name + "-here", stage),
          "\(stage), \(count) ranks")
      }
    }
  }

  // MARK: Jobs that are disturbed

  private static let steps = 40

  /// Submits a training on both hosts.
  ///
  /// - Returns: The job's number.
  private func submit(to name: String) throws -> Int {
    let submitted = try run(
      training.arguments(.autoencoder, steps: Self.steps, to: name) + [
        "--set", "checkpoint_interval=1", "--set", "kept_checkpoints=2", "--submit", "--nodes",
        "\(cluster.hosts)",
      ])
    let number = try #require(submitted.errors.firstMatch(of: #/submitted job (\d+)/#)?.1)
    return try #require(Int(number))
  }

  /// The states that a job does not leave.
  private static let ends = [
    "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "BOOT_FAIL",
  ]

  /// Waits until something is so, as long as a job can still come to it.
  private func wait(for what: String, of job: Int, until isSo: () throws -> Bool) async throws {
    while try !isSo() {
      let state = cluster.state(of: job)
      if try Self.ends.contains(state) && !isSo() {
        throw Waited(text: "job \(job) is \(state), and there is no \(what)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private struct Waited: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
  }

  /// Waits until a job's run has a checkpoint after a step.
  private func awaitCheckpoint(of job: Int, _ name: String, after step: Int = 2) async throws {
    let checkpoints = path("\(name)/checkpoints")
    try await wait(for: "checkpoint after step \(step)", of: job) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
      let steps = names.compactMap { $0.firstMatch(of: #/^step-(\d+)\.safetensors/#)?.1 }
      return steps.contains { Int($0) ?? 0 > step }
    }
  }

  /// Waits until a job is over.
  private func awaitEnd(of job: Int, _ name: String) throws {
    let followed = try run(["cluster", "follow", "\(job)"])
    #expect(followed.status == 0, "\(name): \(followed.errors)")
    #expect(cluster.state(of: job) == "COMPLETED")
  }

  /// Waits until a job was queued anew.
  private func awaitRestart(of job: Int) async throws {
    try await wait(for: "restart", of: job) {
      let text = cluster.slurm("scontrol", "show", "job", "\(job)")
      return Int(text.firstMatch(of: #/Restarts=(\d+)/#)?.1 ?? "") ?? 0 > 0
    }
  }

  private func expectUndisturbed(_ name: String) async throws {
    if !FileManager.default.fileExists(atPath: path("whole")) {
      try await training.run(.autoencoder, steps: Self.steps, ranks: cluster.hosts, to: "whole")
    }
    #expect(
      try training.network(name, .autoencoder) == training.network("whole", .autoencoder), "\(name)"
    )
    let log = try String(contentsOfFile: path("\(name)/log.txt"), encoding: .utf8)
    #expect(log.contains("\(cluster.hosts) ranks train together"))
  }

  @Test(
    "a job that is told its time is over, loses a rank or a host queues anew and ends as if nothing had been"
  )
  func disturbances() async throws {
    // As Slurm does shortly before the time is over.
    let timed = try submit(to: "timed")
    try await awaitCheckpoint(of: timed, "timed")
    cluster.slurm("scancel", "--batch", "--signal=USR1", "\(timed)")
    try awaitEnd(of: timed, "timed")
    try await expectUndisturbed("timed")

    let killed = try submit(to: "killed")
    try await awaitCheckpoint(of: killed, "killed")
    let ranks = CommandRun.processes(writingTo: path("killed"))
    try #require(ranks.count == cluster.hosts, "the run is over before a rank was killed")
    kill(ranks[ranks.count - 1], SIGKILL)
    try await awaitRestart(of: killed)
    try awaitEnd(of: killed, "killed")
    try await expectUndisturbed("killed")

    guard cluster.hosts > 1 else { return }
    let lost = try submit(to: "lost")
    try await awaitCheckpoint(of: lost, "lost")
    cluster.cut(2)
    try await awaitRestart(of: lost)
    // What still computes on a machine that is only cut off has lost its lock by then, or its files.
    cluster.mend(2)
    try awaitEnd(of: lost, "lost")
    try await expectUndisturbed("lost")
  }

  @Test(
    "workers in an array do each item of a list once, and a job that is cancelled is told as such")
  func workers() async throws {
    let denoiser = CommandRun.package + "/samples/skies-64/denoiser.safetensors"
    let made = try run([
      "work", "create", path("list"), "--format", "safetensors", "--", "sample", "--denoiser",
      denoiser, "--steps", "1", "--seeds", "0-7", "--batch", "2",
    ])
    try #require(made.status == 0, "\(made.errors)")
    let done = try run([
      "work", "run", path("list"), "--submit", "--nodes", "3", "--follow",
    ])
    #expect(done.status == 0, "\(done.errors)")
    let status = try run(["work", "status", path("list"), "--json"])
    #expect(status.json["done"] as? Int == 4, "\(status.output)")
    let names = try FileManager.default.contentsOfDirectory(atPath: path("list/outputs"))
    #expect(names.sorted() == (0...7).map { "seed-\($0).safetensors" })

    let job = try submit(to: "cancelled")
    try await awaitCheckpoint(of: job, "cancelled", after: 0)
    let cancelled = try run(["cluster", "cancel", "\(job)"])
    #expect(cancelled.status == 0, "\(cancelled.errors)")
    let followed = try run(["cluster", "follow", "\(job)"])
    #expect(followed.status == 2 && followed.errors.contains("job \(job): cancelled"))
    let listed = try run(["cluster"])
    #expect(listed.output.contains("\(job)  cancelled  train autoencoder cancelled"))
  }
}
