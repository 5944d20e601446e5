import RunKit
import StudioKit

/// The workspace in the screen's own process, which is opened while the screen already draws.
package final class LocalService: StudioService {
  private let workspace: Task<Workspace, any Error>
  private let requests: RequestRunner

  package let outlivesScreen = false
  package let failure: (any Error)? = nil

  /// - Parameter open: Opens the workspace.
  package init(_ open: @escaping @Sendable () async throws -> Workspace) {
    let workspace = Task { try await open() }
    self.workspace = workspace
    requests = RequestRunner(workspace)
  }

  package func open() async throws -> StudioGreeting {
    await StudioGreeting(of: try await workspace.value)
  }

  package func events() async -> AsyncStream<WorkspaceEvent> {
    // Whoever opens it is told why it cannot be.
    guard let workspace = try? await workspace.value else { return AsyncStream { nil } }
    return workspace.events()
  }

  package func perform(
    _ request: WorkspaceRequest, answer: @escaping @Sendable (WorkspaceAnswer) -> Void
  ) {
    requests.perform(request, answer: answer)
  }

  package func close() async {
    guard let workspace = try? await workspace.value else { return }
    // What was asked for before is done before, but nobody waits for a file to be understood.
    await workspace.stopReading()
    await requests.finish()
    await workspace.close()
  }
}
