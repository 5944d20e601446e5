import Foundation
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// An autoencoder with patches that are not of 8 pixels. Its transformers have no layers, so that
/// what is left depends on the patch side alone: patches, positions, projections and pixels.
@Suite(.onEveryDevice)
struct SyntheticAutoencoderTests {
  private static let configuration = AutoencoderConfiguration(
    resolution: 12, patchSide: 4, frames: 5, width: 16, layers: 0, projectionLayers: 0)
  private static let side = 3  // 12 / 4
  private static let frames = 5
  private static let width = 16

  private let parameters = MemoryParameters()
  private let context: ComputeContext
  private let network: Autoencoder

  init() throws {
    context = try ComputeContext(threadCount: 1)
    for part in ["encoder", "decoder"] {
      _ = parameters.made("\(part).frame_rot_emb.inv_freqs", [32])
      _ = parameters.made("\(part).image_rot_emb.scales", [16])
    }
    _ = parameters.made("encoder.to_patch_embedding.weight", [Self.width, 48])
    _ = parameters.made("encoder.to_patch_embedding.bias", [Self.width])
    // Each table has a place for every token of the removed axis and for the one at the end.
    for (plane, length) in [("xy", Self.frames + 1), ("yt", Self.side + 1), ("xt", Self.side + 1)] {
      _ = parameters.made("\(plane)_token", [1, 1, Self.width])
      _ = parameters.made("\(plane)_pos_embedding", [1, length, Self.width])
      _ = parameters.made("pre_\(plane).weight", [4, Self.width, 1, 1])
      _ = parameters.made("pre_\(plane).bias", [4])
      _ = parameters.made("post_\(plane).weight", [Self.width, 4, 1, 1])
      _ = parameters.made("post_\(plane).bias", [Self.width])
    }
    _ = parameters.made("to_pixel.1.weight", [Self.width, 3, 4, 4])
    _ = parameters.made("to_pixel.1.bias", [3])
    let scope = ParameterScope(parameters, context: context, elementType: .float32)
    network = try Autoencoder(scope, Self.configuration)
    try scope.checkEverythingWasUsed(of: parameters.names)
  }

  private func values(_ name: String) -> [Double] {
    (parameters.parameters[name]?.values ?? []).map(Double.init)
  }

  /// A layer on one token's channels.
  private func linear(_ x: [Double], _ name: String) -> [Double] {
    let weight = values("\(name).weight")
    return values("\(name).bias").enumerated().map { output, bias in
      x.indices.reduce(bias) { $0 + weight[output * x.count + $1] * x[$1] }
    }
  }

  @Test func theLatentHasTheSidesOfThePatches() {
    #expect(Self.configuration.geometry.side == 3)
    #expect(Self.configuration.geometry.tokenCount == 9 + 15 + 15)
  }

  @Test func encodingReadsPatchesInRowsOfPixels() throws {
    var numbers = SeededNumbers(3)
    let clip = PixelClip(frames: 5, side: 12, values: numbers.floats(5 * 12 * 12 * 3))
    func token(_ t: Int, _ h: Int, _ w: Int) -> [Double] {
      var patch: [Double] = []
      for i in 0..<4 {
        for j in 0..<4 {
          let pixel = (t * 12 + h * 4 + i) * 12 + w * 4 + j
          patch += (0..<3).map { Double(clip.values[pixel * 3 + $0]) }
        }
      }
      return linear(patch, "encoder.to_patch_embedding")
    }
    // Without layers a plane is made of the first token along the axis that goes.
    func latent(_ plane: String, _ token: [Double]) -> [Double] {
      let moved = zip(token, values("\(plane)_pos_embedding")).map { $0 + $1 }
      return linear(moved, "pre_\(plane)").map { tanh($0) }
    }
    var tokens: [[Double]] = []
    for h in 0..<3 { for w in 0..<3 { tokens.append(latent("xy", token(0, h, w))) } }
    for t in 0..<5 { for w in 0..<3 { tokens.append(latent("yt", token(t, 0, w))) } }
    for t in 0..<5 { for h in 0..<3 { tokens.append(latent("xt", token(t, h, 0))) } }
    let expected = (0..<4).flatMap { channel in tokens.map { $0[channel] } }
    #expect(deviation(try network.encode(clip, context).values, from: expected) < 1e-5)
  }

  @Test func decodingWritesPatchesWhereTheyBelong() throws {
    let tokens = Self.configuration.geometry.tokenCount
    var numbers = SeededNumbers(4)
    let latent = Latent(values: numbers.floats(4 * tokens), tokenCount: tokens)
    func spread(_ plane: String, _ token: Int) -> [Double] {
      linear((0..<4).map { Double(latent.values[$0 * tokens + token]) }, "post_\(plane)")
    }
    let weight = values("to_pixel.1.weight")
    let bias = values("to_pixel.1.bias")
    var expected: [Double] = []
    for t in 0..<5 {
      for y in 0..<12 {
        for x in 0..<12 {
          let (h, w) = (y / 4, x / 4)
          let xy = spread("xy", h * 3 + w)
          let yt = spread("yt", 9 + t * 3 + w)
          let xt = spread("xt", 24 + t * 3 + h)
          for c in 0..<3 {
            var sum = bias[c]
            for d in 0..<Self.width {
              sum += (xy[d] + yt[d] + xt[d]) * weight[((d * 3 + c) * 4 + y % 4) * 4 + x % 4]
            }
            expected.append(2 / (1 + exp(-sum)) - 1)
          }
        }
      }
    }
    let clip = try network.decode(latent, context)
    #expect(clip.frames == 5 && clip.side == 12)
    #expect(deviation(clip.values, from: expected) < 1e-5)
  }

  @Test func positionTablesOfAnotherPatchSideAreRejected() throws {
    parameters.parameters["yt_pos_embedding"] = .init(
      shape: [1, 3, Self.width], values: [Float](repeating: 0, count: 3 * Self.width))
    let scope = ParameterScope(parameters, context: context, elementType: .float32)
    let expected = ParameterError(
      name: "yt_pos_embedding", problem: .shape(expected: [1, 4, 16], found: [1, 3, 16]))
    #expect(throws: expected) { try Autoencoder(scope, Self.configuration) }
  }
}
