import RunKit
import StudioKit

/// The only way from a screen to a workspace: in the same process (``LocalService``), or through a socket
/// in a worker's (``SocketService``).
package protocol StudioService: Sendable {
  /// Whether what runs goes on when the screen leaves.
  var outlivesScreen: Bool { get }

  /// Waits until the workspace can be asked.
  ///
  /// - Returns: What a screen begins with.
  /// - Throws: Why it cannot be.
  func open() async throws -> StudioGreeting

  /// What changes, after the whole present state, until the service ends. Whoever is slow hears the newest
  /// of what was missed.
  func events() async -> AsyncStream<WorkspaceEvent>

  /// Asks, and waits for nothing: what changes something is carried out in the order in which it was asked
  /// for, what only reads or computes beside it.
  ///
  /// - Parameter answer: Called once, from any thread.
  func perform(_ request: WorkspaceRequest, answer: @escaping @Sendable (WorkspaceAnswer) -> Void)

  /// Leaves, once what was asked for is done or on its way. Work that belongs to the screen's own process
  /// stops after its step, to go on the next time.
  func close() async

  /// Why the events ended, where nobody asked for it.
  var failure: (any Error)? { get }
}

/// What a screen begins with.
package struct StudioGreeting: Sendable, Hashable, Codable {
  /// What was remembered from the last time.
  package var preferences: Preferences
  /// Folders in which models are looked for.
  package var modelFolders: [String]

  package init(preferences: Preferences, modelFolders: [String]) {
    self.preferences = preferences
    self.modelFolders = modelFolders
  }

  /// What a workspace tells a screen that begins.
  init(of workspace: Workspace) async {
    self.init(
      preferences: await workspace.state(Preferences.stateName) ?? Preferences(),
      modelFolders: await workspace.modelFolders)
  }
}
