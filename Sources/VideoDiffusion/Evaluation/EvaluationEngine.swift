import TensorCore

/// A feature network at work on a thread of its own.
public actor EvaluationEngine {
  private nonisolated let thread = ComputeThread()
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }

  private var loaded: (context: ComputeContext, network: any FeatureNetwork)?

  private init() {}

  /// Loads a feature network.
  ///
  /// - Parameters:
  ///   - frames: Frames of the clips that it will see most.
  ///   - device: What is to compute.
  ///   - threadCount: Threads of the processor; `nil` for all of the process.
  ///   - onShortage: Called with a sentence when fewer clips are looked at at a time because a card's memory is
  ///     short.
  ///   - onProgress: Called with the weights taken and their total; throwing ends the load.
  /// - Throws: What ``FeatureNetworkFile/load(_:frames:onProgress:)`` throws, and ``ModelError`` if there is no such
  ///   device.
  public static func load(
    _ file: FeatureNetworkFile, frames: Int, device: DeviceChoice = .processor,
    threadCount: Int? = nil, onShortage: @escaping @Sendable (String) -> Void = { _ in },
    onProgress: @escaping @Sendable (_ loaded: Int, _ total: Int) throws -> Void = { _, _ in }
  ) async throws -> EvaluationEngine {
    let engine = EvaluationEngine()
    try await engine.open(file, frames, device, threadCount, onShortage, onProgress)
    return engine
  }

  private func open(
    _ file: FeatureNetworkFile, _ frames: Int, _ device: DeviceChoice, _ threadCount: Int?,
    _ onShortage: @escaping @Sendable (String) -> Void,
    _ onProgress: @escaping @Sendable (Int, Int) throws -> Void
  ) throws {
    let context = ComputeContext(
      try Device.open(device, threadCount: threadCount, for: .float32))
    context.onShortage = onShortage
    loaded = (context, try file.load(context, frames: frames, onProgress: onProgress))
    context.releaseUnusedMemory()
  }

  /// The features of clips of one length, `[clips, features]`.
  ///
  /// - Throws: ``EvaluationError`` for clips that are too short or features that are not finite,
  ///   `TensorError` if memory is short.
  package func features(of clips: [FrameBytes]) throws -> [[Float]] {
    guard let loaded else { preconditionFailure("an engine is only given out when it is loaded") }
    let (context, network) = loaded
    let work = DividedWork(network.kind.rawValue.uppercased(), thing: "clip")
    return try context.inPieces(work, of: clips.count) { size in
      try stride(from: 0, to: clips.count, by: size).flatMap { start in
        try network.features(of: Array(clips[start..<min(start + size, clips.count)]), context)
      }
    }
  }
}
