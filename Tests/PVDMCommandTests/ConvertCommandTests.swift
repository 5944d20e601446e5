import Foundation
import TestSupport
import Testing

@Suite struct ConvertCommandTests {
  private let denoiser = Shared.path("golden/unet-8x16/ema_model.pth")
  private let autoencoder = Shared.path("golden/ae-64/model.pth")

  private func network(_ path: String) throws -> [String: Any] {
    try CommandRun(["inspect", path, "--json"]).json["network"] as? [String: Any] ?? [:]
  }

  @Test(.enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason)))
  func convertsAndKeepsTheConfiguration() throws {
    let folder = try TemporaryFolder()
    let result = folder.path("denoiser.safetensors")
    let run = try CommandRun(["convert", denoiser, result, "--type", "f16"])
    #expect(run.status == 0)
    #expect(run.output == "\(result): denoiser, 926308 parameters\n")
    let converted = try network(result)
    #expect(converted["heads"] as? Int == 4)
    #expect(converted["latent_side"] as? Int == 8)
    #expect(converted["stored_types"] as? [String: Int] == ["float16": 210])
    #expect((converted["notes"] as? [String]) == [])
    // Back to the authors' format, which cannot say how many heads there are.
    let back = try CommandRun(["convert", result, folder.path("data/models/ema_model.pth")])
    #expect(back.status == 0)
    #expect(back.errors.contains("ema_model.config.json"))
    let returned = try network(folder.path("data/models/ema_model.pth"))
    #expect(returned["dropped_prefixes"] as? [String] == ["diffusion_model."])
    #expect(returned["heads"] as? Int == 4 && returned["clip_length"] as? Int == 16)
  }

  @Test(.enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason))) func makesAModelFolder()
    throws
  {
    let folder = try TemporaryFolder()
    let model = folder.path("clouds")
    let arguments = [
      "convert", "--autoencoder", autoencoder, "--denoiser", denoiser, model, "--fps", "16",
      "--summary", "Clouds.",
    ]
    let run = try CommandRun(arguments)
    #expect(run.status == 0)
    #expect(run.output == "\(model): model clouds\n")
    #expect(folder.contents == ["clouds"])
    let inspected = try CommandRun(["inspect", model, "--json"]).json["model"] as? [String: Any]
    #expect(inspected?["summary"] as? String == "Clouds.")
    #expect(inspected?["frames_per_second"] as? Double == 16)

    let again = try CommandRun(arguments)
    #expect(again.status == 2)
    #expect(again.errors.hasPrefix("pvdm: \(model): is there already\n"))
    #expect(try CommandRun(arguments + ["--overwrite"]).status == 0)
    #expect(folder.contents == ["clouds"])
  }

  @Test(.enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason)))
  func refusesWhatDoesNotFit() throws {
    let folder = try TemporaryFolder()
    let unfit = try CommandRun([
      "convert", "--autoencoder", Shared.path("golden/ae-256/model.pth"), "--denoiser", denoiser,
      folder.path("model"),
    ])
    #expect(unfit.status == 2)
    #expect(unfit.errors.contains("the autoencoder writes latents of 32 x 32"))
    let exchanged = try CommandRun([
      "convert", "--autoencoder", denoiser, "--denoiser", autoencoder, folder.path("model"),
    ])
    #expect(exchanged.status == 2)
    #expect(exchanged.errors.contains("holds a denoiser, but an autoencoder is needed here"))
    let ending = try CommandRun(["convert", denoiser, folder.path("model.zip")])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("ends in .pth or .safetensors"))
    #expect(folder.contents.isEmpty)
  }

  @Test func usageEndsWithSixtyFour() throws {
    for arguments in [
      ["convert"], ["convert", "a"], ["convert", "a", "b", "--type", "f8"],
      ["convert", "a", "b", "--name", "x"], ["convert", "--autoencoder", "a", "out"],
      ["convert", "--autoencoder", "a", "--denoiser", "b", "out", "--fps", "0"],
    ] {
      #expect(try CommandRun(arguments).status == 64, "\(arguments)")
    }
  }

  @Test func missingFileIsNamed() throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(["convert", folder.path("no.pth"), folder.path("out.safetensors")])
    #expect(run.status == 2)
    #expect(run.errors.contains("no.pth: cannot open"))
    #expect(folder.contents.isEmpty)
  }
}
