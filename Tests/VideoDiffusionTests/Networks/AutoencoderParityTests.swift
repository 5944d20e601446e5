import Foundation
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Autoencoders against the original's encoding and decoding.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct AutoencoderParityTests {
  @Test(arguments: GoldenNetwork.autoencoders)
  func encodingMatches(_ golden: GoldenNetwork.AutoencoderCase) throws {
    let context = try ComputeContext(threadCount: 2)
    let network = try golden.load(context, .float32)
    let file = try golden.inputsAndOutputs()
    let latent = try network.encode(file.clip("video_u8"), context)
    #expect(largestDifference(latent.values, try file.float("latent")) < 5e-4)
  }

  /// At 256 pixels the latent tells the same, and a second encoding takes seconds.
  @Test func encoderTokensMatch() throws {
    let context = try ComputeContext(threadCount: 2)
    let golden = GoldenNetwork.autoencoders[0]
    let network = try golden.load(context, .float32)
    let file = try golden.inputsAndOutputs()
    let expected = try file.float("encoder_tokens_first64")
    let tokens = try context.read(network.encoderTokens(file.clip("video_u8"), context))
    #expect(largestDifference(Array(tokens.prefix(expected.count)), expected) < 5e-4)
  }

  @Test(arguments: GoldenNetwork.autoencoders)
  func decodedFramesMatchWithinALevel(_ golden: GoldenNetwork.AutoencoderCase) throws {
    let frames = try decodedFrames(golden, .float32)
    #expect(largestDifference(frames.found, frames.expected) * 127.5 < 1)
  }

  @Test(
    arguments: GoldenNetwork.autoencoders)
  func bfloat16FramesAreAsGoodAs35Decibels(_ golden: GoldenNetwork.AutoencoderCase) throws {
    let frames = try decodedFrames(golden, .bfloat16)
    let squares = zip(frames.found, frames.expected).map { pow(Double($0 - $1) / 2, 2) }
    let signalToNoise = -10 * log10(squares.reduce(0, +) / Double(squares.count))
    #expect(signalToNoise >= 35)
  }

  @Test
  func bfloat16LatentsStayCloseToFloat32() throws {
    let context = try ComputeContext(threadCount: 2)
    let golden = GoldenNetwork.autoencoders[0]
    let clip = try golden.inputsAndOutputs().clip("video_u8")
    let exact = try golden.load(context, .float32).encode(clip, context)
    let rounded = try golden.load(context, .bfloat16).encode(clip, context)
    #expect(relativeError(rounded.values, from: exact.values) < 0.03)
  }

  /// The golden latent's frames `[n, 3, side, side]`, decoded here and by the original in float32.
  private func decodedFrames(
    _ golden: GoldenNetwork.AutoencoderCase, _ type: ElementType
  ) throws -> (found: [Float], expected: [Float]) {
    let context = try ComputeContext(threadCount: 2)
    let file = try golden.inputsAndOutputs()
    let clip = try golden.load(context, type).decode(try file.latents("latent")[0], context)
    let area = clip.side * clip.side
    let found = try file.ints("decoded_frame_index").flatMap { frame in
      (0..<3).flatMap { channel in
        (0..<area).map { clip.values[(frame * area + $0) * 3 + channel] }
      }
    }
    return (found, try file.float("decoded"))
  }
}
