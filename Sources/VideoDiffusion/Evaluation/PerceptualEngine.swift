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

  /// The side of frames is a multiple of this, in pixels: VGG16 halves them four times.
  public static let sideMultiple = 16

  /// Whether frames of a side, in pixels, can be compared.
  public static func takes(side: Int) -> Bool { side.isMultiple(of: sideMultiple) }

  /// Whether a file has the weights of the channels alone, so that VGG16's convolutions must come from another.
  public static func lacksFeatures(_ path: String) -> Bool {
    guard let checkpoint = try? Checkpoint(contentsOf: path) else { return false }
    let names = checkpoint.tensors.map(\.name)
    return !PerceptualDistance.featureLandmarks.contains { landmark in
      names.contains { $0.hasSuffix(landmark) }
    }
  }

  private init() {}

  /// Loads the networks of the distance.
  ///
  /// - Parameters:
  ///   - weights: A file with the weights of the channels, `lin0.model.1.weight` to `lin4`.
  ///   - features: A file with VGG16's convolutions; `nil` if they are in the first one too.
  ///   - side: Side of the frames that it will see, a multiple of ``sideMultiple``.
  ///   - device: What is to compute.
  ///   - threadCount: Threads of the processor; `nil` for all of the process.
  ///   - onShortage: Called with a sentence when fewer frames are compared at a time because a card's memory is
  ///     short.
  /// - Throws: ``EvaluationError`` if a file is not there, ``ModelError`` naming the file and the
  ///   weight that is missing, misshapen or not finite, or a device that there is not, `CheckpointError` for a
  ///   damaged file.
  public static func load(
    weights: String, features: String?, side: Int, device: DeviceChoice = .processor,
    threadCount: Int? = nil, onShortage: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> PerceptualEngine {
    precondition(takes(side: side), "frames are halved four times")
    let engine = PerceptualEngine()
    try await engine.open(weights, features ?? weights, side, device, threadCount, onShortage)
    return engine
  }

  private func open(
    _ weights: String, _ features: String, _ side: Int, _ device: DeviceChoice,
    _ threadCount: Int?, _ onShortage: @escaping @Sendable (String) -> Void
  ) throws {
    let context = ComputeContext(
      try Device.open(device, threadCount: threadCount, for: .float32))
    context.onShortage = onShortage
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
    let work = DividedWork("LPIPS", thing: "frame")
    let frames = try loaded.context.inPieces(work, of: min(Self.batch, clip.frames)) { size in
      try stride(from: 0, to: clip.frames, by: size).flatMap { first in
        try distances(clip, other, first..<min(first + size, clip.frames), loaded)
      }
    }
    return frames.reduce(0, +) / Double(clip.frames)
  }

  /// The distance of each of some frames.
  private func distances(
    _ clip: PixelClip, _ other: PixelClip, _ frames: Range<Int>,
    _ loaded: (context: ComputeContext, distance: PerceptualDistance)
  ) throws -> [Double] {
    let size = clip.side * clip.side * 3
    let tensors = try [clip, other].map {
      try loaded.context.tensor(
        $0.values[(frames.lowerBound * size)..<(frames.upperBound * size)],
        shape: [frames.count, clip.side, clip.side, 3])
    }
    let slices = try loaded.context.read(
      loaded.distance(tensors[0], tensors[1], loaded.context).distances)
    return frames.indices.map { frame in
      Double(slices.reduce(0) { $0 + $1[frame - frames.lowerBound] })
    }
  }
}

extension PerceptualDistance {
  /// Names of VGG16's first weights, as torchvision's network and that of LPIPS have them.
  fileprivate static let featureLandmarks = ["features.0.weight", "net.slice1.0.weight"]

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
        networks: (["lin0.model.1.weight"] + featureLandmarks).map {
          WeightNames(landmarks: [$0])
        }))
  }
}
