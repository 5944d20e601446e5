import RunKit
import StudioKit
import StudioLink
import TerminalUI

/// Brings what the studio asks to its workspace, and what comes back to the studio.
final class EffectRunner: Sendable {
  private let service: any StudioService
  private let answers: AsyncStream<StudioMessage>
  private let inbox: AsyncStream<StudioMessage>.Continuation

  /// - Parameter service: The way to the workspace, which may still be on its way itself.
  init(service: any StudioService) {
    self.service = service
    (answers, inbox) = AsyncStream.makeStream()
  }

  /// Opens the workspace, and from then on tells what it holds and what becomes of it.
  var start: Command<StudioMessage> {
    .batch([
      .run { sender in for await message in self.answers { sender.send(message) } },
      .run { sender in
        do {
          let greeting = try await self.service.open()
          sender.send(.ready(greeting.preferences, modelFolders: greeting.modelFolders))
        } catch {
          return sender.send(.failedToOpen(error))
        }
        for await event in await self.service.events() { sender.send(.workspace(event)) }
        if let failure = self.service.failure { sender.send(.failedToOpen(failure)) }
      },
    ])
  }

  /// Asks the workspace. Answers come as messages.
  func command(for request: WorkspaceRequest) -> Command<StudioMessage> {
    // Asked for here, not in a task, so that the order of what is asked for stays.
    service.perform(request) { [inbox] answer in
      for message in answer.messages(to: request) { inbox.yield(message) }
      if case .query(let query) = request, let question = Question(query) {
        inbox.yield(.answered(question))
      }
    }
    return .none
  }

  /// Leaves the workspace, once what was asked for is done or on its way.
  var quit: Command<StudioMessage> {
    .run { sender in
      await self.service.close()
      sender.send(.closed)
    }
  }
}
