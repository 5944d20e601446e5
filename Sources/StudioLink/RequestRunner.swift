import RunKit
import StudioKit

/// Carries out what one screen asks of a workspace. What changes something happens in the order in which it
/// was asked for; what only reads or computes, beside it.
final class RequestRunner: Sendable {
  private typealias Work = @Sendable () async -> Void

  private let workspace: Task<Workspace, any Error>
  private let order: AsyncStream<Work>.Continuation
  private let changes: Task<Void, Never>

  /// - Parameter workspace: The workspace, which may still be on its way.
  init(_ workspace: Task<Workspace, any Error>) {
    self.workspace = workspace
    let (stream, order) = AsyncStream<Work>.makeStream()
    self.order = order
    changes = Task { for await change in stream { await change() } }
  }

  deinit { order.finish() }

  /// Asks, and waits for nothing.
  ///
  /// - Parameter answer: Called once, from any thread.
  func perform(
    _ request: WorkspaceRequest, answer: @escaping @Sendable (WorkspaceAnswer) -> Void
  ) {
    let work: Work = { [workspace] in
      // Where there is no workspace, whoever waits for it was told why.
      guard let workspace = try? await workspace.value else { return answer(.done) }
      do { answer(try await Self.carryOut(request, workspace)) } catch {
        answer(.told(Notice(error)))
      }
    }
    if case .query = request {
      Task { await work() }
    } else {
      order.yield(work)
    }
  }

  /// Takes no more changes, and waits until those that were asked for are carried out.
  func finish() async {
    order.finish()
    await changes.value
  }
}
