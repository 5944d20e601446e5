import ArgumentParser
import Foundation
import MessagePassing
import RunKit

/// Runs a command's work as ``explaining(_:)`` does, together with the processes that were started with this
/// one; alone if there are none. A fault in one of them ends all.
///
/// - Parameter body: Gets the ranks; `nil` for one process alone.
/// - Throws: `ExitCode` with the category's exit status.
func explainingAmongRanks(
  _ body: (_ ranks: (any Communicator)?) async throws -> Void
) async throws {
  try await explaining {
    guard let launch = try WorldLaunch(environment: ProcessInfo.processInfo.environment),
      launch.size > 1
    else { return try await body(nil) }
    let ranks = try launch.join()
    do {
      try await body(ranks)
    } catch let code as ExitCode {
      // All have ended in the same way, and said so.
      try await ranks.leave()
      throw code
    } catch {
      // Most faults are met by all, and the first of them tells; what one alone meets, it tells itself.
      if ranks.rank > 0 { try? await Task.sleep(for: .seconds(1)) }
      let teller =
        ranks.rank > 0 ? "rank \(ranks.rank) on \(ProcessInfo.processInfo.hostName): " : ""
      let code = told(error, by: teller) as? ExitCode
      await StandardStreams.untilErrorsAreRead()
      ranks.abort(status: code?.rawValue ?? Explanation.Category.internalFault.rawValue)
    }
    try await ranks.leave()
  }
}
