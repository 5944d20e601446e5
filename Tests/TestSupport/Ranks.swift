import MessagePassing
import TensorCore

/// Does something as each of some ranks of one process, all at once.
///
/// - Returns: What each gave.
/// - Throws: What the first of them that failed threw; the others end with it.
package func amongRanks<Result: Sendable>(
  _ count: Int,
  _ body: @escaping @Sendable (_ ranks: any Communicator) async throws -> Result
) async throws -> [Result] {
  try await withThrowingTaskGroup(of: (Int, Result).self) { group in
    for ranks in LocalWorld.ranks(count) {
      group.addTask(executorPreference: WorkerPool.blocking) {
        do {
          return (ranks.rank, try await body(ranks))
        } catch {
          ranks.abort(status: 1)
          throw error
        }
      }
    }
    var results: [Int: Result] = [:]
    var failure: (any Error)?
    while let finished = await group.nextResult() {
      switch finished {
      case .success(let (rank, result)): results[rank] = result
      case .failure(let error):
        let isConsequence = (error as? CommunicationError)?.problem == .rankEnded
        if failure == nil || !isConsequence { failure = error }
      }
    }
    if let failure { throw failure }
    return results.sorted { $0.key < $1.key }.map(\.value)
  }
}
