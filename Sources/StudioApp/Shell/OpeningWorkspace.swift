import RunKit
import StudioKit

/// A workspace that is being opened while the studio already draws.
actor OpeningWorkspace {
  private let task: Task<Workspace, any Error>

  init(folders: StudioFolders, resources: ResourceLocator) {
    task = Task { try await Workspace(folders: folders, resources: resources) }
  }

  /// The workspace, once it is open.
  ///
  /// - Throws: Why it cannot be opened.
  func workspace() async throws -> Workspace { try await task.value }

  /// Closes the workspace if it was opened; closing twice does no harm.
  func close() async {
    guard let workspace = try? await task.value else { return }
    await workspace.close()
  }
}
