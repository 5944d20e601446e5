import Synchronization

/// Frames that wait to be sent, in their order. Whoever puts one is told when it has left, so that what waits
/// stays bounded by what each puts before it has heard.
final class Outbox: Sendable {
  private struct Item: Sendable {
    let frame: Frame
    let onSent: @Sendable () -> Void
  }
  private let items: AsyncStream<Item>
  private let inlet: AsyncStream<Item>.Continuation

  init() { (items, inlet) = AsyncStream.makeStream() }

  /// Puts a frame.
  ///
  /// - Parameter onSent: Called once when it has left, or will not any more.
  func put(_ frame: Frame, onSent: @escaping @Sendable () -> Void = {}) {
    if case .enqueued = inlet.yield(Item(frame: frame, onSent: onSent)) { return }
    onSent()
  }

  /// Puts a frame and waits until it has left.
  func send(_ frame: Frame) async {
    await withCheckedContinuation { continuation in put(frame) { continuation.resume() } }
  }

  /// Takes no more frames; those that wait are still sent.
  func finish() { inlet.finish() }

  /// Sends what is put until ``finish()``. After a failure nothing more is sent, and nobody waits for it.
  ///
  /// - Parameter send: Sends a frame; it may block its thread.
  @concurrent
  func drain(_ send: @escaping @Sendable (Frame) async throws -> Void) async {
    var hasFailed = false
    for await item in items {
      if !hasFailed {
        do { try await send(item.frame) } catch { hasFailed = true }
      }
      item.onSent()
    }
  }
}

/// Lets so many through at a time, and one more when one has left.
final class Turnstile: Sendable {
  private struct State {
    var count = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.count >= limit else {
          state.count += 1
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard !state.waiting.isEmpty else {
        state.count -= 1
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
