import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Networks on an emulated card whose memory is short: the same bits by smaller pieces, down to where nothing fits.
struct GraphicsMemoryTests {
  private static let denoiser = DenoiserConfiguration(
    geometry: PlaneGeometry(side: 4), baseWidth: 32, widthMultipliers: [1], residualBlocks: 1,
    attentionFactors: [1], headCount: 4)
  private static let autoencoder = AutoencoderConfiguration(
    resolution: 32, width: 16, layers: 1, projectionLayers: 1, projectionHiddenWidth: 32)

  private final class Told {
    var sentences: [String] = []
  }

  /// Loads a network and uses it with ever less memory, until that is too little.
  ///
  /// - Parameters:
  ///   - worker: What is told of, with one of the things that it takes fewer of.
  ///   - load: Loads the network.
  ///   - use: Uses it.
  private func shrink<Network>(
    _ worker: (name: String, thing: String), load: (ComputeContext) throws -> Network,
    use: (Network, ComputeContext) throws -> [Float]
  ) throws {
    /// - Parameter room: Bytes beside the weights; `nil` for more than is needed.
    func run(room: Int?) throws -> (values: [Float], told: [String], most: Int) {
      let card = EmulatedCard()
      let context = ComputeContext(try card.open())
      let told = Told()
      context.onShortage = { told.sentences.append($0) }
      let network = try load(context)
      let weights = card.takenBytes
      if let room { card.limit(toBytes: weights + room) }
      let values = try use(network, context)
      return (values, told.sentences, card.mostBytes - weights)
    }
    let whole = try run(room: nil)
    #expect(whole.told.isEmpty && !whole.values.contains(where: \.isNaN))
    var (room, told) = (whole.most, [String]())
    while true {
      room = room * 3 / 4
      do {
        let pieces = try run(room: room)
        #expect(pieces.values == whole.values, "with \(room) bytes")
        told += pieces.told
      } catch let error as TensorError {
        #expect(error.shortage != nil)
        #expect(error.reason.contains("; \(worker.name) takes at least "), "\(error)")
        #expect(error.reason.contains("for 1 \(worker.thing) at a time"), "\(error)")
        break
      }
    }
    let beginning = "the memory of emulated card is short: \(worker.name) takes "
    #expect(!told.isEmpty && told.allSatisfy { $0.hasPrefix(beginning) }, "\(told)")
  }

  @Test("the denoiser takes fewer latents of a batch at a time")
  func batch() throws {
    let geometry = Self.denoiser.geometry
    var numbers = SeededNumbers(1)
    let latents = (0..<4).map { _ in
      Latent(
        values: numbers.floats(PlaneGeometry.channels * geometry.tokenCount),
        tokenCount: geometry.tokenCount)
    }
    try shrink(("the denoiser", "latent")) { context in
      try FormulaNetworkTests.load(Self.denoiser.parameters, context, .float32) {
        try Denoiser($0, Self.denoiser)
      }
    } use: { network, context in
      try network(
        latents, conditions: [latents[1], nil, latents[0], nil], step: 500, context
      ).flatMap(\.values)
    }
  }

  private func load(_ context: ComputeContext) throws -> Autoencoder {
    try FormulaNetworkTests.load(Self.autoencoder.parameters, context, .float32) {
      try Autoencoder($0, Self.autoencoder)
    }
  }

  @Test("the decoder takes fewer frames at a time")
  func decoding() throws {
    let geometry = Self.autoencoder.geometry
    var numbers = SeededNumbers(2)
    let latent = Latent(
      values: numbers.floats(PlaneGeometry.channels * geometry.tokenCount),
      tokenCount: geometry.tokenCount)
    try shrink(("the decoder", "frame"), load: load) { try $0.decode(latent, $1).values }
  }

  @Test("the encoder takes fewer frames at a time")
  func encoding() throws {
    var numbers = SeededNumbers(3)
    let clip = PixelClip(frames: 16, side: 32, values: numbers.floats(16 * 32 * 32 * 3))
    try shrink(("the encoder", "frame"), load: load) { try $0.encode(clip, $1).values }
  }
}
