import MessagePassing
import TensorCore

/// How processors are divided among processes that compute together.
public enum ProcessorShare {
  /// Threads for each of them: all processors that this one may use, divided by those that may use the same.
  ///
  /// - Parameter ranks: The processes; `nil` for one alone.
  /// - Throws: `CommunicationError`.
  public static func threadCount(among ranks: (any Communicator)?) async throws -> Int {
    guard let ranks else { return Processor.availableCount }
    let own = MachineFacts.processorShare
    let sharers = try await ranks.gathered(own).count { $0 == own }
    return max(1, Processor.availableCount / sharers)
  }
}
