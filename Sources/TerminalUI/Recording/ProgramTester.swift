/// Runs a program without a terminal, a thread or a clock, for tests: keys and messages go in,
/// the model and drawn grids come out.
///
/// Work of commands runs only in `settle`, so between two calls nothing changes by itself.
public final class ProgramTester<Model: Sendable, Message: Sendable> {
  /// Whether the program has quit.
  public private(set) var hasQuit = false
  /// How often the program asked to be suspended.
  public private(set) var suspensions = 0
  /// What was sent to the terminal beside what is drawn.
  public private(set) var signals: [TerminalSignal] = []

  private let program: Program<Model, Message>
  private var engine: Engine<Model, Message>
  private let inbox = Inbox<Message> {}
  private let runner: TaskRunner<Message>
  private var pendingRuns: [Engine<Model, Message>.Effect] = []
  private var context: ViewContext
  private var now = Duration.zero

  /// - Parameters:
  ///   - program: the program.
  ///   - size: the window's size.
  ///   - colorMode: the colours of the pretended terminal.
  public init(
    _ program: Program<Model, Message>, size: TerminalSize = .standard,
    colorMode: ColorMode = .trueColor
  ) {
    self.program = program
    engine = Engine(program: program, now: .zero)
    runner = TaskRunner(dispatcher: Dispatcher(inbox: inbox))
    context = ViewContext(
      capabilities: TerminalCapabilities(
        colorMode: colorMode, isUTF8: true, isTerminal: true, size: size))
    handle(.resize(size))
  }

  /// The model now.
  public var model: Model { engine.model }

  /// Handles a message.
  public func send(_ message: Message) {
    engine.send(message)
    takeEffects()
  }

  /// Handles an event.
  public func handle(_ event: TerminalEvent) {
    if case .resize(let size) = event { context.capabilities.size = size }
    engine.handle(event)
    takeEffects()
  }

  /// Presses keys, one after the other.
  public func press(_ keys: Key...) { for key in keys { handle(.key(key)) } }

  /// Types a text, character by character.
  public func type(_ text: String) { for character in text { press(.character(character)) } }

  /// Lets time pass; timers fire at their times.
  public func advance(by duration: Duration) {
    let end = now + duration
    while let deadline = engine.nextDeadline, deadline <= end {
      now = max(deadline, now)
      engine.advance(to: now)
      takeEffects()
    }
    now = end
    engine.advance(to: end)
    takeEffects()
  }

  /// Runs the work that commands asked for, and what that leads to, until nothing is left.
  public func settle() async {
    while true {
      let runs = pendingRuns
      pendingRuns = []
      for effect in runs {
        switch effect {
        case .run(let id, let body): runner.run(id: id, body)
        case .cancel(let id): runner.cancel(id: id)
        case .quit, .suspend, .redraw, .signal: break
        }
      }
      await runner.finishAll()
      let messages = inbox.takeAll()
      for message in messages { send(message) }
      if messages.isEmpty, pendingRuns.isEmpty { return }
    }
  }

  /// Draws the model as it is now.
  public func draw() -> CellBuffer {
    let size = context.capabilities.size
    var buffer = CellBuffer(columns: size.columns, rows: size.rows)
    program.view(engine.model, context, &buffer)
    return buffer
  }

  private func takeEffects() {
    for effect in engine.takeEffects() {
      switch effect {
      case .run, .cancel: pendingRuns.append(effect)
      case .quit: hasQuit = true
      case .suspend: suspensions += 1
      case .redraw: break
      case .signal(let signal): signals.append(signal)
      }
    }
  }
}
