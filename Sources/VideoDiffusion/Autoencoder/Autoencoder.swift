import Glibc
import NeuralLayers
import TensorCore

/// The autoencoder that writes a clip as three planes and reads it back (PVDM, section 3.1).
public struct Autoencoder: Sendable {
  /// What was loaded.
  public let configuration: AutoencoderConfiguration

  private let toPatchEmbedding: Linear  // encoder.to_patch_embedding
  private let encoder: VideoTransformer
  private let projections: [PlaneProjection]  // xy, yt, xt
  private let spreads: [Linear]  // post_xy, post_yt, post_xt
  private let decoder: VideoTransformer
  private let toPixels: Linear  // to_pixel.1

  /// Takes the network's parameters; the scope's root has the names of the authors' files.
  ///
  /// - Throws: ``ParameterError`` for a missing or misshapen weight, and what the source throws.
  public init(_ scope: ParameterScope, _ configuration: AutoencoderConfiguration) throws {
    self.configuration = configuration
    let width = configuration.width
    let patch = configuration.patchSide * configuration.patchSide * 3
    toPatchEmbedding = try Linear(scope["encoder"]["to_patch_embedding"], patch, width)
    encoder = try VideoTransformer(scope["encoder"], configuration)
    projections = [
      try PlaneProjection(scope, plane: "xy", without: .depth, configuration),
      try PlaneProjection(scope, plane: "yt", without: .height, configuration),
      try PlaneProjection(scope, plane: "xt", without: .width, configuration),
    ]
    spreads = try ["post_xy", "post_yt", "post_xt"].map {
      try Linear(scope[$0], PlaneGeometry.channels, width)
    }
    decoder = try VideoTransformer(scope["decoder"], configuration)
    toPixels = try Self.pixelLayer(scope["to_pixel"][1], configuration)
  }

  /// A transposed convolution whose kernel equals its stride maps each token to a patch by itself: a
  /// linear layer, once `[D, 3, P, P]` is reordered to rows (p1, p2, channel).
  private static func pixelLayer(
    _ scope: ParameterScope, _ configuration: AutoencoderConfiguration
  ) throws -> Linear {
    let width = configuration.width
    let side = configuration.patchSide
    let area = side * side
    let stored = try scope.values("weight", shape: [width, 3, side, side])
    let colour = try scope.values("bias", shape: [3])
    var weight = [Float](repeating: 0, count: stored.count)
    for input in 0..<width {
      for channel in 0..<3 {
        for pixel in 0..<area {
          weight[(pixel * 3 + channel) * width + input] =
            stored[(input * 3 + channel) * area + pixel]
        }
      }
    }
    let bias = (0..<area * 3).map { colour[$0 % 3] }
    return try Linear(
      weight: weight, bias: bias, width, area * 3, context: scope.context,
      elementType: scope.elementType)
  }

  /// Writes a clip as a latent with values in (-1, 1).
  ///
  /// - Parameter clip: As many frames of the side that the configuration names.
  public func encode(_ clip: PixelClip, _ context: ComputeContext) throws -> Latent {
    let geometry = configuration.geometry
    let tokens = try encoderTokens(clip, context)
    var latent = Latent(zerosFor: geometry)
    for (projection, plane) in zip(projections, geometry.planes) {
      let values = try context.inLayer("projection") {
        try projection(tokens, context).floats()
      }
      for token in 0..<plane.count {
        for channel in 0..<PlaneGeometry.channels {
          latent.values[channel * geometry.tokenCount + plane.lowerBound + token] =
            tanhf(values[token * PlaneGeometry.channels + channel])
        }
      }
    }
    return latent
  }

  /// The encoder's tokens before they are projected, `[time * height * width, width D]`.
  package func encoderTokens(_ clip: PixelClip, _ context: ComputeContext) throws -> Tensor {
    precondition(clip.frames == configuration.frames && clip.side == configuration.resolution)
    let patches = try context.tensor(
      patches(of: clip.values),
      shape: [
        configuration.geometry.volume.tokenCount,
        configuration.patchSide * configuration.patchSide * 3,
      ], as: toPatchEmbedding.elementType)
    return try encoder(toPatchEmbedding(patches, context), context)
  }

  /// Reads a latent back as frames.
  public func decode(_ latent: Latent, _ context: ComputeContext) throws -> PixelClip {
    let geometry = configuration.geometry
    precondition(latent.tokenCount == geometry.tokenCount, "a latent of another model")
    let planes = try zip(spreads, geometry.planes).map { spread, plane in
      var tokens = [Float](repeating: 0, count: plane.count * PlaneGeometry.channels)
      for channel in 0..<PlaneGeometry.channels {
        for token in 0..<plane.count {
          tokens[token * PlaneGeometry.channels + channel] =
            latent.values[channel * latent.tokenCount + plane.lowerBound + token]
        }
      }
      let tensor = try context.tensor(
        tokens, shape: [plane.count, PlaneGeometry.channels], as: spread.elementType)
      return try spread(tensor, context)
    }
    let tokens = try context.sumPlanes(
      front: planes[0], side: planes[1], top: planes[2], over: geometry.volume)
    let pixels = try toPixels(decoder(tokens, context), outputType: .float32, context)
    // 2 sigmoid(y) - 1 = tanh(y / 2)
    let values = try context.tanh(pixels, scale: 0.5).floats()
    return PixelClip(
      frames: configuration.frames, side: configuration.resolution, values: frames(of: values))
  }

  /// `[frames, side, side, 3]` as rows of patches (p1, p2, channel) in the order (time, row, column).
  private func patches(of values: [Float]) -> [Float] {
    rearranged(values) { patches, pixels, source, target in
      for i in 0..<source.count { patches[target + i] = pixels[source.lowerBound + i] }
    }
  }

  /// The reverse of ``patches(of:)``.
  private func frames(of values: [Float]) -> [Float] {
    rearranged(values) { pixels, patches, target, source in
      for i in 0..<target.count { pixels[target.lowerBound + i] = patches[source + i] }
    }
  }

  /// Visits every row of pixels in every patch: `move(result, values, pixels, patch offset)`.
  private func rearranged(
    _ values: [Float],
    _ move: (
      UnsafeMutableBufferPointer<Float>, UnsafeBufferPointer<Float>, Range<Int>, Int
    ) -> Void
  ) -> [Float] {
    let side = configuration.resolution
    let patch = configuration.patchSide
    let across = side / patch
    return [Float](unsafeUninitializedCapacity: values.count) { result, count in
      count = values.count
      values.withUnsafeBufferPointer { values in
        for row in 0..<(configuration.frames * side) {
          let (frame, y) = row.quotientAndRemainder(dividingBy: side)
          let (patchRow, inner) = y.quotientAndRemainder(dividingBy: patch)
          for column in 0..<across {
            let pixels = (row * side + column * patch) * 3
            let token = (frame * across + patchRow) * across + column
            move(
              result, values, pixels..<(pixels + patch * 3), (token * patch + inner) * patch * 3)
          }
        }
      }
    }
  }
}
