import Foundation
import OutputFiles
import Synchronization

/// Keeps a second process out of a folder that several machines share, where a lock may not be seen from one to
/// the other.
///
/// Who holds it has the newest of the files `PATH.1`, `PATH.2` and so on, and touches it every few seconds. Who
/// wants it looks whether that goes on: if it does, the other one lives; if not for a while, the next number is
/// taken. It relies on two things that all shared file systems promise: of two hard links of one name one fails,
/// and a time of modification changes when a file is touched. No clock is compared with any other.
package final class SharedLease: Sendable {
  /// Seconds without a sign after which a holder counts as gone.
  package static let usualPatience = 30.0
  /// Signs of life within that time.
  private static let beats = 6

  /// The file of this holder.
  private let claim: String
  private let heart: Heart

  /// Takes the lease.
  ///
  /// - Parameters:
  ///   - path: The lock's file, whose name those of the holders begin with.
  ///   - holder: Who takes it, which is written down for others.
  ///   - knowsOwnHost: Whether a lock of the system's has shown that no other process of this machine has
  ///     the folder, so that one of this machine that stands there is gone.
  ///   - patience: Seconds without a sign after which a holder counts as gone.
  ///   - wait: Waits some seconds.
  /// - Throws: ``StudioError`` if another holds it, or the folder cannot be written.
  package init(
    _ path: String, _ holder: LockHolder, knowsOwnHost: Bool = false,
    patience: Double = usualPatience, wait: (Double) -> Void = { Thread.sleep(forTimeInterval: $0) }
  ) throws {
    let own = "\(path).\(holder.process)-\(String(UInt64.random(in: 0 ... .max), radix: 36)).new"
    let descriptor = open(own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StudioError(path, .notWritable(reason: String(cString: strerror(errno))))
    }
    let line = holder.line
    _ = write(descriptor, line, line.count)
    close(descriptor)
    defer { unlink(own) }
    var next = 0
    repeat {
      let newest = Self.newest(of: path)
      if let newest {
        try Self.awaitEnd(
          of: Self.claim(path, newest), knowsOwnHost ? holder.host : nil, patience, wait, path)
      }
      next = (newest ?? 0) + 1
    } while try !Self.take(Self.claim(path, next), own, path)
    claim = Self.claim(path, next)
    heart = Heart(claim, interval: patience / Double(Self.beats))
    // Whoever looks from now on finds this one; the numbers before are of no use any more.
    for number in Self.numbers(of: path) where number < next { unlink(Self.claim(path, number)) }
  }

  /// Whether it was taken over, since this process gave no sign for too long.
  package var isLost: Bool { heart.isLost }

  /// Lets another in at once.
  package func release() {
    guard heart.stop(), !heart.isLost else { return }
    SharedFile.release(claim)
  }

  deinit { release() }

  /// Whether somebody holds the lease of a lock's file, as far as can be told without waiting: by the age of
  /// the last sign, told by the file system's own clock where the folder can be written.
  package static func isHeld(_ path: String, patience: Double = usualPatience) -> Bool {
    guard let newest = newest(of: path), let sign = sign(of: claim(path, newest)),
      !sign.isReleased
    else { return false }
    return now(beside: path) - sign.seconds < patience
  }

  /// Who holds it, as far as the file says.
  package static func holder(_ path: String) -> LockHolder? {
    newest(of: path).flatMap { LockHolder(ofLock: claim(path, $0)) }
  }

  // MARK: Files

  private static func claim(_ path: String, _ number: Int) -> String { "\(path).\(number)" }

  private static func numbers(of path: String) -> [Int] {
    let prefix = OutputName.name(of: path) + "."
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: OutputName.folder(of: path))) ?? []
    return names.compactMap { $0.hasPrefix(prefix) ? Int($0.dropFirst(prefix.count)) : nil }
  }

  private static func newest(of path: String) -> Int? { numbers(of: path).max() }

  /// The last sign of life.
  private struct Sign: Equatable {
    var time: timespec
    var seconds: Double { SharedFile.seconds(time) }
    var isReleased: Bool { time.tv_sec == SharedFile.released }

    static func == (left: Sign, right: Sign) -> Bool {
      left.time.tv_sec == right.time.tv_sec && left.time.tv_nsec == right.time.tv_nsec
    }
  }

  private static func sign(of path: String) -> Sign? {
    SharedFile.freshStatus(path).map { Sign(time: $0.st_mtim) }
  }

  /// Waits until a holder is known to be gone.
  ///
  /// - Throws: ``StudioError`` if it lives.
  private static func awaitEnd(
    of claim: String, _ host: String?, _ patience: Double, _ wait: (Double) -> Void, _ path: String
  ) throws {
    guard let first = sign(of: claim), !first.isReleased else { return }
    let holder = LockHolder(ofLock: claim)
    if let host, holder?.host == host { return }
    for _ in 0..<beats {
      wait(patience / Double(beats))
      guard let sign = sign(of: claim), !sign.isReleased else { return }
      if sign != first { throw StudioError(path, .inUse(by: holder)) }
    }
  }

  /// - Returns: Whether the name is taken by this holder now; `false` if another was quicker.
  /// - Throws: ``StudioError`` if the file system makes no links.
  private static func take(_ claim: String, _ own: String, _ path: String) throws -> Bool {
    switch SharedFile.link(own, to: claim) {
    case 0: return true
    case EEXIST: return false
    case let code:
      throw StudioError(path, .notWritable(reason: String(cString: strerror(code))))
    }
  }

  /// The time of the file system, told by a file that is made for it.
  private static func now(beside path: String) -> Double {
    let probe = "\(path).\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36)).new"
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return Date().timeIntervalSince1970 }
    defer {
      close(descriptor)
      unlink(probe)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return Date().timeIntervalSince1970 }
    return Sign(time: status.st_mtim).seconds
  }
}

/// Touches a file from a thread of its own, whatever the work does.
private final class Heart: Sendable {
  private struct State {
    var isOver = false
    var isLost = false
  }

  private let path: String
  private let state = Mutex(State())

  init(_ path: String, interval: Double) {
    self.path = path
    // It ends with the first beat after `stop`, or after nobody holds the lease any more.
    let thread = Thread { [weak self] in
      repeat { Thread.sleep(forTimeInterval: interval) } while self?.beat() == true
    }
    thread.start()
  }

  var isLost: Bool { state.withLock(\.isLost) }

  /// - Returns: Whether it goes on.
  private func beat() -> Bool {
    state.withLock { state in
      guard !state.isOver else { return false }
      // A name that is gone was taken over; other faults may pass.
      state.isLost = SharedFile.touch(path) == ENOENT
      return !state.isLost
    }
  }

  /// - Returns: `false` if it was stopped before.
  func stop() -> Bool {
    state.withLock { state in
      defer { state.isOver = true }
      return !state.isOver
    }
  }
}
