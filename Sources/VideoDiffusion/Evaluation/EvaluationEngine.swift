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
  ///   - threadCount: Threads; `nil` for all processors of the process.
  ///   - onProgress: Called with the weights taken and their total; throwing ends the load.
  /// - Throws: What ``FeatureNetworkFile/load(_:frames:onProgress:)`` throws.
  public static func load(
    _ file: FeatureNetworkFile, frames: Int, threadCount: Int? = nil,
    onProgress: @escaping @Sendable (_ loaded: Int, _ total: Int) throws -> Void = { _, _ in }
  ) async throws -> EvaluationEngine {
    let engine = EvaluationEngine()
    try await engine.open(file, frames, threadCount, onProgress)
    return engine
  }

  private func open(
    _ file: FeatureNetworkFile, _ frames: Int, _ threadCount: Int?,
    _ onProgress: @escaping @Sendable (Int, Int) throws -> Void
  ) throws {
    let context = ComputeContext(try Device.open(threadCount: threadCount))
    loaded = (context, try file.load(context, frames: frames, onProgress: onProgress))
    context.releaseUnusedMemory()
  }

  /// The features of clips of one length, `[clips, features]`.
  ///
  /// - Throws: ``EvaluationError`` for clips that are too short or features that are not finite,
  ///   `TensorError` if memory is short.
  package func features(of clips: [FrameBytes]) throws -> [[Float]] {
    guard let loaded else { preconditionFailure("an engine is only given out when it is loaded") }
    return try loaded.network.features(of: clips, loaded.context)
  }
}
