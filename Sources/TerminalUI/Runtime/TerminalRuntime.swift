internal import Glibc

/// Runs a program on a terminal: one thread that waits for keys, messages, signals and timers,
/// and draws when something changed. While nothing happens it sleeps in `poll`.
///
/// Sending never waits either: while a slow line is still taking one frame, keys and messages are
/// handled, and the next frame shows the latest state.
public final class TerminalRuntime<Model: Sendable, Message: Sendable> {
  /// Brings messages to the program from anywhere, also before `run`.
  public let dispatcher: Dispatcher<Message>

  private let program: Program<Model, Message>
  private let options: RuntimeOptions
  private let inbox: Inbox<Message>
  private let runner: TaskRunner<Message>
  private let wake: WakeCounter
  private let clock = ContinuousClock()
  private let startTime: ContinuousClock.Instant
  private let imageCache = ImageCache()

  private var scheduler = FrameScheduler()
  private var isHungUp = false
  private var quits = false
  private var size = TerminalSize.standard

  /// - Throws: `TerminalError.systemCall` if the kernel gives no event counter.
  public init(program: Program<Model, Message>, options: RuntimeOptions) throws(TerminalError) {
    self.program = program
    self.options = options
    let wake = try WakeCounter()
    self.wake = wake
    inbox = Inbox { wake.add() }
    dispatcher = Dispatcher(inbox: inbox)
    runner = TaskRunner(dispatcher: dispatcher)
    startTime = clock.now
  }

  /// Runs the program until it quits, and restores the terminal. Call it on a thread of its own
  /// or on the main thread, never from a task: it blocks.
  ///
  /// - Returns: the model at the end.
  /// - Throws: `TerminalError` if the terminal cannot be used. A hang-up is no error but an event.
  public func run() throws(TerminalError) -> Model {
    let signals = SignalWatch(wakeDescriptor: wake.descriptor)
    let session = try TerminalSession(options: options)
    try session.enter()
    defer {
      session.leave(isHungUp: isHungUp)
      runner.cancelAll()
    }
    size = session.size
    var engine = Engine(program: program, now: now)
    engine.handle(.resize(size))
    while true {
      engine.advance(to: now)
      for message in inbox.takeAll() { engine.send(message) }
      perform(engine.takeEffects(), engine: &engine, session: session, signals: signals)
      if quits { return engine.model }
      if engine.takeChange() { scheduler.request() }
      draw(engine.model, session: session)
      wait(until: engine.nextDeadline, model: engine.model, session: session)
      handleSignals(signals, engine: &engine, session: session)
      handleInput(&engine, session: session)
    }
  }

  /// Time since the start.
  private var now: Duration { startTime.duration(to: clock.now) }

  private func perform(
    _ effects: [Engine<Model, Message>.Effect], engine: inout Engine<Model, Message>,
    session: TerminalSession, signals: SignalWatch
  ) {
    for effect in effects {
      switch effect {
      case .run(let id, let body): runner.run(id: id, body)
      case .cancel(let id): runner.cancel(id: id)
      case .quit: quits = true
      case .redraw:
        session.requestRedraw()
        scheduler.request()
      case .signal(let signal):
        session.send(signal)
        send(session)
      case .suspend: suspend(engine: &engine, session: session, signals: signals)
      }
    }
  }

  // MARK: Drawing

  private func draw(_ model: Model, session: TerminalSession) {
    guard !isHungUp, !session.device.hasPending else { return }
    let preferences = program.drawing(model)
    guard let time = scheduler.nextFrame(preferences, now: now), time <= now else { return }
    session.use(preferences.colorMode)
    session.usePictures(preferences.pictureGrade)
    session.useMouse(preferences.usesMouse)
    session.show(title: preferences.title)
    let plan = scheduler.begin(preferences, now: now)
    let context = ViewContext(
      capabilities: session.capabilities.with(size: size), imageDetail: plan.imageDetail,
      imageCache: imageCache, statistics: scheduler.statistics)
    var buffer = CellBuffer(columns: size.columns, rows: size.rows)
    program.view(model, context, &buffer)
    let result = session.present(
      buffer, theme: preferences.theme, plan: plan, limit: preferences.bytesPerSecond,
      cache: imageCache)
    scheduler.end(
      bytes: result.bytes, changedImages: result.changedImages,
      holdsBackImages: result.holdsBackImages, plan: plan,
      mode: session.capabilities.colorMode, now: now)
    send(session)
  }

  private func send(_ session: TerminalSession) {
    do { try session.device.send() } catch { isHungUp = true }
  }

  // MARK: Waiting

  private func wait(until deadline: Duration?, model: Model, session: TerminalSession) {
    var times = [deadline, isHungUp ? nil : session.inputDeadline]
    if !isHungUp, !session.device.hasPending {
      times.append(scheduler.nextFrame(program.drawing(model), now: now))
    }
    let next = times.compactMap { $0 }.min()
    var events = Int16(POLLIN)
    if session.device.hasPending { events |= Int16(POLLOUT) }
    // A descriptor below zero is left out of the poll: after a hang-up it would wake at once,
    // for ever.
    var requests = [
      pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: isHungUp ? -1 : session.device.descriptor, events: events, revents: 0),
    ]
    poll(&requests, nfds_t(requests.count), Self.milliseconds(until: next, now: now))
    wake.clear()
    if requests[1].revents & Int16(POLLOUT) != 0 { send(session) }
  }

  /// The timeout for `poll`, rounded up so that it does not wake just before the time.
  private static func milliseconds(until time: Duration?, now: Duration) -> Int32 {
    guard let time else { return -1 }
    let wait = max((time - now).seconds, 0)
    return Int32(min((wait * 1_000).rounded(.up), 3_600_000))
  }

  // MARK: Events

  private func handleInput(_ engine: inout Engine<Model, Message>, session: TerminalSession) {
    guard !isHungUp else { return noteHangup(&engine) }
    do {
      // What came in time counts as such, even if it is read late.
      let events = try session.readEvents(at: now)
      for event in events + session.flushInput(at: now) { engine.handle(event) }
      if session.takeNeedsFrame() { scheduler.request() }
    } catch {
      isHungUp = true
      noteHangup(&engine)
    }
  }

  private var hangupIsNoted = false

  private func noteHangup(_ engine: inout Engine<Model, Message>) {
    guard !hangupIsNoted else { return }
    hangupIsNoted = true
    engine.handle(.hangup)
  }

  private func handleSignals(
    _ signals: SignalWatch, engine: inout Engine<Model, Message>, session: TerminalSession
  ) {
    let noted = signals.take()
    if noted.contains(SIGHUP) { isHungUp = true }
    if noted.contains(SIGINT) { engine.handle(.interrupt) }
    // Schedulers say with the latter that the time is nearly over.
    if noted.contains(SIGTERM) || noted.contains(SIGUSR1) { engine.handle(.terminate) }
    if noted.contains(SIGTSTP) {
      suspend(engine: &engine, session: session, signals: signals)
    } else if noted.contains(SIGCONT), !isHungUp {
      resume(engine: &engine, session: session)
    }
    if noted.contains(SIGWINCH) { noteSize(&engine, session: session) }
  }

  private func noteSize(_ engine: inout Engine<Model, Message>, session: TerminalSession) {
    guard session.size != size else { return }
    size = session.size
    session.noteSize()
    engine.handle(.resize(size))
    scheduler.request()
  }

  private func suspend(
    engine: inout Engine<Model, Message>, session: TerminalSession, signals: SignalWatch
  ) {
    guard !isHungUp else { return }
    session.leave()
    signals.suspendProcess()
    _ = signals.take()
    resume(engine: &engine, session: session)
  }

  private func resume(engine: inout Engine<Model, Message>, session: TerminalSession) {
    do { try session.enter() } catch {
      isHungUp = true
      return
    }
    noteSize(&engine, session: session)
    engine.handle(.resumed)
    scheduler.request()
  }
}
