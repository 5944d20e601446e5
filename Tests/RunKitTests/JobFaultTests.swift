import Foundation
import KitTestSupport
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// What cannot work is refused in words, and leaves nothing behind.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct JobFaultTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The words for what a job throws, which must be the user's to mend.
  private func complaint(_ job: GenerationJob) async -> String {
    do {
      _ = try await job.run { _ in }
      return "(nothing was wrong)"
    } catch {
      let explanation = Explanation(error)
      #expect(explanation.category == .badInput, "\(error)")
      return explanation.text
    }
  }

  @Test("an output that exists is refused and left as it is")
  func existing() async throws {
    let path = folder.path("there.mp4")
    try Data("mine".utf8).write(to: URL(filePath: path))
    let text = try await complaint(TinyModel.job([path]))
    #expect(text.contains("there.mp4") && text.contains("already"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
  }

  @Test(
    "an output that cannot be written is refused before anything is computed",
    arguments: ["nowhere/a.mp4", "nowhere/a.safetensors", "a.xyz", "a"])
  func unwritable(name: String) async throws {
    let text = try await complaint(TinyModel.job([folder.path(name)]))
    #expect(text.contains(URL(filePath: name).lastPathComponent))
    #expect(folder.contents.isEmpty)
  }

  @Test("one place under two spellings is seen to be one")
  func sameOutputTwice() async throws {
    let text = try await complaint(
      TinyModel.job([folder.path("a.mp4"), folder.path("./a.mp4")]))
    #expect(text.contains("named twice"))
    #expect(folder.contents.isEmpty)
  }

  @Test("latents are not written where a folder is")
  func folderAsLatents() async throws {
    let path = folder.path("d.safetensors")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    var job = try TinyModel.job([path])
    job.overwrites = true
    #expect(await complaint(job).contains("is a folder"))
  }

  @Test("a frame rate that is none is refused, and one that was stored is passed over")
  func frameRates() async throws {
    var job = try TinyModel.job([folder.path("a.mp4")])
    for rate in [0, -1, .nan, .infinity] {
      job.framesPerSecond = rate
      #expect(await complaint(job).contains("frame rate"))
    }
    let path = folder.path("z.safetensors")
    try LatentFile.write(
      [Latent(zerosFor: PlaneGeometry(side: 8))], metadata: ["pvdm.fps": "nan"], to: path)
    job.framesPerSecond = nil
    job.inputPath = path
    #expect(await complaint(job) == "(nothing was wrong)")
  }

  @Test("weights that are not finite are not converted")
  func convertNotFinite() throws {
    let source = folder.path("nan.pth")
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser, seed: 1), prefix: "diffusion_model.",
      to: source
    ) { name, values in
      if name == "out.2.bias" { values[0] = .nan }
    }
    #expect(throws: ModelError.self) {
      _ = try CheckpointConversion(NetworkFile(path: source), type: .f16)
        .write(to: folder.path("half.safetensors"))
    }
    #expect(folder.contents == ["nan.pth"])
  }

  @Test("a video that is too short, or lacks the frames, is refused with the numbers")
  func shortVideo() async throws {
    let source = folder.path("source/")
    try Video(frames: TinyModel.frames(12), frameRate: FrameRate(8)).write(to: source)
    var job = try TinyModel.job([folder.path("a.mp4")])
    job.inputPath = source
    #expect(await complaint(job).contains("has 12 frames; 16 are needed"))
    job.firstFrame = 3
    #expect(await complaint(job).contains("frames 3 to 18"))
    job.firstFrame = -1
    #expect(await complaint(job).contains("frames -1 to 14"))
    #expect(folder.contents == ["source"])
  }

  @Test("latents of another model are refused with both shapes")
  func otherLatents() async throws {
    let path = folder.path("z.safetensors")
    try LatentFile.write([Latent(zerosFor: PlaneGeometry(side: 32))], to: path)
    var job = try TinyModel.job([folder.path("a.mp4")])
    job.inputPath = path
    let text = await complaint(job)
    #expect(text.contains("4 x 2048") && text.contains("4 x 320"))
  }

  @Test("latents are continued from whole clips only")
  func oddLatentFrame() async throws {
    let path = folder.path("z.safetensors")
    let latent = Latent(zerosFor: PlaneGeometry(side: 8))
    try LatentFile.write([latent, latent], to: path)
    var job = try TinyModel.job([folder.path("a.mp4")])
    job.inputPath = path
    job.firstFrame = 5
    #expect(await complaint(job).contains("multiple of 16"))
  }

  @Test("a missing input is named")
  func missingInput() async throws {
    var job = try TinyModel.job([folder.path("a.mp4")])
    job.inputPath = folder.path("no.mp4")
    #expect(await complaint(job).contains("no.mp4: there is no such file"))
  }

  @Test("an autoencoder and a denoiser that do not fit are refused with both sizes")
  func unfitPair() throws {
    let error = #expect(throws: ModelError.self) {
      try ModelFiles(
        model: nil, autoencoder: GoldenFile.path("golden/ae-256/model.pth"),
        denoiser: GoldenFile.path("golden/unet-8x16/ema_model.pth"))
    }
    let text = try Explanation(#require(error)).text
    #expect(text.contains("32 x 32") && text.contains("8 x 8"))
  }

  @Test("checkpoints given in each other's place are refused")
  func swapped() throws {
    let error = #expect(throws: ModelError.self) {
      try ModelFiles(
        model: nil, autoencoder: GoldenFile.path("golden/unet-8x16/ema_model.pth"))
    }
    #expect(try Explanation(#require(error)).text.contains("holds a denoiser"))
  }
}
