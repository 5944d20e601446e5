import RunKit
import StudioKit
import Synchronization
import TensorCore

/// Lets any number of screens, each on a connection of its own, use one workspace.
///
/// Every connection has a task that reads, one that writes and one that follows the workspace. A screen that
/// does not read holds up none but its own: what it has not heard of is replaced by what is newer, answers
/// wait until it takes them, and so long nothing more is read of what it asks.
package final class StudioServer: Sendable {
  /// How many screens there are, and what else a worker must know of its connections.
  package struct Census: Sendable {
    /// Screens that watch.
    package var screens = 0
    /// Connections, among them those that have not said yet what they want, or whose wishes are still
    /// carried out.
    package var connections = 0
  }
  private struct State {
    var census = Census()
    var channels: [Int: FrameChannel] = [:]
    var tasks: [Int: Task<Void, Never>] = [:]
    var next = 0
    /// Whether the worker ends, and who waits for the end of that.
    var isEnding = false
    var isSaved = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())
  private let workspace: Workspace
  private let onChange: @Sendable (Census) -> Void
  private let onControl: @Sendable (Control.Wish) async -> WorkerStatus

  /// Connections at most.
  static let connectionLimit = 64
  /// What a screen may ask before it has got the first answer.
  static let openRequests = 16
  /// Seconds in which a connection must say what it wants.
  static let patience = 10

  /// - Parameters:
  ///   - onChange: Called when a connection comes or goes.
  ///   - onControl: Carries out what a command wants of the worker, and says how it stands.
  package init(
    _ workspace: Workspace, onChange: @escaping @Sendable (Census) -> Void = { _ in },
    onControl: @escaping @Sendable (Control.Wish) async -> WorkerStatus
  ) {
    self.workspace = workspace
    self.onChange = onChange
    self.onControl = onControl
  }

  var census: Census { state.withLock { $0.census } }

  /// Serves a connection beside everything else, until it ends.
  ///
  /// - Returns: The task, for whoever waits for the end.
  @discardableResult
  package func serve(_ channel: FrameChannel) -> Task<Void, Never> {
    guard let number = enter(channel) else {
      return Task(executorPreference: WorkerPool.blocking) { await self.refuse(channel) }
    }
    let task = Task(executorPreference: WorkerPool.blocking) {
      await self.talk(channel)
      self.leave(number)
    }
    state.withLock { if $0.channels[number] != nil { $0.tasks[number] = task } }
    return task
  }

  /// Takes screens in that come to a listening socket, until it is shut down.
  @concurrent
  func acceptAll(from listener: CInt) async {
    while let channel = StudioSocket.accept(on: listener) { serve(channel) }
  }

  /// The worker ends: screens to come wait for it.
  func refuseMore() { state.withLock { $0.isEnding = true } }

  /// The worker has saved everything: whoever waited for that is let go.
  func noteSaved() {
    let waiting = state.withLock { state in
      state.isSaved = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  private func untilSaved() async {
    await withCheckedContinuation { continuation in
      let isSaved = state.withLock { state in
        if !state.isSaved { state.waiting.append(continuation) }
        return state.isSaved
      }
      if isSaved { continuation.resume() }
    }
  }

  /// Waits until every connection has ended, and ends those that have not after a while: a screen that does
  /// not read cannot be told.
  func untilLeft(within time: Duration) async {
    let (tasks, channels) = state.withLock { state in
      (Array(state.tasks.values), Array(state.channels.values))
    }
    let last = Task {
      guard (try? await Task.sleep(for: time)) != nil else { return }
      for channel in channels { channel.hangUp() }
    }
    for task in tasks { await task.value }
    last.cancel()
  }

  // MARK: Counting

  private func enter(_ channel: FrameChannel) -> Int? {
    let number: Int? = change { state in
      guard state.channels.count < Self.connectionLimit else { return nil }
      state.next += 1
      state.channels[state.next] = channel
      return state.next
    }
    return number
  }

  private func leave(_ number: Int) {
    change { state in
      state.channels[number] = nil
      state.tasks[number] = nil
    }
  }

  @discardableResult
  private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
    state.withLock { state in
      let result = body(&state)
      state.census.connections = state.channels.count
      // Within the lock, so that the last that is told is the last that was.
      onChange(state.census)
      return result
    }
  }

  // MARK: Talking

  private func refuse(_ channel: FrameChannel) async {
    let notice = Notice(LinkError(.tooManyScreens(Self.connectionLimit)))
    if let payload = try? WireValue.plain(Welcome(refusal: notice)) {
      try? channel.write(Frame(.greeting, payload))
    }
    channel.hangUp()
  }

  /// From the first word to the last.
  @concurrent
  private func talk(_ channel: FrameChannel) async {
    defer { channel.hangUp() }
    do {
      try channel.checkPeer()
      channel.expectWord(within: Self.patience)
      guard let first = try channel.read() else { return }
      channel.expectWord(within: nil)
      switch first.kind {
      case .greeting:
        let hello: Hello
        do {
          hello = try WireValue.plain(Hello.self, first.payload)
          try hello.check()
        } catch {
          let payload = try WireValue.plain(Welcome(refusal: Notice(error)))
          return try channel.write(Frame(.greeting, payload))
        }
        guard !state.withLock({ $0.isEnding }) else {
          try channel.write(Frame(.greeting, try WireValue.plain(Welcome(isEnding: true))))
          return await untilSaved()
        }
        await workspace.lookForModels(in: hello.folder)
        let welcome = Welcome(greeting: await StudioGreeting(of: workspace))
        try channel.write(Frame(.greeting, try WireValue.plain(welcome)))
        change { $0.census.screens += 1 }
        await StudioConnection(channel, workspace).run()
        change { $0.census.screens -= 1 }
      case .control:
        let wish = try WireValue.plain(Control.self, first.payload).wish
        let payload = try WireValue.plain(await onControl(wish))
        try channel.write(Frame(.status, payload))
        // Whoever asked for the end waits for it.
        if wish != .status { await untilSaved() }
      default: throw LinkError(.notUnderstood("a message of kind \(first.kind.rawValue)"))
      }
    } catch {
      // There is nobody to tell: it hung up, says nothing, or is no screen.
    }
  }
}
