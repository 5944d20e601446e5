import RunKit
import StudioKit
import TensorCore

/// A screen's connection, once both sides have greeted each other.
struct StudioConnection: Sendable {
  private let channel: FrameChannel
  private let workspace: Workspace
  private let requests: RequestRunner
  private let outbox = Outbox()
  private let turnstile = Turnstile(limit: StudioServer.openRequests)

  /// How long a screen has to take the last word.
  private static let farewellPatience = Duration.seconds(2)

  init(_ channel: FrameChannel, _ workspace: Workspace) {
    self.channel = channel
    self.workspace = workspace
    requests = RequestRunner(Task { workspace })
  }

  /// Serves the screen until one of both ends. What it asked for is carried out even if it left meanwhile.
  @concurrent
  func run() async {
    let writing = Task(executorPreference: WorkerPool.blocking) { [outbox, channel] in
      await outbox.drain { try channel.write($0) }
    }
    let telling = Task { [self] in await tell() }
    let found = await listen()
    telling.cancel()
    if let found {
      outbox.put(farewell(WorkerEnd(reason: .misunderstood, found: found)))
      outbox.finish()
      // Whoever says what is none may not read either.
      let limit = Task {
        try? await Task.sleep(for: Self.farewellPatience)
        channel.hangUp()
      }
      await writing.value
      limit.cancel()
    }
    // The screen is gone. Whatever waits for it to read goes on.
    channel.hangUp()
    await telling.value
    await requests.finish()
    outbox.finish()
    await writing.value
  }

  /// Reads what is asked until the screen leaves.
  ///
  /// - Returns: What was not understood, if that was the end.
  private func listen() async -> String? {
    while true {
      do {
        guard let frame = try channel.read() else { return nil }
        guard frame.kind == .request else {
          throw LinkError(.notUnderstood("a message of kind \(frame.kind.rawValue)"))
        }
        let number = try WireValue.number(of: frame.payload)
        await turnstile.enter()
        take(frame.payload, number)
      } catch {
        guard case .notUnderstood(let found)? = (error as? LinkError)?.problem else { return nil }
        return found
      }
    }
  }

  /// Carries out a request. One that cannot be understood is answered with what is wrong with it.
  private func take(_ payload: [UInt8], _ number: UInt64) {
    let request: WorkspaceRequest
    do {
      request = try WireValue.decode(WorkspaceRequest.self, payload, isNumbered: true)
    } catch {
      return reply(.told(Notice(error)), number)
    }
    requests.perform(request) { reply($0, number) }
  }

  private func reply(_ answer: WorkspaceAnswer, _ number: UInt64) {
    guard
      let payload = (try? WireValue.encode(answer, number: number))
        ?? (try? WireValue.encode(WorkspaceAnswer.done, number: number))
    else { return turnstile.leave() }
    outbox.put(Frame(.answer, payload)) { [turnstile] in turnstile.leave() }
  }

  /// Tells the screen what changes, an event at a time, so that one which it does not take makes the next wait.
  private func tell() async {
    for await event in workspace.events() {
      guard let payload = try? WireValue.encode(event) else { continue }
      await outbox.send(Frame(.event, payload))
    }
    guard !Task.isCancelled else { return }
    // The workspace is closed.
    await outbox.send(farewell(WorkerEnd(reason: .stopped)))
    channel.hangUp()
  }

  private func farewell(_ end: WorkerEnd) -> Frame {
    Frame(.farewell, (try? WireValue.plain(end)) ?? [])
  }
}
