/// What `update` asks for beside changing the model. Commands are values; the runtime carries
/// them out.
public struct Command<Message: Sendable>: Sendable {
  package enum Operation: Sendable {
    case send(Message)
    case run(id: String?, @Sendable (Dispatcher<Message>) async -> Void)
    case cancel(id: String)
    case after(id: String, Duration, Message)
    case quit
    case suspend
    case redraw
    case signal(TerminalSignal)
  }

  package let operations: [Operation]

  /// Nothing.
  public static var none: Command { Command(operations: []) }

  /// Several commands, in order.
  public static func batch(_ commands: [Command]) -> Command {
    Command(operations: commands.flatMap(\.operations))
  }

  /// Handles another message next, before anything else that is waiting.
  public static func send(_ message: Message) -> Command {
    Command(operations: [.send(message)])
  }

  /// Work beside the program that ends in one message, or in none.
  ///
  /// - Parameter id: a name to cancel it by. Work already running under it is cancelled first.
  public static func task(
    id: String? = nil, _ body: @escaping @Sendable () async -> Message?
  ) -> Command {
    .run(id: id) { dispatcher in
      if let message = await body() { dispatcher.send(message) }
    }
  }

  /// Work beside the program that sends messages while it goes on.
  ///
  /// - Parameter id: a name to cancel it by. Work already running under it is cancelled first.
  public static func run(
    id: String? = nil, _ body: @escaping @Sendable (Dispatcher<Message>) async -> Void
  ) -> Command {
    Command(operations: [.run(id: id, body)])
  }

  /// Cancels the work, or the timer, of that name.
  public static func cancel(_ id: String) -> Command { Command(operations: [.cancel(id: id)]) }

  /// Sends a message once, later. A timer waiting under the same name is replaced.
  public static func after(_ delay: Duration, id: String, _ message: Message) -> Command {
    Command(operations: [.after(id: id, delay, message)])
  }

  /// Ends the program.
  public static var quit: Command { Command(operations: [.quit]) }

  /// Stops the process as Ctrl-Z does, until the shell continues it.
  public static var suspend: Command { Command(operations: [.suspend]) }

  /// Sends the terminal something beside what is drawn.
  public static func signal(_ signal: TerminalSignal) -> Command {
    Command(operations: [.signal(signal)])
  }

  /// Draws the whole screen anew, for when something else wrote on it.
  public static var redraw: Command { Command(operations: [.redraw]) }
}
