import Foundation
import RunKit
import TensorCore
import VideoDiffusion

/// Makes a very long video with a tiny model, clip after clip as any run does, and compares its
/// beginning with its end: the time of a step and the memory must not grow.
public struct LongVideoBenchmark: Sendable {
  /// Clips that were made.
  public let clipCount: Int
  /// Steps of each clip.
  public let stepCount: Int
  /// Seconds of the median step in the first tenth of the clips, and in the last.
  public let firstStepSeconds, lastStepSeconds: Double
  /// Seconds that all of it took.
  public let seconds: Double
  /// Resident memory after the first tenth of the clips, and at the end, in bytes.
  public let firstByteCount, lastByteCount: Int

  /// What a step takes longer at the end, as a share; negative if it is faster.
  public var timeGrowth: Double { lastStepSeconds / firstStepSeconds - 1 }
  /// Bytes that came between the first tenth and the end.
  public var byteGrowth: Int { lastByteCount - firstByteCount }

  /// Runs the benchmark; every clip but the first continues the one before, and each is decoded.
  ///
  /// - Parameters:
  ///   - clipCount: Clips to make, at least 10.
  ///   - stepCount: Steps of each clip.
  public static func run(clipCount: Int, stepCount: Int = 4) async throws -> Self {
    precondition(clipCount >= 10)
    let folder = try ScratchFolder("bench")
    defer { folder.remove() }
    let engine = try VideoEngine()
    for (index, network) in networks.enumerated() {
      let path = "\(folder.path)/\(index).pth"
      try RandomCheckpoint.write(to: path, network, elementType: .float32)
      try await engine.load(NetworkFile(path: path))
    }
    let sampler = SamplerConfiguration(steps: stepCount)
    let request = GenerationRequest(
      clipCount: clipCount, firstSampler: sampler, laterSampler: sampler)

    var steps: [Double] = []
    steps.reserveCapacity(clipCount * stepCount)
    var firstByteCount = 0
    let clock = ContinuousClock()
    let start = clock.now
    for try await event in engine.generate(request) {
      switch event {
      case .clipStarted: break
      case .step(let step): steps.append(step.seconds)
      case .clipFinished(let clip):
        for latent in clip.latents { _ = try await engine.decode(latent) }
        if clip.clip + 1 == clipCount / 10 { firstByteCount = MemoryUse.residentByteCount }
      }
    }
    let seconds = (clock.now - start).inSeconds
    let tenth = steps.count / 10
    return Self(
      clipCount: clipCount, stepCount: stepCount, firstStepSeconds: steps.prefix(tenth).median,
      lastStepSeconds: steps.suffix(tenth).median,
      seconds: seconds, firstByteCount: firstByteCount,
      lastByteCount: MemoryUse.residentByteCount)
  }

  /// Frames of 32 x 32 and a denoiser of one level: small enough for thousands of clips a minute.
  private static var networks: [NetworkFile.Network] {
    let autoencoder = AutoencoderConfiguration(
      resolution: 32, width: 32, layers: 1, projectionLayers: 1, projectionHiddenWidth: 64)
    return [
      .autoencoder(autoencoder),
      .denoiser(
        DenoiserConfiguration(
          geometry: autoencoder.geometry, baseWidth: 32, widthMultipliers: [1], residualBlocks: 1,
          attentionFactors: [1])),
    ]
  }

  /// All of it as flat fields.
  public var fields: [String: JSONValue] {
    [
      "long.clips": .integer(clipCount),
      "long.steps_per_clip": .integer(stepCount),
      "long.seconds": .number(rounded(seconds)),
      "long.step.first.seconds": .number(rounded(firstStepSeconds)),
      "long.step.last.seconds": .number(rounded(lastStepSeconds)),
      "long.step.growth": .number(rounded(timeGrowth)),
      "long.memory.first_bytes": .integer(firstByteCount),
      "long.memory.last_bytes": .integer(lastByteCount),
      "long.memory.growth_bytes": .integer(byteGrowth),
    ]
  }
}
