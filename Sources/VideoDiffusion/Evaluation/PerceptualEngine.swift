import CheckpointIO
import Foundation
import NeuralLayers
import TensorCore

/// The perceptual distance (LPIPS) of clips, on a thread of its own.
public actor PerceptualEngine {
  private nonisolated let thread = ComputeThread()
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }

  private var loaded: (context: ComputeContext, distance: PerceptualDistance)?
  /// Frames that are compared at once.
  private static let batch = 4

  private init() {}

  /// Loads the networks of the distance.
  ///
  /// - Parameters:
  ///   - weights: A file with the weights of the channels, `lin0.model.1.weight` to `lin4`.
  ///   - features: A file with VGG16's convolutions; `nil` if they are in the first one too.
  ///   - side: Side of the frames that it will see, a multiple of 16.
  ///   - threadCount: Threads; `nil` for all processors of the process.
  /// - Throws: ``EvaluationError`` if a file is not there, ``ModelError`` naming the file and the
  ///   weight that is missing, misshapen or not finite, `CheckpointError` for a damaged file.
  public static func load(
    weights: String, features: String?, side: Int, threadCount: Int? = nil
  ) async throws -> PerceptualEngine {
    precondition(side % 16 == 0, "frames are halved four times")
    let engine = PerceptualEngine()
    try await engine.open(weights, features ?? weights, side, threadCount)
    return engine
  }

  private func open(
    _ weights: String, _ features: String, _ side: Int, _ threadCount: Int?
  ) throws {
    let context = ComputeContext(try Device.open(threadCount: threadCount))
    loaded = (
      context,
      try PerceptualDistance.load(weights: weights, features: features, side: side, context)
    )
    context.releaseUnusedMemory()
  }

  /// The mean distance over the frames of two clips of one shape.
  ///
  /// - Returns: 0 or more, and 0 for equal clips.
  /// - Throws: `TensorError` if memory is short.
  public func distance(_ clip: PixelClip, _ other: PixelClip) throws -> Double {
    precondition(clip.frames == other.frames && clip.side == other.side)
    guard let loaded else { preconditionFailure("an engine is only given out when it is loaded") }
    let size = clip.side * clip.side * 3
    var sum = 0.0
    for first in stride(from: 0, to: clip.frames, by: Self.batch) {
      let end = min(first + Self.batch, clip.frames)
      let tensors = try [clip, other].map {
        try loaded.context.tensor(
          $0.values[(first * size)..<(end * size)],
          shape: [end - first, clip.side, clip.side, 3])
      }
      let slices = try loaded.context.read(
        loaded.distance(tensors[0], tensors[1], loaded.context).distances)
      for frame in 0..<(end - first) { sum += Double(slices.reduce(0) { $0 + $1[frame] }) }
    }
    return sum / Double(clip.frames)
  }
}

extension PerceptualDistance {
  /// Loads the networks of the distance from the files users have.
  ///
  /// - Parameters:
  ///   - weights: A file with the weights of the channels, `lin0.model.1.weight` to `lin4`.
  ///   - features: A file with VGG16's convolutions; may be the same.
  ///   - side: Side of the frames that it will mostly see, a multiple of 16.
  /// - Throws: ``EvaluationError`` if a file is not there, ``ModelError`` naming the file and the
  ///   weight that is missing, misshapen or not finite, `CheckpointError` for a damaged file.
  static func load(
    weights: String, features: String, side: Int, _ context: ComputeContext
  ) throws -> PerceptualDistance {
    do {
      return try PerceptualDistance(
        features: parameters(features), weights: parameters(weights), side: side, context)
    } catch let error as ParameterError {
      throw ModelError(
        path: error.name.hasPrefix("lin") ? weights : features, .parameter(error.description))
    }
  }

  private static func parameters(_ path: String) throws -> CheckpointParameters {
    guard FileManager.default.fileExists(atPath: path) else {
      throw EvaluationError.noPerceptualWeights(path: path)
    }
    let checkpoint = try Checkpoint(contentsOf: path)
    return CheckpointParameters(
      checkpoint,
      try StateDictionary(
        in: checkpoint,
        networks: ["lin0.model.1.weight", "features.0.weight", "net.slice1.0.weight"].map {
          WeightNames(landmarks: [$0])
        }))
  }
}
