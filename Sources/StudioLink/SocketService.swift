import Foundation
import RunKit
import StudioKit
import Synchronization
import TensorCore

/// A worker's workspace, from a screen in another process. A worker that ended without a word is started
/// again, so that its screens go on.
package final class SocketService: StudioService {
  /// Makes a connection, with a worker that is started if there is none.
  package typealias Connect = @Sendable () async throws -> FrameChannel

  /// What was asked and is not answered yet.
  private struct Question: Sendable {
    let request: WorkspaceRequest
    let answer: @Sendable (WorkspaceAnswer) -> Void

    /// Whether it can be asked twice.
    var isQuery: Bool { if case .query = request { true } else { false } }
  }

  private struct State {
    /// `nil` while there is none, for which the writer waits.
    var channel: FrameChannel?
    var waiting: CheckedContinuation<Void, Never>?
    var open: [UInt64: Question] = [:]
    var lastNumber: UInt64 = 0
    /// The last request that was given to a connection.
    var lastSent: UInt64 = 0
    /// Videos whose trees were told of, which are asked for again of another worker.
    var trees: Set<VideoID> = []
    var connected = ContinuousClock.now
    var isClosing = false
    var failure: (any Error)?
    var tasks: [Task<Void, Never>] = []
  }
  private let state = Mutex(State())
  private let hub = EventHub()
  private let outbox = Outbox()
  private let connect: Connect
  private let patience: Duration

  package let outlivesScreen = true

  /// Seconds in which a worker must have greeted: it may be busy, or the machine slow.
  package static let usualGreetingTime = 60
  private let greetingTime: Int
  /// How often a worker is asked that ends just then.
  private static let attempts = 5
  /// How long leaving waits for what was asked to be taken.
  private static let leavingPatience = Duration.seconds(2)

  /// - Parameters:
  ///   - patience: How long a connection must have held for a lost one to be made again.
  ///   - greetingTime: Seconds in which a worker must have greeted.
  package init(
    patience: Duration = .seconds(1), greetingTime: Int = usualGreetingTime,
    connect: @escaping Connect
  ) {
    self.connect = connect
    self.greetingTime = greetingTime
    self.patience = patience
  }

  package var failure: (any Error)? { state.withLock { $0.failure } }

  package func open() async throws -> StudioGreeting {
    let (channel, greeting) = try await greet()
    guard !state.withLock({ $0.isClosing }) else {
      channel.hangUp()
      throw CancellationError()
    }
    let reading = Task(executorPreference: WorkerPool.blocking) { await self.follow(channel) }
    let writing = Task(executorPreference: WorkerPool.blocking) {
      await self.outbox.drain { await self.send($0) }
    }
    state.withLock { $0.tasks = [reading, writing] }
    return greeting
  }

  package func events() async -> AsyncStream<WorkspaceEvent> { hub.events() }

  package func perform(
    _ request: WorkspaceRequest, answer: @escaping @Sendable (WorkspaceAnswer) -> Void
  ) {
    // What may follow a path is the screen's own business: its current folder may be another one.
    if case .query(.completePath(let typed)) = request {
      Task(executorPreference: WorkerPool.blocking) {
        answer(.completion(PathCompletion(of: typed)))
      }
      return
    }
    let number: UInt64? = state.withLock { state in
      guard state.failure == nil else { return nil }
      state.lastNumber += 1
      state.open[state.lastNumber] = Question(request: request, answer: answer)
      return state.lastNumber
    }
    guard let number else { return answer(.done) }
    do {
      let payload = try WireValue.encode(request.withAbsolutePaths, number: number)
      outbox.put(Frame(.request, payload))
    } catch {
      answered(number, .told(Notice(error)))
    }
  }

  /// Leaves the worker, which carries out what it was asked for.
  package func close() async {
    let (channel, tasks, writer) = state.withLock { state in
      state.isClosing = true
      defer { state.waiting = nil }
      return (state.channel, state.tasks, state.waiting)
    }
    writer?.resume()
    outbox.finish()
    guard let channel else { return hub.close() }
    let hangUp = Task {
      try? await Task.sleep(for: Self.leavingPatience)
      channel.hangUp()
    }
    // The last was sent, and the worker hangs up when it has read it.
    await tasks.last?.value
    channel.endSending()
    await tasks.first?.value
    hangUp.cancel()
    hub.close()
  }

  // MARK: Connecting

  /// Connects, and exchanges the first words.
  private func greet() async throws -> (FrameChannel, StudioGreeting) {
    var attempts = 0
    while true {
      let channel = try await connect()
      do {
        let greeting = try await WorkerPool.blocking.run { [greetingTime] in
          try Self.greet(channel, within: greetingTime)
        }
        take(channel)
        return (channel, greeting)
      } catch let error as LinkError where error.problem == .lost {
        // It ended just then; the next one is another.
        attempts += 1
        guard attempts < Self.attempts, !state.withLock({ $0.isClosing }) else { throw error }
      }
    }
  }

  private func take(_ channel: FrameChannel) {
    let writer = state.withLock { state in
      state.channel = channel
      state.connected = .now
      defer { state.waiting = nil }
      return state.waiting
    }
    writer?.resume()
  }

  private static func greet(
    _ channel: FrameChannel, within seconds: Int
  ) throws -> StudioGreeting {
    struct Version: Decodable { var version: Int, program: String }
    try channel.write(Frame(.greeting, try WireValue.plain(Hello())))
    channel.expectWord(within: seconds)
    guard let reply = try channel.read() else { throw LinkError(.lost) }
    channel.expectWord(within: nil)
    guard reply.kind == .greeting else {
      throw LinkError(.notUnderstood("a message of kind \(reply.kind.rawValue)"))
    }
    let (ours, theirs) = (Hello(), try WireValue.plain(Version.self, reply.payload))
    guard theirs.version == ours.version, theirs.program == ours.program else {
      throw LinkError(.otherVersion(worker: theirs.program, screen: ours.program))
    }
    let welcome = try WireValue.plain(Welcome.self, reply.payload)
    if welcome.isEnding {
      while let frame = try channel.read() { _ = frame }
      throw LinkError(.lost)
    }
    guard let greeting = welcome.greeting else {
      throw Refusal(welcome.refusal ?? Notice(LinkError(.silent)))
    }
    return greeting
  }

  // MARK: Talking

  /// Sends a frame, once there is a connection. Of one that is lost, whoever reads is told.
  private func send(_ frame: Frame) async {
    await withCheckedContinuation { continuation in
      let mayGoOn = state.withLock { state in
        guard state.channel == nil, !state.isClosing, state.failure == nil else { return true }
        state.waiting = continuation
        return false
      }
      if mayGoOn { continuation.resume() }
    }
    let channel = state.withLock { state in
      if state.channel != nil, let number = try? WireValue.number(of: frame.payload) {
        state.lastSent = number
      }
      return state.channel
    }
    try? channel?.write(frame)
  }

  /// Takes what the worker says, until one of both leaves.
  @concurrent
  private func follow(_ first: FrameChannel) async {
    var channel = first
    while true {
      let end = read(channel)
      channel.hangUp()
      let (isClosing, mayGoOn) = lose()
      if isClosing { return hub.close() }
      guard end.problem == .lost, mayGoOn else { return fail(end) }
      do { channel = try await greet().0 } catch { return fail(error) }
      hub.send(
        .notice(
          Notice(
            .warning, "the studio's worker ended without a word, and another was started",
            remedy: "What was asked of it last may not be done; P on Queue lets jobs go on")))
      for video in state.withLock({ $0.trees }) {
        perform(.video(.loadTree(video))) { _ in }
      }
    }
  }

  /// Nothing can be asked any more.
  private func fail(_ reason: any Error) {
    let (open, writer) = state.withLock { state in
      state.failure = reason
      defer { (state.open, state.waiting) = ([:], nil) }
      return (Array(state.open.values), state.waiting)
    }
    writer?.resume()
    for question in open { question.answer(.done) }
    hub.close()
  }

  /// The connection is lost: what was given to it gets no answer any more. What only looks is asked again.
  ///
  /// - Returns: Whether the screen leaves anyway, and whether the connection held for long enough to be made
  ///   again.
  private func lose() -> (isClosing: Bool, mayGoOn: Bool) {
    let (lost, result) = state.withLock { state in
      state.channel = nil
      let lost = state.open.filter { $0.key <= state.lastSent }
      for number in lost.keys { state.open[number] = nil }
      return (
        Array(lost.values), (state.isClosing, state.connected.duration(to: .now) >= patience)
      )
    }
    for question in lost {
      if question.isQuery, !result.0 {
        perform(question.request, answer: question.answer)
      } else {
        question.answer(.done)
      }
    }
    return result
  }

  /// - Returns: Why there is no more to read.
  private func read(_ channel: FrameChannel) -> LinkError {
    do {
      while let frame = try channel.read() {
        switch frame.kind {
        case .event: tell(try WireValue.decode(WorkspaceEvent.self, frame.payload))
        case .answer:
          let number = try WireValue.number(of: frame.payload)
          answered(
            number, try WireValue.decode(WorkspaceAnswer.self, frame.payload, isNumbered: true))
        case .farewell:
          let end = try WireValue.plain(WorkerEnd.self, frame.payload)
          return LinkError(end.reason == .stopped ? .stopped : .notUnderstood(end.found))
        case .greeting, .control, .status, .request:
          throw LinkError(.notUnderstood("a message of kind \(frame.kind.rawValue)"))
        }
      }
      return LinkError(.lost)
    } catch {
      return error as? LinkError ?? LinkError(.lost)
    }
  }

  private func tell(_ event: WorkspaceEvent) {
    if case .tree(let tree) = event { state.withLock { _ = $0.trees.insert(tree.video) } }
    hub.send(event)
  }

  private func answered(_ number: UInt64, _ answer: WorkspaceAnswer) {
    state.withLock { $0.open.removeValue(forKey: number) }?.answer(answer)
  }
}
