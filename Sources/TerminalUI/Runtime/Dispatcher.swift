internal import Synchronization

/// Brings messages to a running program from any task or thread.
public struct Dispatcher<Message: Sendable>: Sendable {
  private let inbox: Inbox<Message>

  package init(inbox: Inbox<Message>) { self.inbox = inbox }

  /// Queues a message; never waits. Messages from one sender arrive in order.
  public func send(_ message: Message) { inbox.append(message) }
}

/// The queue behind a `Dispatcher`.
package final class Inbox<Message: Sendable>: Sendable {
  private let messages = Mutex<[Message]>([])
  private let wake: @Sendable () -> Void

  /// - Parameter wake: called when the queue stops being empty.
  package init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  package func append(_ message: Message) {
    let wasEmpty = messages.withLock { messages in
      messages.append(message)
      return messages.count == 1
    }
    if wasEmpty { wake() }
  }

  /// Takes all that is queued.
  package func takeAll() -> [Message] {
    messages.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }
}
