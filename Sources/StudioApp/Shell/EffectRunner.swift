import Foundation
import RunKit
import StudioKit
import TerminalUI

/// Carries out requests to the workspace. What changes something happens in the order in which it was
/// asked for; what only reads or computes, beside it.
final class EffectRunner: Sendable {
  typealias Sender = Dispatcher<StudioMessage>
  private typealias Work = @Sendable (Workspace, Sender) async throws -> Void

  private let opening: OpeningWorkspace
  private let changes: AsyncStream<Work>
  private let order: AsyncStream<Work>.Continuation

  /// - Parameter opening: The workspace, which may still be on its way.
  init(opening: OpeningWorkspace) {
    self.opening = opening
    (changes, order) = AsyncStream.makeStream()
  }

  /// Opens the workspace, tells what it holds, and from then on carries out what is asked for.
  var start: Command<StudioMessage> {
    .batch([
      .run { sender in
        do {
          let workspace = try await self.opening.workspace()
          let preferences = await Self.preferences(of: workspace)
          sender.send(.ready(preferences, modelFolders: await workspace.modelFolders))
          for await work in self.changes { await Self.attempt(work, workspace, sender) }
        } catch {
          sender.send(.failedToOpen(error))
        }
      },
      .run { sender in
        guard let workspace = try? await self.opening.workspace() else { return }
        for await event in workspace.events() { sender.send(.workspace(event)) }
      },
    ])
  }

  /// The command for a request.
  func command(for request: WorkspaceRequest) -> Command<StudioMessage> {
    switch request {
    case .query(let query): beside { try await Self.answer(query, $0, $1) }
    case .order(let order): inOrder { try await Self.carryOut(order, $0, $1) }
    case .job(let change): inOrder { workspace, _ in try await Self.carryOut(change, workspace) }
    case .tree(let change): inOrder { workspace, _ in try await Self.carryOut(change, workspace) }
    case .video(let change): inOrder { try await Self.carryOut(change, $0, $1) }
    case .library(let change): inOrder { try await Self.carryOut(change, $0, $1) }
    case .remember(let preference):
      inOrder { workspace, _ in
        var preferences = await Self.preferences(of: workspace)
        preferences.set(preference)
        try await workspace.setState(Self.preferencesName, preferences)
      }
    case .open(let path): inOrder { $1.send(.follow(try await Self.open(path, $0))) }
    case .quit:
      // What was asked for before is done before, but nobody waits for a file to be understood.
      .batch([
        .run { _ in _ = try? await self.opening.workspace().stopReading() },
        inOrder { workspace, sender in
          await workspace.close()
          sender.send(.closed)
        },
      ])
    }
  }

  private func inOrder(_ work: @escaping Work) -> Command<StudioMessage> {
    order.yield(work)
    return .none
  }

  private func beside(_ work: @escaping Work) -> Command<StudioMessage> {
    .run { sender in
      guard let workspace = try? await self.opening.workspace() else { return }
      await Self.attempt(work, workspace, sender)
    }
  }

  private static func attempt(
    _ work: Work, _ workspace: Workspace, _ sender: Sender
  ) async {
    do { try await work(workspace, sender) } catch {
      sender.send(.follow([.notify(Notice(error))]))
    }
  }

  private static let preferencesName = "studio"

  /// What was remembered.
  private static func preferences(of workspace: Workspace) async -> Preferences {
    await workspace.state(preferencesName) ?? Preferences()
  }
}
