import StudioLink
import TerminalUI

/// Puts the studio's model, update and view together as a program for a terminal.
package enum StudioProgram {
  /// Carries out what concerns the workspace.
  package typealias Perform = @Sendable (WorkspaceRequest) -> Command<StudioMessage>

  /// - Parameters:
  ///   - model: The studio at its start.
  ///   - start: What to do first, such as listening to a workspace.
  ///   - perform: Carries out what the workspace is asked for.
  ///   - quit: Leaves the workspace.
  package static func make(
    model: StudioModel, start: Command<StudioMessage> = .none,
    perform: @escaping Perform, quit: Command<StudioMessage> = .none
  ) -> Program<StudioModel, StudioMessage> {
    Program(
      model: model, start: start,
      update: { model, message in
        .batch(model.update(message).map { command(for: $0, perform, quit) })
      },
      view: { model, context, buffer in model.draw(context, in: &buffer) },
      event: { _, event in message(for: event) },
      subscriptions: { model in
        guard !model.isHungUp, let interval = model.screens[model.screen].frameInterval(model.app)
        else { return [] }
        return [Subscription(every: interval, id: "frame", .frame)]
      },
      drawing: { model in
        DrawingPreferences(
          theme: model.theme, bytesPerSecond: model.bytesPerSecond, colorMode: model.colorMode,
          pictureGrade: model.pictureGrade, usesMouse: model.usesMouse, title: model.title)
      })
  }

  private static func command(
    for errand: Errand, _ perform: Perform, _ quit: Command<StudioMessage>
  ) -> Command<StudioMessage> {
    switch errand {
    case .terminal(.leave): .quit
    case .terminal(.suspend): .suspend
    case .terminal(.redraw): .redraw
    case .terminal(.signal(let signal)): .signal(signal)
    case .workspace(let request): perform(request)
    case .quit: quit
    }
  }

  private static func message(for event: TerminalEvent) -> StudioMessage? {
    switch event {
    case .key(let key): .key(key)
    case .paste(let text): .paste(text)
    case .mouse(let mouse):
      switch mouse.action {
      case .wheelUp: .key(.up)
      case .wheelDown: .key(.down)
      case .press: .click(column: mouse.column, row: mouse.row)
      case .drag: .drag(column: mouse.column, row: mouse.row)
      case .release: nil
      }
    case .focus(let isWatched): .focus(isWatched)
    case .resize(let size): .resized(size)
    case .interrupt: .interrupt
    case .terminate: .terminate
    case .hangup: .hangup
    case .resumed: nil
    }
  }
}
