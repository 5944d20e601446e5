import Foundation
import TestSupport
import Testing
import TrainingKit

/// What starts processes that MPI brings together, as far as it is installed.
struct MPILauncher: Sendable, CustomTestStringConvertible {
  let name: String
  let arguments: [String]
  var testDescription: String { name }

  /// - Parameter count: Processes to start.
  func starting(_ count: Int) -> [String] { arguments + ["-n", "\(count)"] }

  static let skipReason: Comment =
    "neither Open MPI nor MPICH is installed with what starts its processes"

  /// Those that are there. Where both are, Debian gives each a name of its own.
  static let all: [MPILauncher] = {
    let openMPI = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
    return [
      ("Open MPI", "mpirun.openmpi", openMPI), ("MPICH", "mpiexec.hydra", []),
    ].compactMap { name, program, options in
      let path = "/usr/bin/\(program)"
      guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
      return MPILauncher(name: name, arguments: [path] + options)
    }
  }()
}

/// `pvdm train` as several processes.
@Suite("Training by several processes", .timeLimit(.minutes(20)))
struct RankedCommandTests {
  private let folder: TemporaryFolder
  private let training: SmallTraining

  init() throws {
    folder = try TemporaryFolder()
    training = SmallTraining(folder: folder.url.path, batch: 2)
    let made = try CommandRun(training.dataset)
    try #require(made.status == 0, "\(made.errors)")
  }

  @Test(
    "two processes have the bits of two ranks of one process, in both stages",
    .enabled(if: !MPILauncher.all.isEmpty, MPILauncher.skipReason), arguments: MPILauncher.all)
  func equalsLocalRanks(launcher: MPILauncher) async throws {
    let first = try CommandRun(
      training.arguments(.autoencoder, steps: 2, to: "first"), under: launcher.starting(2))
    try #require(first.status == 0, "\(first.errors)")
    #expect(first.errors.contains("2 ranks train together, by \(launcher.name)"), "\(first.errors)")
    #expect(first.errors.components(separatedBy: "done after 2 steps").count == 2, "one speaks")
    try await training.run(.autoencoder, steps: 2, ranks: 2, to: "first-here")
    #expect(
      try training.network("first", .autoencoder)
        == training.network("first-here", .autoencoder))

    let second = try CommandRun(
      training.arguments(.diffusion, steps: 2, to: "second"), under: launcher.starting(2))
    try #require(second.status == 0, "\(second.errors)")
    try await training.run(.diffusion, steps: 2, ranks: 2, to: "second-here")
    #expect(
      try training.network("second", .diffusion)
        == training.network("second-here", .diffusion))
  }

  @Test(
    "a process that is killed ends the others, and one line begins the run and goes on with it",
    .enabled(if: !MPILauncher.all.isEmpty, MPILauncher.skipReason), arguments: MPILauncher.all)
  func survivesKill(launcher: MPILauncher) throws {
    func line(_ run: String) -> [String] {
      // Long enough to be killed in the middle: a checkpoint after every step.
      training.arguments(.autoencoder, steps: 100, to: run) + [
        "--set", "checkpoint_interval=1", "--set", "kept_checkpoints=2", "--resume",
      ]
    }
    let errors = folder.path("errors")
    let killed = try signal(SIGKILL, to: line("parts"), in: "parts", launcher, writing: errors)
    #expect(killed.terminationStatus != 0)
    let said = try String(contentsOfFile: errors, encoding: .utf8)
    #expect(said.localizedCaseInsensitiveContains("killed"), "\(said)")
    #expect(CommandRun.processes(writingTo: folder.path("parts")).isEmpty)

    let rest = try CommandRun(line("parts"), under: launcher.starting(2))
    #expect(rest.status == 0 && rest.errors.contains("going on after step"), "\(rest.errors)")
    let whole = try CommandRun(line("whole"), under: launcher.starting(2))
    #expect(whole.status == 0 && whole.errors.contains("begins"), "\(whole.errors)")
    #expect(
      try training.network("parts", .autoencoder)
        == training.network("whole", .autoencoder))
  }

  /// Starts two processes, and sends one of them a signal once there is a checkpoint or two.
  ///
  /// - Returns: What started them, after its end.
  private func signal(
    _ number: Int32, to line: [String], in run: String, _ launcher: MPILauncher,
    writing errors: String
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: launcher.arguments[0])
    process.arguments = launcher.starting(2).dropFirst() + [CommandRun.program.path] + line
    process.environment = CommandRun.environment(home: folder.path("home"))
    try Data().write(to: URL(filePath: errors))
    // MPICH tells of faults on standard output.
    let told = FileHandle(forWritingAtPath: errors)
    (process.standardOutput, process.standardError) = (told, told)
    try process.run()
    let checkpoints = folder.path("\(run)/checkpoints")
    while process.isRunning, Self.names(in: checkpoints).count < 2 { usleep(1000) }
    let ranks = CommandRun.processes(writingTo: folder.path(run))
    try #require(!ranks.isEmpty, "the run is over before it had a signal")
    kill(ranks[ranks.count - 1], number)
    process.waitUntilExit()
    return process
  }

  @Test(
    "one process that is asked to stop lets all stop after the same step, which is saved",
    .enabled(if: !MPILauncher.all.isEmpty, MPILauncher.skipReason), arguments: MPILauncher.all)
  func stopsTogether(launcher: MPILauncher) throws {
    let line =
      training.arguments(.autoencoder, steps: 100_000, to: "run") + [
        "--set", "checkpoint_interval=1",
      ]
    let errors = folder.path("errors")
    let stopped = try signal(SIGTERM, to: line, in: "run", launcher, writing: errors)
    #expect(stopped.terminationStatus != 0)
    let said = try String(contentsOfFile: errors, encoding: .utf8)
    let step = try #require(said.firstMatch(of: #/stopped after step (\d+), which is saved/#))
    let saved = Self.names(in: folder.path("run/checkpoints")).max() ?? ""
    #expect(saved.hasSuffix("\(step.1).safetensors"), "\(saved), \(step.1)")
  }

  @Test(
    "a fault of one process ends all, with its words",
    .enabled(if: !MPILauncher.all.isEmpty, MPILauncher.skipReason), arguments: MPILauncher.all)
  func oneFault(launcher: MPILauncher) throws {
    // The second process is started with other options.
    let other = training.arguments(.autoencoder, steps: 1000, to: "run").map {
      $0 == folder.path("skies") ? folder.path("nowhere") : $0
    }
    let result = try CommandRun(
      training.arguments(.autoencoder, steps: 1000, to: "run")
        + [":", "-n", "1", CommandRun.program.path] + other, under: launcher.starting(1))
    #expect(result.status != 0)
    #expect(result.errors.contains("rank 1 on "), "\(result.errors)")
    #expect(result.errors.contains("nowhere"), "\(result.errors)")
  }

  @Test(
    "a library that does not belong to what started the processes is refused",
    .enabled(
      if: MPILauncher.all.count == 2, "only where both Open MPI and MPICH are installed"))
  func otherLibrary() throws {
    for (launcher, library) in zip(MPILauncher.all, ["libmpich.so.12", "libmpi.so.40"]) {
      let result = try CommandRun(
        training.arguments(.autoencoder, steps: 1, to: "run"), under: launcher.starting(2),
        variables: ["PVDM_MPI": library])
      #expect(result.status != 0)
      #expect(result.errors.contains("2 processes"), "\(result.errors)")
      #expect(result.errors.contains("PVDM_MPI"), "\(result.errors)")
    }
  }

  @Test(
    "processes that cannot find each other are refused, with what to do",
    arguments: [
      (["SLURM_NTASKS": "4"], "--mpi=pmix"),
      (["OMPI_COMM_WORLD_SIZE": "2", "PVDM_MPI": "/nowhere/libmpi.so"], "/nowhere/libmpi.so"),
    ])
  func refusals(variables: [String: String], words: String) throws {
    let result = try CommandRun(
      training.arguments(.autoencoder, steps: 1, to: "run"), variables: variables)
    #expect(result.status == 2, "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  @Test("a folder without a run is begun by --resume, and one with other settings refused")
  func resumesOrBegins() throws {
    let line = training.arguments(.autoencoder, steps: 1, to: "run") + ["--resume"]
    let begun = try CommandRun(line)
    #expect(begun.status == 0 && begun.errors.contains("begins"), "\(begun.errors)")
    let complete = try CommandRun(line)
    #expect(complete.status == 0 && complete.errors.contains("is complete"), "\(complete.errors)")
    let other = try CommandRun(line.map { $0 == "tiny" ? "skies-64" : $0 })
    #expect(other.status == 2 && other.errors.contains("another autoencoder."), "\(other.errors)")
  }

  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
  }
}
