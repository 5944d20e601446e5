/// A message that comes at regular times for as long as the model wants it.
public struct Subscription<Message: Sendable>: Sendable {
  /// Its name; one whose name and interval stay the same keeps its beat.
  public var id: String
  /// Time from one message to the next, above zero.
  public var interval: Duration
  /// What is sent each time.
  public var message: Message

  /// - Precondition: `interval` is above zero.
  public init(every interval: Duration, id: String, _ message: Message) {
    precondition(interval > .zero, "a subscription needs time between its messages")
    self.id = id
    self.interval = interval
    self.message = message
  }
}

/// The times at which messages are due. Times are durations since the program's start.
struct TimerTable<Message: Sendable>: Sendable {
  private struct Entry {
    var deadline: Duration
    var interval: Duration?
    var message: Message
  }

  private var repeating: [String: Entry] = [:]
  private var single: [String: Entry] = [:]

  /// When the next message is due, or nil.
  var nextDeadline: Duration? {
    let deadlines = [repeating, single].flatMap { $0.values.map(\.deadline) }
    return deadlines.min()
  }

  /// Brings the repeating timers in line with what the model wants now.
  mutating func update(_ subscriptions: [Subscription<Message>], now: Duration) {
    guard !(subscriptions.isEmpty && repeating.isEmpty) else { return }
    var updated: [String: Entry] = [:]
    for subscription in subscriptions {
      var entry = Entry(
        deadline: now + subscription.interval, interval: subscription.interval,
        message: subscription.message)
      if let old = repeating[subscription.id], old.interval == subscription.interval {
        entry.deadline = old.deadline
      }
      updated[subscription.id] = entry
    }
    repeating = updated
  }

  mutating func add(id: String, at deadline: Duration, _ message: Message) {
    single[id] = Entry(deadline: deadline, interval: nil, message: message)
  }

  mutating func cancel(id: String) { single[id] = nil }

  /// Takes the one message that is due first at `now`, or nil if none is due.
  mutating func takeDue(now: Duration) -> Message? {
    let first =
      (repeating.map { ($0.key, $0.value, true) } + single.map { ($0.key, $0.value, false) })
      .filter { $0.1.deadline <= now }
      .min { ($0.1.deadline, $0.0) < ($1.1.deadline, $1.0) }
    guard let (id, entry, repeats) = first else { return nil }
    if repeats, let interval = entry.interval {
      // Beats that were missed, as after a suspension, are not made up for.
      let next = entry.deadline + interval
      repeating[id]?.deadline = next > now ? next : now + interval
    } else {
      single[id] = nil
    }
    return entry.message
  }
}
