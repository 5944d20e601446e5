import Foundation
import KitTestSupport
import TestSupport
import Testing
import VideoDiffusion

/// Many outputs by several processes, of which some are killed.
@Suite struct KilledWorkerTests {
  @Test(
    "4 workers, two of them killed, leave each of 200 outputs once, with the bits of one process")
  func many() throws {
    let folder = try TemporaryFolder()
    let denoiser = folder.path("denoiser.pth")
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser, seed: 2), prefix: "diffusion_model.", to: denoiser)
    try Data(#"{"model_channels": 32, "num_heads": 4}"#.utf8)
      .write(to: URL(filePath: folder.path("config.json")))
    let settings = ["sample", "--denoiser", denoiser, "--steps", "1", "--threads", "1"]
    let list = folder.path("list")
    let made = try CommandRun(
      ["work", "create", list, "--format", "safetensors", "--"] + settings
        + ["--seeds", "0-199", "--batch", "5"])
    try #require(made.status == 0 && made.errors.hasPrefix("40 items"), "\(made.errors)")
    let workers = try (0..<4).map { _ in
      let worker = Process()
      worker.executableURL = CommandRun.program
      worker.arguments = ["work", "run", list, "--lease", "2", "--quiet"]
      worker.environment = CommandRun.environment(home: folder.path("home"))
      worker.standardInput = FileHandle.nullDevice
      worker.standardError = FileHandle.nullDevice
      try worker.run()
      return worker
    }
    // Each is killed in the middle, wherever it is then.
    func done() -> Int {
      ((try? FileManager.default.contentsOfDirectory(atPath: list + "/done")) ?? [])
        .count { $0.hasSuffix(".json") }
    }
    for (worker, count) in zip(workers, [Int.random(in: 2...10), Int.random(in: 11...18)]) {
      while worker.isRunning, done() < count { usleep(500) }
      #expect(worker.isRunning, "the list is done before a worker was killed")
      kill(worker.processIdentifier, SIGKILL)
    }
    for worker in workers { worker.waitUntilExit() }
    #expect(workers[2...].allSatisfy { $0.terminationStatus == 0 })

    let status = try CommandRun(["work", "status", list, "--json"])
    #expect(
      status.json["done"] as? Int == 40 && status.json["failed"] as? Int == 0, "\(status.output)")
    let names = try FileManager.default.contentsOfDirectory(atPath: list + "/outputs")
    #expect(Set(names) == Set((0..<200).map { "seed-\($0).safetensors" }) && names.count == 200)
    for first in [0, 95, 195] {
      let alone = try CommandRun(
        settings + ["--seed", "\(first)", "--batch", "5", "-o", folder.path("alone.safetensors")])
      try #require(alone.status == 0, "\(alone.errors)")
      for seed in first..<first + 5 {
        #expect(
          FileManager.default.contentsEqual(
            atPath: folder.path("alone-\(seed).safetensors"),
            andPath: "\(list)/outputs/seed-\(seed).safetensors"), "seed \(seed)")
      }
    }
  }
}
