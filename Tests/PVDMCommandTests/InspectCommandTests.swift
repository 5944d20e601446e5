import Foundation
import TestSupport
import Testing

@Suite struct InspectCommandTests {
  @Test(.enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason))) func denoiserAsJSON()
    throws
  {
    let run = try CommandRun([
      "inspect", Shared.path("checkpoints/skies-64/ema_model.pth"), "--json",
    ])
    #expect(run.status == 0)
    #expect(run.errors.isEmpty)
    #expect(run.json["kind"] as? String == "network")
    #expect(run.json["file_size_bytes"] as? Int == 40_452_747)
    let network = try #require(run.json["network"] as? [String: Any])
    #expect(network["network"] as? String == "denoiser")
    #expect(network["stage"] as? Int == 2)
    #expect(network["width"] as? Int == 64)
    #expect(network["width_multipliers"] as? [Int] == [1, 2, 4])
    #expect(network["attention_factors"] as? [Int] == [1, 2, 4])
    #expect(network["residual_blocks"] as? Int == 2)
    #expect(network["heads"] as? Int == 8)
    #expect(network["conditional"] as? Bool == true)
    #expect(network["latent_side"] as? Int == 8)
    #expect(network["latent_tokens"] as? Int == 320)
    #expect(network["clip_length"] as? Int == 16)
    #expect(network["parameters"] as? Int == 20_152_068)
    #expect(network["stored_types"] as? [String: Int] == ["float16": 446])
    #expect(network["dropped_prefixes"] as? [String] == ["diffusion_model."])
    #expect(network["resolution"] == nil)
    let checkpoint = try #require(run.json["checkpoint"] as? [String: Any])
    #expect(checkpoint["container"] as? String == "torchZip")
    #expect(checkpoint["tensor_count"] as? Int == 447)
    #expect(checkpoint["tensors"] == nil)
  }

  @Test(.enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason))) func autoencoderAsText()
    throws
  {
    let run = try CommandRun(["inspect", Shared.path("golden/ae-64/model.pth")])
    #expect(run.status == 0)
    #expect(run.output.contains("autoencoder of PVDM (stage 1)"))
    #expect(run.output.contains("resolution   64 x 64, patches of 8"))
    #expect(run.output.contains("PyTorch (.pth, zip)"))
  }

  @Test(.enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason)))
  func listsTensorsOnDemand() throws {
    let path = Shared.path("golden/unet-8x16/ema_model.pth")
    let run = try CommandRun(["inspect", path, "--tensors", "--json"])
    let checkpoint = try #require(run.json["checkpoint"] as? [String: Any])
    let tensors = try #require(checkpoint["tensors"] as? [[String: Any]])
    #expect(tensors.count == 211)
    #expect(tensors[0]["name"] as? String == "diffusion_model.zeros")
    #expect(tensors[0]["shape"] as? [Int] == [1, 4, 320])
    #expect(tensors[0]["type"] as? String == "float32")
    let text = try CommandRun(["inspect", path, "--tensors"]).output
    #expect(text.contains("diffusion_model.out.2.weight"))
  }

  @Test(.enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason)))
  func otherCheckpointsAreListed() throws {
    let run = try CommandRun(["inspect", Shared.path("golden/torch-rng.safetensors"), "--json"])
    #expect(run.status == 0)
    #expect(run.json["kind"] as? String == "checkpoint")
    #expect((run.json["problem"] as? String)?.contains("neither an autoencoder nor") == true)
    let checkpoint = try #require(run.json["checkpoint"] as? [String: Any])
    #expect((checkpoint["tensors"] as? [Any])?.count == 33)
  }

  @Test(.enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason)))
  func modelFoldersAndMedia() throws {
    let model = try CommandRun(["inspect", Shared.path("checkpoints/skies-64"), "--json"])
    #expect(model.json["kind"] as? String == "model")
    let parts = try #require(model.json["model"] as? [String: Any])
    #expect(parts["name"] as? String == "skies-64")
    #expect((parts["autoencoder"] as? [String: Any])?["resolution"] as? Int == 64)
    #expect((parts["denoiser"] as? [String: Any])?["width"] as? Int == 64)

    let media = try CommandRun(["inspect", Shared.path("media/bigbuckbunny.mp4"), "--json"])
    #expect(media.json["kind"] as? String == "media")
    let info = try #require(media.json["media"] as? [String: Any])
    #expect(info["codec"] as? String == "h264")
    #expect(info["frames"] as? Int == 132)
    #expect(info["frames_per_second"] as? Int == 25)
  }

  @Test func badInputEndsWithTwo() throws {
    let folder = try TemporaryFolder()
    let missing = try CommandRun(["inspect", folder.path("none.pth")])
    #expect(missing.status == 2)
    #expect(missing.output.isEmpty)
    #expect(missing.errors == "pvdm: \(folder.path("none.pth")): there is no such file or folder\n")

    try Data("no checkpoint at all".utf8).write(to: folder.url.appending(path: "text.pth"))
    let text = try CommandRun(["inspect", folder.path("text.pth")])
    #expect(text.status == 2)
    #expect(text.errors.contains("expected a PyTorch or safetensors checkpoint"))
  }

  @Test func usageEndsWithSixtyFour() throws {
    #expect(try CommandRun(["inspect"]).status == 64)
    #expect(try CommandRun(["inspect", "a", "--unknown"]).status == 64)
    let help = try CommandRun(["inspect", "--help"])
    #expect(help.status == 0)
    #expect(help.output.contains("--tensors"))
  }
}
