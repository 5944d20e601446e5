import CheckpointIO
import Testing

@Suite("Golden checkpoints", .enabled(if: SharedFiles.arePresent, SharedFiles.comment))
struct GoldenCheckpointTests {
  @Test(
    "files of torch.save have the tensors and element counts that PyTorch reports",
    arguments: [
      ("golden/ae-64/model.pth", 415, 2_743_231), ("golden/ae-256/model.pth", 415, nil),
      ("golden/unet-8x16/ema_model.pth", 211, 927_588),
      ("golden/unet-32x16/ema_model.pth", 559, 8_304_132),
      ("golden/training/ae-32.pth", 415, 2_742_975),
      ("checkpoints/skies-64/ema_model.pth", 447, 20_153_348),
      ("checkpoints/skies-64/model_last.pth", 415, 9_544_255),
    ] as [(String, Int, Int?)])
  func torchFiles(path: String, tensorCount: Int, elementCount: Int?) throws {
    let checkpoint = try SharedFiles.checkpoint(path)
    #expect(checkpoint.container == .torchZip)
    #expect(checkpoint.tensors.count == tensorCount)
    if let elementCount {
      #expect(checkpoint.tensors.reduce(0) { $0 + $1.elementCount } == elementCount)
    }
    let isHalf = path.contains("skies")
    #expect(checkpoint.tensors.allSatisfy { $0.elementType == (isHalf ? .float16 : .float32) })
    try checkpoint.verifyChecksums()
  }

  @Test("the values of float32 weights are those that PyTorch loads")
  func float32Weights() throws {
    let checkpoint = try SharedFiles.checkpoint("golden/unet-8x16/ema_model.pth")
    let entry = try checkpoint.entry("diffusion_model.time_embed.0.weight")
    #expect(entry.shape == [128, 32])
    let values = try checkpoint.float32Values(entry)
    let expected: [Float] = [
      -0.10655436664819717, -0.021360673010349274, -0.07641412317752838, 0.3325263261795044,
    ]
    #expect(values.prefix(4).elementsEqual(expected))
    #expect(values.last == 0.16687919199466705)
  }

  @Test("the values of float16 weights are those that PyTorch loads")
  func float16Weights() throws {
    let checkpoint = try SharedFiles.checkpoint("checkpoints/skies-64/ema_model.pth")
    let entry = try checkpoint.entry("diffusion_model.time_embed.0.weight")
    let values = try checkpoint.float32Values(entry)
    let expected: [Float] = [
      0.08087158203125, -0.045806884765625, -0.1026611328125, 0.07855224609375,
    ]
    #expect(values.prefix(4).elementsEqual(expected))
    #expect(abs(values.reduce(0.0) { $0 + Double($1) } - 23.500874757766724) < 1e-9)
    let bias = try checkpoint.float32Values(try checkpoint.entry("diffusion_model.out.2.bias"))
    #expect(
      bias == [-0.00927734375, 0.001354217529296875, -0.006900787353515625, -0.0014791488647460938])
  }

  @Test("a safetensors file gives its tensors, values and metadata")
  func safetensors() throws {
    let sampling = try SharedFiles.checkpoint("golden/sampling/ddpm-50.safetensors")
    #expect(sampling.container == .safetensors)
    #expect(
      sampling.metadata == ["net": "unet-8x16", "steps": "50", "T": "50", "seed": "304"])
    let schedule = try SharedFiles.checkpoint("golden/schedule-1000.safetensors")
    let products = try schedule.float32Values(try schedule.entry("alphas_cumprod"))
    #expect(products.count == 1000)
    #expect(products.first == 1 - 0.0015 as Float)
    #expect(zip(products, products.dropFirst()).allSatisfy { $0 > $1 })
    let video = try SharedFiles.checkpoint("golden/ae-64/io.safetensors")
    let pixels = try video.int64Values(try video.entry("video_u8"))
    #expect(pixels.allSatisfy { (0...255).contains($0) })
    #expect(Set(pixels).count > 50)
  }

  @Test("tensors can be released after each read and read again with the same values")
  func releasing() throws {
    let checkpoint = try SharedFiles.checkpoint("golden/unet-8x16/ema_model.pth")
    for entry in checkpoint.tensors {
      checkpoint.willNeed(entry)
      let first = try checkpoint.float32Values(entry)
      checkpoint.releasePages(of: entry)
      #expect(try checkpoint.float32Values(entry) == first)
    }
  }
}
