import RunKit
import StudioKit

/// Carries out what one screen asks of a workspace. What changes something happens in the order in which it
/// was asked for; what only reads or computes, beside it; and what waits for folders or a cluster in an order of its
/// own, so that a job is told to stop meanwhile.
final class RequestRunner: Sendable {
  private typealias Work = @Sendable () async -> Void

  /// Work that is done one after the other.
  private struct Lane {
    let order: AsyncStream<Work>.Continuation
    let work: Task<Void, Never>

    init() {
      let (stream, order) = AsyncStream<Work>.makeStream()
      self.order = order
      work = Task { for await change in stream { await change() } }
    }
  }

  private let workspace: Task<Workspace, any Error>
  private let changes = Lane()
  private let waitingChanges = Lane()

  /// - Parameter workspace: The workspace, which may still be on its way.
  init(_ workspace: Task<Workspace, any Error>) { self.workspace = workspace }

  deinit {
    for lane in [changes, waitingChanges] { lane.order.finish() }
  }

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
      (request.waitsForOthers ? waitingChanges : changes).order.yield(work)
    }
  }

  /// Takes no more changes, and waits until those that were asked for are carried out.
  func finish() async {
    for lane in [changes, waitingChanges] { lane.order.finish() }
    for lane in [changes, waitingChanges] { await lane.work.value }
  }
}
