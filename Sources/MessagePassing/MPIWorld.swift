internal import CMPI
import Glibc

/// The processes that MPI has brought together.
///
/// A thread of its own makes all of MPI's calls, which is what every MPI can do. It looks after the
/// transfers in progress, so that they go on while other threads compute.
final class MPIWorld: Communicator, @unchecked Sendable {
  private(set) var rank = 0
  private(set) var size = 1
  private(set) var library = ""

  /// Something for the thread to do.
  private enum Request {
    case exchange(Pieces, Transfer)
    case gather(Pieces, Transfer)
    case abort(Int32)
    case leave(Transfer)
  }

  /// Memory of a transfer, and the bytes of each part.
  private struct Pieces {
    let sent: UnsafeRawBufferPointer
    let received: UnsafeMutableRawBufferPointer
    let part: Int
  }

  /// A transfer that MPI has begun.
  private final class Active {
    var request: cmpi_request = 0
    let transfer: Transfer

    init(_ transfer: Transfer) { self.transfer = transfer }
  }

  // Guarded by the mutex.
  private var requests: [Request] = []
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// How long transfers are looked at without a pause after one began or ended: as long as a bucket takes
  /// within a machine.
  private static let eagerTime = Duration.milliseconds(5)
  /// Microseconds between looks after that, so that who waits for a slower rank leaves it the processor. What
  /// goes over a network waits in the system's memory meanwhile.
  private static let pause: UInt32 = 20

  /// Joins the world.
  ///
  /// - Parameter libraries: Names of MPI's libraries, of which the first that there is is opened.
  /// - Throws: ``CommunicationError``.
  init(libraries: [String]) throws {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    let joined = Transfer()
    let joining = Joining(world: self, libraries: libraries, joined: joined)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let joining = Unmanaged<Joining>.fromOpaque(argument).takeRetainedValue()
        if joining.world.join(joining.libraries, joining.joined) { joining.world.serve() }
        return nil
      }, Unmanaged.passRetained(joining).toOpaque())
    precondition(status == 0, "the system gave no thread: \(String(cString: strerror(status)))")
    pthread_detach(thread)
    try joined.wait()
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  private final class Joining: Sendable {
    let world: MPIWorld
    let libraries: [String]
    let joined: Transfer

    init(world: MPIWorld, libraries: [String], joined: Transfer) {
      self.world = world
      self.libraries = libraries
      self.joined = joined
    }
  }

  // MARK: What others ask for

  func exchange(
    _ sent: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer
  ) -> Transfer {
    precondition(sent.count % size == 0 && sent.count == received.count)
    let transfer = Transfer()
    append(
      .exchange(Pieces(sent: sent, received: received, part: sent.count / size), transfer))
    return transfer
  }

  func gather(
    _ sent: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer
  ) -> Transfer {
    precondition(received.count == size * sent.count)
    let transfer = Transfer()
    append(.gather(Pieces(sent: sent, received: received, part: sent.count), transfer))
    return transfer
  }

  func abort(status: Int32) {
    append(.abort(status))
    while true { Glibc.pause() }
  }

  func leave() async throws {
    let left = Transfer()
    append(.leave(left))
    try await left.finished()
  }

  /// Takes leave of a world that nobody has used.
  func leaveNow() {
    let left = Transfer()
    append(.leave(left))
    try? left.wait()
  }

  private func append(_ request: Request) {
    pthread_mutex_lock(mutex)
    requests.append(request)
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  // MARK: The thread

  private func join(_ libraries: [String], _ joined: Transfer) -> Bool {
    do throws(CommunicationError) {
      try open(libraries)
      var (rank, size) = (Int32(0), Int32(1))
      try Self.check("MPI_Init_thread", cmpi_join(&rank, &size))
      self.rank = Int(rank)
      self.size = Int(size)
      joined.complete()
      return true
    } catch {
      joined.complete(.failure(error))
      return false
    }
  }

  private func open(_ libraries: [String]) throws(CommunicationError) {
    var reason = ""
    for name in libraries {
      if let found = MPILibrary.open(name, &reason) {
        library = found
        return
      }
    }
    throw CommunicationError(.noLibrary(tried: libraries, reason: reason))
  }

  private func serve() {
    var active: [Active] = []
    var lastEvent = ContinuousClock.now
    while true {
      for request in takeRequests(waiting: active.isEmpty) {
        lastEvent = .now
        switch request {
        case .exchange(let pieces, let transfer):
          start("MPI_Ialltoall", pieces, transfer, &active, cmpi_start_exchange)
        case .gather(let pieces, let transfer):
          start("MPI_Iallgather", pieces, transfer, &active, cmpi_start_gather)
        case .abort(let status): cmpi_abort(status)
        case .leave(let transfer):
          transfer.complete(Self.result("MPI_Finalize", cmpi_leave()))
          return
        }
      }
      let before = active.count
      active.removeAll(where: isDone)
      if active.count < before { lastEvent = .now }
      if !active.isEmpty {
        if .now - lastEvent > Self.eagerTime { usleep(Self.pause) } else { sched_yield() }
      }
    }
  }

  private func takeRequests(waiting: Bool) -> [Request] {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while waiting, requests.isEmpty { pthread_cond_wait(condition, mutex) }
    defer { requests = [] }
    return requests
  }

  /// One of the functions that start a transfer: sent, received, bytes of a part, request.
  private typealias Start = (
    UnsafeRawPointer?, UnsafeMutableRawPointer?, Int32, UnsafeMutablePointer<cmpi_request>?
  ) -> Int32

  private func start(
    _ call: String, _ pieces: Pieces, _ transfer: Transfer, _ active: inout [Active],
    _ begin: Start
  ) {
    // A piece of a bucket of gradients is far below this.
    precondition(pieces.part <= Int(Int32.max), "MPI counts bytes in 31 bits")
    let entry = Active(transfer)
    do throws(CommunicationError) {
      try Self.check(
        call,
        begin(
          pieces.sent.baseAddress, pieces.received.baseAddress, Int32(pieces.part), &entry.request))
      active.append(entry)
    } catch {
      transfer.complete(.failure(error))
    }
  }

  private func isDone(_ entry: Active) -> Bool {
    var done = false
    do throws(CommunicationError) {
      try Self.check("MPI_Test", cmpi_test(&entry.request, &done))
      if done { entry.transfer.complete() }
      return done
    } catch {
      entry.transfer.complete(.failure(error))
      return true
    }
  }

  private static func check(_ call: String, _ status: Int32) throws(CommunicationError) {
    try result(call, status).get()
  }

  private static func result(
    _ call: String, _ status: Int32
  ) -> Result<Void, CommunicationError> {
    guard status != 0 else { return .success(()) }
    var text = [CChar](repeating: 0, count: 1024)
    cmpi_error_text(status, &text, text.count)
    return .failure(CommunicationError(.failed(call: call, reason: MPILibrary.text(text))))
  }
}
