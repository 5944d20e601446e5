/// The part of a running program that has no terminal, no threads and no clock of its own: the
/// model, its timers and the effects still to be carried out.
package struct Engine<Model: Sendable, Message: Sendable>: Sendable {
  /// What the host has to do.
  package enum Effect: Sendable {
    case run(id: String?, @Sendable (Dispatcher<Message>) async -> Void)
    case cancel(id: String)
    case quit
    case suspend
    case redraw
    case signal(TerminalSignal)
  }

  package private(set) var model: Model
  /// Whether the model may have changed since `takeChange`.
  private var hasChanged = true
  private var effects: [Effect] = []
  private var timers = TimerTable<Message>()
  private let program: Program<Model, Message>
  private var now: Duration

  package init(program: Program<Model, Message>, now: Duration) {
    self.program = program
    self.now = now
    model = program.model
    perform(program.start)
    timers.update(program.subscriptions(model), now: now)
  }

  /// When the next timer is due, or nil.
  package var nextDeadline: Duration? { timers.nextDeadline }

  /// Handles a message, and those that its command sends directly.
  package mutating func send(_ message: Message) {
    perform(program.update(&model, message))
    hasChanged = true
    timers.update(program.subscriptions(model), now: now)
  }

  /// Handles an event, if the program wants it.
  package mutating func handle(_ event: TerminalEvent) {
    if let message = program.event(model, event) { send(message) }
  }

  /// Moves the time on and handles the timers that are due, in the order of their times.
  package mutating func advance(to time: Duration) {
    now = max(now, time)
    // Bounded, so that a timer which starts itself again at once cannot hold up the keys.
    for _ in 0..<1_000 {
      guard let message = timers.takeDue(now: now) else { return }
      send(message)
    }
  }

  /// Whether the model may have changed since this was last asked.
  package mutating func takeChange() -> Bool {
    defer { hasChanged = false }
    return hasChanged
  }

  /// The effects asked for since this was last called, in order.
  package mutating func takeEffects() -> [Effect] {
    defer { effects = [] }
    return effects
  }

  private mutating func perform(_ command: Command<Message>) {
    for operation in command.operations {
      switch operation {
      case .send(let message): send(message)
      case .run(let id, let body): effects.append(.run(id: id, body))
      case .cancel(let id):
        timers.cancel(id: id)
        effects.append(.cancel(id: id))
      case .after(let id, let delay, let message):
        timers.add(id: id, at: now + delay, message)
      case .quit: effects.append(.quit)
      case .suspend: effects.append(.suspend)
      case .redraw: effects.append(.redraw)
      case .signal(let signal): effects.append(.signal(signal))
      }
    }
  }
}
