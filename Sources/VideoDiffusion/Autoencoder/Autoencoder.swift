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
  private let postProjections: [Linear]  // post_xy, post_yt, post_xt
  private let decoder: VideoTransformer
  private let toPatches: PatchLayer  // to_pixel.1
  private let encoding = RepeatedWork()
  private let decoding = RepeatedWork()
  private static let writing = DividedWork("the encoder", thing: "frame")
  private static let reading = DividedWork("the decoder", thing: "frame")

  /// Takes the network's parameters; the scope's root has the names of the authors' files.
  ///
  /// - Throws: ``ParameterError`` for a missing or misshapen weight, and what the source throws.
  public init(_ scope: ParameterScope, _ configuration: AutoencoderConfiguration) throws {
    self.configuration = configuration
    scope.declare("coords", shape: [configuration.frames, 1])
    let width = configuration.width
    let patch = configuration.patchSide * configuration.patchSide * 3
    toPatchEmbedding = try Linear(scope["encoder"]["to_patch_embedding"], patch, width)
    encoder = try VideoTransformer(scope["encoder"], configuration)
    projections = [
      try PlaneProjection(scope, plane: "xy", without: .depth, configuration),
      try PlaneProjection(scope, plane: "yt", without: .height, configuration),
      try PlaneProjection(scope, plane: "xt", without: .width, configuration),
    ]
    postProjections = try ["post_xy", "post_yt", "post_xt"].map {
      try Linear(scope[$0], PlaneGeometry.channels, width, kernelAxes: 2)
    }
    decoder = try VideoTransformer(scope["decoder"], configuration)
    toPatches = try PatchLayer(scope["to_pixel"][1], configuration)
  }

  /// Writes a clip as a latent with values in (-1, 1).
  ///
  /// - Parameter clip: As many frames of the side that the configuration names.
  public func encode(_ clip: PixelClip, _ context: ComputeContext) throws -> Latent {
    let geometry = configuration.geometry
    var latent = Latent(zerosFor: geometry)
    let planes = try context.sharing(Self.writing, of: configuration.frames) {
      try context.read(
        context.repeating(encoding, [framesTensor(clip, context)]) {
          try planeValues(encoderTokens($0[0], context), context)
        })
    }
    for (plane, values) in zip(geometry.planes, planes) {
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
    try encoderTokens(framesTensor(clip, context), context)
  }

  /// - Parameter frames: `[frames, side, side, 3]` float32.
  private func encoderTokens(_ frames: Tensor, _ context: ComputeContext) throws -> Tensor {
    let patches = try context.convert(
      self.patches(of: frames, context), to: toPatchEmbedding.elementType)
    return try encoder(toPatchEmbedding(patches, context), context)
  }

  /// The planes' values before tanh, `[plane's tokens, 4]` float32 each, in the order xy, yt, xt.
  private func planeValues(_ tokens: Tensor, _ context: ComputeContext) throws -> [Tensor] {
    try projections.map { projection in
      try context.inLayer("projection") {
        try context.checkpointed { try projection(tokens, context) }
      }
    }
  }

  /// Reads a latent back as frames.
  public func decode(_ latent: Latent, _ context: ComputeContext) throws -> PixelClip {
    let values = try context.sharing(Self.reading, of: configuration.frames) {
      try context.read(
        context.repeating(decoding, tensors(ofPlanes: latent, context)) {
          [try self.frames(fromPlanes: $0, context)]
        }[0])
    }
    return PixelClip(
      frames: configuration.frames, side: configuration.resolution, values: values)
  }

  /// A latent's planes, `[plane's tokens, 4]` float32 each, in the order xy, yt, xt.
  private func tensors(ofPlanes latent: Latent, _ context: ComputeContext) throws -> [Tensor] {
    let geometry = configuration.geometry
    precondition(latent.tokenCount == geometry.tokenCount, "a latent of another model")
    return try geometry.planes.map { plane in
      var tokens = [Float](repeating: 0, count: plane.count * PlaneGeometry.channels)
      for channel in 0..<PlaneGeometry.channels {
        for token in 0..<plane.count {
          tokens[token * PlaneGeometry.channels + channel] =
            latent.values[channel * latent.tokenCount + plane.lowerBound + token]
        }
      }
      return try context.tensor(tokens, shape: [plane.count, PlaneGeometry.channels])
    }
  }

  /// - Parameter planes: `[plane's tokens, 4]` float32 each, in the order xy, yt, xt.
  /// - Returns: `[frames, side, side, 3]` float32 in (-1, 1).
  private func frames(fromPlanes planes: [Tensor], _ context: ComputeContext) throws -> Tensor {
    let projected = try zip(postProjections, planes).map { projection, plane in
      try projection(context.convert(plane, to: projection.elementType), context)
    }
    let tokens = try context.sumPlanes(
      front: projected[0], side: projected[1], top: projected[2],
      over: configuration.geometry.volume)
    let patches = try toPatches(decoder(tokens, context), context)
    // 2 sigmoid(y) - 1 = tanh(y / 2)
    return try frames(ofPatches: context.tanh(patches, scale: 0.5), context)
  }

  /// Writes a clip as planes and reads it back, with everything staying on the device: what is
  /// trained.
  ///
  /// - Parameters:
  ///   - frames: `[frames, side, side, 3]` float32, from ``framesTensor(_:_:)``.
  ///   - noise: Added to the planes before they are read back; laid out as ``Latent/values``.
  /// - Returns: A tensor like `frames`, and the planes' values before tanh, `[plane's tokens, 4]`
  ///   float32 each, in the order xy, yt, xt.
  public func reconstruct(
    _ frames: Tensor, addingToPlanes noise: Latent? = nil, _ context: ComputeContext
  ) throws -> (frames: Tensor, planes: [Tensor]) {
    let values = try planeValues(encoderTokens(frames, context), context)
    var planes = try values.map { try context.tanh($0) }
    if let noise {
      planes = try zip(planes, tensors(ofPlanes: noise, context)).map { try context.add($0, $1) }
    }
    return (try self.frames(fromPlanes: planes, context), values)
  }

  /// A clip's values as a tensor, `[frames, side, side, 3]` float32.
  public func framesTensor(_ clip: PixelClip, _ context: ComputeContext) throws -> Tensor {
    precondition(clip.frames == configuration.frames && clip.side == configuration.resolution)
    return try context.tensor(clip.values, shape: frameShape)
  }

  private var frameShape: [Int] {
    [configuration.frames, configuration.resolution, configuration.resolution, 3]
  }

  /// `[frames, side, side, 3]` as rows of patches (p1, p2, channel) in the order (time, row, column).
  private func patches(of frames: Tensor, _ context: ComputeContext) throws -> Tensor {
    let patch = configuration.patchSide
    let side = configuration.geometry.side
    return try context.transpose(
      frames, outer: configuration.frames * side, first: patch, second: side,
      to: [configuration.geometry.volume.tokenCount, patch * patch * 3])
  }

  /// The reverse of ``patches(of:_:)``.
  private func frames(ofPatches patches: Tensor, _ context: ComputeContext) throws -> Tensor {
    let side = configuration.geometry.side
    return try context.transpose(
      patches, outer: configuration.frames * side, first: side, second: configuration.patchSide,
      to: frameShape)
  }
}
