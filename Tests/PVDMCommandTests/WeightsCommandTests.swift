import Foundation
import TestSupport
import Testing

/// Weights of others, as a user asks for them.
@Suite struct WeightsCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("what is there is listed, with how to get what is not")
  func list() throws {
    let home = folder.path("home")
    let weights = home + "/.local/share/pvdm/weights"
    try FileManager.default.createDirectory(atPath: weights, withIntermediateDirectories: true)
    try Data([1]).write(to: URL(filePath: weights + "/i3d.safetensors"))
    let run = try CommandRun(["weights"], home: home)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("\(weights)/i3d.safetensors"))
    #expect(run.output.contains("pvdm weights fetch lpips"))
  }

  @Test("without pip, with a file of something else and with a name that is none, it is said why")
  func refused() throws {
    let alone = try CommandRun(["weights", "fetch", "i3d"], variables: ["PATH": "/nowhere"])
    #expect(alone.status == 2, "\(alone.errors)")
    #expect(alone.errors.contains("neither pip nor python3"))
    #expect(alone.errors.contains("--from FILE"))
    let file = folder.path("i3d-kinetics-400.ckpt")
    try Data("nothing".utf8).write(to: URL(filePath: file))
    let other = try CommandRun(["weights", "fetch", "i3d", "--from", file])
    #expect(other.status == 2 && other.errors.contains("its arrays have the SHA-256"))
    let taken = try CommandRun(["weights", "fetch", "i3d", "--from", file, "--unchecked"])
    #expect(taken.status == 2, "\(taken.errors)")
    for arguments in [["fetch"], ["fetch", "resnet"], ["fetch", "i3d", "--unchecked"]] {
      #expect(try CommandRun(["weights"] + arguments).status == 64)
    }
  }

  @Test("an evaluation that lacks weights names the command that brings them")
  func missing() throws {
    let run = try CommandRun([
      "evaluate", "fvd", "--model", "skies-64", "--data", folder.url.path, "--clips", "4",
    ])
    #expect(run.status == 2, "\(run.errors)")
    #expect(run.errors.contains("pvdm weights fetch i3d"))
  }
}
