import Glibc

/// Ranks that are tasks or threads of this process: a world to test in, and to compare others with.
public final class LocalWorld: @unchecked Sendable {
  /// A transfer to which not all ranks have come.
  private struct Meeting {
    var arrivals: [Int: Arrival] = [:]
  }

  private struct Arrival {
    let kind: Kind
    let sent: UnsafeRawBufferPointer
    let received: UnsafeMutableRawBufferPointer
    let transfer: Transfer
  }

  fileprivate enum Kind: Hashable {
    case exchange, gather
  }

  private let size: Int
  // Guarded by the mutex.
  private var meetings: [Int: Meeting] = [:]
  private var counts: [Int]
  private var hasFailed = false
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  private init(size: Int) {
    self.size = size
    counts = Array(repeating: 0, count: size)
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// A world of so many ranks, at least 1.
  public static func ranks(_ size: Int) -> [any Communicator] {
    precondition(size >= 1, "a world has a rank")
    let world = LocalWorld(size: size)
    return (0..<size).map { Rank(rank: $0, world: world) }
  }

  private func start(
    _ kind: Kind, of rank: Int, _ sent: UnsafeRawBufferPointer,
    _ received: UnsafeMutableRawBufferPointer
  ) -> Transfer {
    let transfer = Transfer()
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard !hasFailed else {
      transfer.complete(.failure(CommunicationError(.rankEnded)))
      return transfer
    }
    let number = counts[rank]
    counts[rank] += 1
    var meeting = meetings[number] ?? Meeting()
    meeting.arrivals[rank] = Arrival(
      kind: kind, sent: sent, received: received, transfer: transfer)
    guard meeting.arrivals.count == size else {
      meetings[number] = meeting
      return transfer
    }
    meetings[number] = nil
    carryOut((0..<size).compactMap { meeting.arrivals[$0] })
    return transfer
  }

  private func carryOut(_ arrivals: [Arrival]) {
    for arrival in arrivals {
      precondition(
        arrival.kind == arrivals[0].kind && arrival.sent.count == arrivals[0].sent.count,
        "ranks come to different transfers")
    }
    let count = arrivals[0].sent.count
    for (rank, arrival) in arrivals.enumerated() {
      switch arrival.kind {
      case .exchange:
        let part = count / size
        for (other, from) in arrivals.enumerated() {
          copy(from.sent, rank * part, part, arrival.received, other * part)
        }
      case .gather:
        for (other, from) in arrivals.enumerated() {
          copy(from.sent, 0, count, arrival.received, other * count)
        }
      }
    }
    for arrival in arrivals { arrival.transfer.complete() }
  }

  private func copy(
    _ source: UnsafeRawBufferPointer, _ start: Int, _ count: Int,
    _ target: UnsafeMutableRawBufferPointer, _ place: Int
  ) {
    UnsafeMutableRawBufferPointer(rebasing: target[place..<(place + count)])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<(start + count)]))
  }

  private func fail() {
    pthread_mutex_lock(mutex)
    hasFailed = true
    let open = meetings.values.flatMap(\.arrivals.values)
    meetings = [:]
    pthread_mutex_unlock(mutex)
    for arrival in open { arrival.transfer.complete(.failure(CommunicationError(.rankEnded))) }
  }

  /// One of the ranks.
  private final class Rank: Communicator {
    let rank: Int
    let world: LocalWorld
    var size: Int { world.size }
    let library = "threads of one process"

    init(rank: Int, world: LocalWorld) {
      self.rank = rank
      self.world = world
    }

    func exchange(
      _ sent: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer
    ) -> Transfer {
      precondition(sent.count % size == 0 && sent.count == received.count)
      return world.start(.exchange, of: rank, sent, received)
    }

    func gather(
      _ sent: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer
    ) -> Transfer {
      precondition(received.count == size * sent.count)
      return world.start(.gather, of: rank, sent, received)
    }

    func abort(status: Int32) { world.fail() }

    func leave() async throws {}
  }
}
