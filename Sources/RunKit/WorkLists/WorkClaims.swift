import CheckpointIO
import Foundation

/// A worker's hold on items of a ``WorkList``, and what it can tell of the others'.
///
/// A claim is a hard link `claims/ITEM.N` to the worker's own file, `workers/WORKER`: of two that link one
/// name, one fails. All claims of a worker so share one time of modification, and touching its file once
/// renews them all. A claim that was not renewed for the length of a lease has lost its worker, and
/// `claims/ITEM.N+1` takes it over: nothing is removed for it, so that nobody can remove the wrong
/// one. A worker that lets go of an item says so with an empty file beside its claim,
/// `claims/ITEM.N.stopped`: the item is free at once, and the worker does not count as lost.
/// Ages are differences of two times that the same file system gave, whatever the clocks of the machines.
final class WorkClaims: Sendable {
  /// One held item.
  struct Claim: Hashable, Sendable {
    let item: WorkItem
    /// How many workers held it, this one included.
    let generation: Int
    /// How many of those before this one were lost.
    let lostWorkers: Int
  }

  /// How an item stands.
  enum Holding: Hashable, Sendable {
    /// Nobody held it.
    case free
    /// A worker that renews its claim.
    case held(generation: Int)
    /// A worker that does so no more, or let go of it.
    case abandoned(generation: Int)
  }

  /// An item that took so many workers with it is at fault.
  static let mostLosses = 5

  private let list: WorkList
  /// The worker's own file.
  let worker: String
  /// Seconds after which a claim that is not renewed counts as abandoned.
  let lease: Double

  /// Enters a worker.
  ///
  /// - Parameter name: What tells it from all others.
  /// - Throws: `CheckpointError` if its file cannot be written, ``StudioError`` if the file system has no
  ///   hard links.
  init(_ list: WorkList, worker name: String, lease: Double) throws {
    self.list = list
    self.lease = lease
    worker = list.file("workers", name)
    let line = LockHolder(since: Date()).line
    try AtomicFile.write(to: worker, replaces: false) { try $0.write(line) }
    let probe = worker + ".probe"
    defer { unlink(probe) }
    guard link(worker, probe) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(worker)
      throw StudioError(
        list.folder,
        .workList(
          reason: "its file system makes no hard links (\(reason)), by which workers claim items; "
            + "put the list on a local disk, NFS or Lustre"))
    }
  }

  /// Says that the worker is alive.
  ///
  /// - Throws: ``StudioError`` if its file is gone or cannot be touched.
  func renew() throws {
    let code = SharedFile.touch(worker)
    if code != 0 { throw StudioError.unwritable(worker, code: code) }
  }

  /// Takes the worker's own file away, of one that claimed nothing.
  func leave() { unlink(worker) }

  /// Workers that gave a sign within a lease, this one left out.
  var activeWorkers: Int {
    guard let now = SharedFile.status(worker).map(Self.seconds) else { return 0 }
    let folder = list.folder + "/workers"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.count { name in
      let path = folder + "/" + name
      guard path != worker, !name.hasPrefix("."), !name.hasPrefix("observer-"),
        let other = SharedFile.status(path)
      else { return false }
      return now - Self.seconds(other) <= lease
    }
  }

  /// Gives up everything that the worker holds, for others to take at once: it works no more.
  func abandon() { SharedFile.release(worker) }

  /// Takes an item that nobody holds.
  ///
  /// - Returns: `nil` if another worker has it, or was quicker.
  /// - Throws: ``StudioError`` if the folder cannot be written.
  func claim(_ item: WorkItem) throws -> Claim? {
    let before: Int
    switch try holding(of: item) {
    case .held: return nil
    case .free: before = 0
    case .abandoned(let generation): before = generation
    }
    let path = list.claim(on: item, before + 1)
    switch SharedFile.link(worker, to: path) {
    case 0:
      // Counted once the name is taken: from then on the folder is known as it is.
      let lost = (0..<before).count { !list.isLetGo(item, $0 + 1) }
      return Claim(item: item, generation: before + 1, lostWorkers: lost)
    case EEXIST: return nil
    case let code: throw StudioError.unwritable(path, code: code)
    }
  }

  /// Lets go of an item, for others to take at once: the worker does not count as lost. Of one that
  /// cannot be done only after its record was written.
  ///
  /// - Throws: ``StudioError`` if the folder cannot be written.
  func letGo(_ claim: Claim) throws { try list.noteLetGo(claim.item, claim.generation) }

  /// Whether nobody took over what was claimed.
  func stillHolds(_ claim: Claim) -> Bool {
    SharedFile.status(list.claim(on: claim.item, claim.generation + 1)) == nil
  }

  /// How an item stands now.
  ///
  /// - Throws: ``StudioError`` if the worker's own file is gone.
  func holding(of item: WorkItem) throws -> Holding {
    let generation = list.claimCount(of: item)
    guard generation > 0 else { return .free }
    if list.isLetGo(item, generation) { return .abandoned(generation: generation) }
    let path = list.claim(on: item, generation)
    guard let newest = SharedFile.freshStatus(path) ?? SharedFile.status(path) else {
      return .free
    }
    guard let own = SharedFile.status(worker) else {
      throw StudioError(worker, .workList(reason: "the file of this worker is gone"))
    }
    return Self.seconds(own) - Self.seconds(newest) > lease
      ? .abandoned(generation: generation) : .held(generation: generation)
  }

  static func seconds(_ status: stat) -> Double { SharedFile.seconds(status.st_mtim) }
}

extension WorkList {
  /// The claim of the worker that is the `generation`th to hold an item, counted from 1.
  func claim(on item: WorkItem, _ generation: Int) -> String {
    file("claims", "\(item.name).\(generation)")
  }

  /// How many workers held an item.
  func claimCount(of item: WorkItem) -> Int {
    var count = 0
    while SharedFile.status(claim(on: item, count + 1)) != nil { count += 1 }
    return count
  }

  private func letGoMark(_ item: WorkItem, _ generation: Int) -> String {
    claim(on: item, generation) + ".stopped"
  }

  /// Whether the worker of a claim let go of the item, so that it was not lost.
  func isLetGo(_ item: WorkItem, _ generation: Int) -> Bool {
    SharedFile.status(letGoMark(item, generation)) != nil
  }

  /// Notes that the worker of a claim let go of the item.
  ///
  /// - Throws: ``StudioError`` if the folder cannot be written.
  func noteLetGo(_ item: WorkItem, _ generation: Int) throws {
    // A file of its own: file systems bound how many links a worker's file can have.
    let mark = letGoMark(item, generation)
    let descriptor = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw StudioError.unwritable(mark, code: errno) }
    close(descriptor)
  }
}
