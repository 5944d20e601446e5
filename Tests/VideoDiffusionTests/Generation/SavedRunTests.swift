import CheckpointIO
import Foundation
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Saved runs that others wrote: every number is judged before it is used.
struct SavedRunTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file in the format of a saved run with some parts replaced.
  private func file(
    finished: String = "1", clips: Int? = 3, samples: Int = 1,
    latents: [Int] = [1, 4, 2], condition: [Int] = [1, 4, 2], sampler: (ElementType, [Int])? = nil,
    _ change: (String) -> String = { $0 }
  ) throws -> String {
    let request = GenerationRequest(clipCount: clips, sampleCount: samples, seamFade: 5)
    var tensors = [
      TensorDescription(name: "latents", elementType: .float32, shape: latents),
      TensorDescription(name: "condition", elementType: .float32, shape: condition),
    ]
    if let sampler {
      tensors.append(
        TensorDescription(name: "sampler", elementType: sampler.0, shape: sampler.1))
    }
    let path = folder.path("run.safetensors")
    let metadata = [
      "pvdm.request": change(
        String(decoding: try JSONEncoder().encode(request), as: UTF8.self)),
      "pvdm.finished_clips": finished,
    ]
    try SafetensorsWriter(tensors: tensors, metadata: metadata).write(to: path) { tensor, sink in
      let count = tensor.shape.reduce(1, *) * tensor.elementType.byteCount
      try [UInt8](repeating: 0, count: count).withUnsafeBytes { try sink.append($0) }
    }
    return path
  }

  @Test("the format that is varied here is read")
  func whole() throws {
    let saved = try SavedRun(contentsOf: file())
    #expect(saved.finishedClips.count == 1 && saved.state.condition?.count == 1)
  }

  @Test(
    "a number of clips that cannot be is refused",
    arguments: [
      "9223372036854775807", "4611686018427387904", "100000001", "-1", "2", "0", "many", "",
      "99999999999999999999",
    ])
  func finishedClips(text: String) throws {
    #expect(throws: ModelError.self) { try SavedRun(contentsOf: file(finished: text)) }
  }

  @Test("a request for clips beyond all bounds is refused", arguments: [Int.max, 1 << 62, 0, -4])
  func requestedClips(count: Int) throws {
    #expect(throws: ModelError.self) { try SavedRun(contentsOf: file(clips: count)) }
    #expect(throws: ModelError.self) { try GenerationRequest(clipCount: count).validate() }
  }

  @Test("more finished clips than were asked for are refused")
  func tooMany() throws {
    #expect(throws: ModelError.self) {
      try SavedRun(contentsOf: file(finished: "3", clips: 2, latents: [3, 4, 2]))
    }
  }

  @Test(
    "latents of sizes that do not fit one another or anything are refused",
    arguments: [
      ([1, 4, 2], [1, 4, 3]), ([0, 4, 1 << 40], [1, 4, 2]), ([1, 3, 2], [1, 3, 2]),
      ([2, 4, 2], [1, 4, 2]), ([1, 4, 2], [2, 4, 2]), ([1, 4, 0], [1, 4, 0]), ([8], [1, 4, 2]),
    ])
  func sizes(latents: [Int], condition: [Int]) throws {
    #expect(throws: ModelError.self) {
      try SavedRun(contentsOf: file(latents: latents, condition: condition))
    }
  }

  @Test("a sampler's state that is no run of bytes, or of nothing, is refused")
  func sampler() throws {
    for (type, shape) in [
      (ElementType.int64, [4]), (.uint8, [2, 2]), (.float32, [4]), (.uint8, [0]), (.uint8, [64]),
    ] {
      #expect(throws: (any Error).self) {
        try SavedRun(contentsOf: file(sampler: (type, shape)))
      }
    }
  }

  @Test("a request with a number out of its range is none, wherever it is read")
  func requestOutOfRange() throws {
    #expect(throws: ModelError.self) {
      try SavedRun(
        contentsOf: file { $0.replacingOccurrences(of: "\"seamFade\":5", with: "\"seamFade\":-1") })
    }
    let request = Data(
      String(decoding: try JSONEncoder().encode(GenerationRequest(seamFade: 5)), as: UTF8.self)
        .replacingOccurrences(of: "\"seamFade\":5", with: "\"seamFade\":-1").utf8)
    #expect(throws: ModelError.self) {
      try JSONDecoder().decode(GenerationRequest.self, from: request)
    }
  }

  @Test("a sampler in the middle of a clip with latents of other channels is refused")
  func otherChannels() async throws {
    let geometry = PlaneGeometry(side: 4, frames: 8)
    let configuration = DenoiserConfiguration(
      geometry: geometry, baseWidth: 32, widthMultipliers: [1, 2], residualBlocks: 1,
      attentionFactors: [1], headCount: 4)
    let engine = try VideoEngine(threadCount: 1, device: .processor)
    let path = folder.path("denoiser.pth")
    try TorchWriter(
      tensors: configuration.parameters.map {
        TensorDescription(name: $0.name, elementType: .float32, shape: $0.shape)
      }
    ).write(to: path) { tensor, sink in
      try sink.append(converting: [Float](repeating: 0, count: tensor.shape.reduce(1, *)))
    }
    try Data("{\"model_channels\": 32, \"num_heads\": 4, \"image_size\": 4}".utf8)
      .write(to: folder.url.appending(path: "config.json"))
    try await engine.load(NetworkFile(path: path))
    let count = geometry.tokenCount
    let request = GenerationRequest(clipCount: 1)
    var state = GenerationState()
    state.sampler = SamplerState(
      configuration: request.firstSampler, stepIndex: 0,
      samples: [
        SampleState(
          latent: Latent(
            values: [Float](repeating: 0, count: count), channels: 1, tokenCount: count),
          history: SolverHistory(), generator: TorchGenerator(seed: 0))
      ])
    await #expect(throws: ModelError.self) {
      for try await _ in engine.generate(request, from: state) {}
    }
  }
}
