import Foundation
import KitTestSupport
import RunKit
import StudioKit
import TestSupport
import Testing
import TrainingKit

/// Jobs that were given to a cluster, and runs that others train.
@Suite struct WorkspaceClusterTests {
  private let fixture: WorkspaceFixture
  private let slurm: FakeSlurm

  init() throws {
    fixture = try WorkspaceFixture()
    slurm = try FakeSlurm(in: fixture.folder.path("slurm"))
  }

  private func submit(run: String) throws -> Submission {
    try Submission(
      SubmittedCommand(
        .training, program: "/opt/pvdm", arguments: ["train", "autoencoder"],
        directory: fixture.folder.url.path, runFolder: run),
      to: #require(slurm.slurm), ClusterSettings(), in: fixture.folders.cluster)
  }

  private func jobs(of workspace: Workspace) async -> [ClusterJob] {
    await workspace.first { event in
      if case .clusterJobs(let jobs) = event { jobs } else { nil }
    } ?? []
  }

  @Test("jobs are told of with their state, are cancelled, and are forgotten once they are over")
  func jobsOfUser() async throws {
    _ = try submit(run: "/runs/second")
    try slurm.answer("squeue", "4711|RUNNING|0:42|1:00|n1|None\n")
    let workspace = try await WorkspaceFixture.open(fixture.folders, slurm: slurm.slurm)
    await workspace.lookAtOthers()
    let job = try #require(await jobs(of: workspace).first)
    #expect(job.state == .running && job.number == 4711)
    // What is not over stays.
    try await workspace.clearFinishedJobs()
    #expect(await jobs(of: workspace).count == 1)

    try slurm.answer("squeue", "4711|CANCELLED|0:42|0:00|n1|None\n")
    let events = workspace.events()
    try await workspace.cancelOnCluster(job.id)
    #expect(try slurm.calls("scancel") == [["4711"]])
    for await event in events {
      guard case .notice(let notice) = event else { continue }
      #expect(notice.sentence == "Slurm job 4711 (train autoencoder second) was cancelled")
      break
    }
    try await workspace.clearFinishedJobs()
    #expect(Submission.all(in: fixture.folders.cluster).isEmpty)
    await workspace.close()
  }

  @Test("a run that another machine trains is among the runs, wherever it lies, and is followed")
  func followedRun() async throws {
    let run = fixture.folder.path("elsewhere/second")
    let job = TrainingJob(
      stage: .autoencoder, configuration: TrainingPreset.tiny.configuration, dataPath: "/videos",
      runFolder: run)
    try Self.write(job)
    _ = try submit(run: run)
    try slurm.answer("squeue", "4711|RUNNING|0:42|1:00|n1|None\n")
    let workspace = try await WorkspaceFixture.open(fixture.folders, slurm: slurm.slurm)
    await workspace.lookAtOthers()
    func runs() async -> [TrainingRunEntry] {
      await workspace.first { event in
        if case .trainingRuns(let runs) = event { runs } else { nil }
      } ?? []
    }
    let first = try #require(await runs().first)
    #expect(first.path == run && first.isElsewhere && first.history.names.isEmpty)

    // The other machine logs on.
    try Data("step,loss\n10,0.5\n20,0.25\n".utf8).write(
      to: URL(filePath: run + "/metrics.csv"))
    await workspace.lookAtOthers(asksCluster: false)
    let second = try #require(await runs().first)
    #expect(second.isElsewhere && second.history.last("loss") == 0.25)
    await workspace.close()
  }

  /// A run's folder as it is before its first step.
  private static func write(_ job: TrainingJob) throws {
    try FileManager.default.createDirectory(
      atPath: job.runFolder, withIntermediateDirectories: true)
    let record =
      #"{"stage":"autoencoder","data":"/videos","threads":1,"version":"1","created":"2026-01-01T00:00:00Z"}"#
    for (name, text) in [("config.toml", job.configuration.fileText), ("run.json", record)] {
      try Data(text.utf8).write(to: URL(filePath: "\(job.runFolder)/\(name)"))
    }
  }

  @Test("a training that is set up becomes a job that begins or goes on with its run")
  func submitting() async throws {
    var request = TrainingRequest(stage: .diffusion, name: "it's", configuration: "tiny")
    request.dataPath = fixture.folder.url.path
    request.autoencoderPath = try #require(fixture.model.autoencoder)
    request.overrides = ["steps=20"]
    let workspace = try await WorkspaceFixture.open(fixture.folders, slurm: slurm.slurm)
    await #expect(throws: StudioError.self) { try await workspace.submit(request) }
    request.name = "second"
    try slurm.answer("squeue", "4711|PENDING|0:00|1:00||Priority\n")
    try await workspace.submit(request)
    let job = try #require(await jobs(of: workspace).first)
    let folder = fixture.folders.training(named: "second")
    #expect(job.state == .waiting("Priority") && job.submission.command.runFolder == folder)
    #expect(
      job.submission.command.arguments == [
        "train", "diffusion", "--resume", "--config", "tiny", "--data", request.dataPath,
        "--output", folder, "--cache", fixture.folders.cache, "--autoencoder",
        request.autoencoderPath, "--set", "steps=20",
      ])
    // Its name is taken from then on.
    await #expect(throws: StudioError.self) { try await workspace.submit(request) }
    await workspace.close()
  }

  @Test("without Slurm nothing is told of, whatever was submitted elsewhere")
  func noSlurm() async throws {
    _ = try submit(run: "/runs/second")
    let workspace = try await WorkspaceFixture.open(fixture.folders, slurm: nil)
    await workspace.lookAtOthers()
    let events = workspace.events()
    await workspace.close()
    for await event in events {
      if case .clusterJobs = event { Issue.record("jobs of a cluster that is not there") }
    }
    #expect(try slurm.calls("squeue").isEmpty)
  }
}
