import CheckpointIO
import Foundation

/// A worker's hold on items of a ``WorkList``, and what it can tell of the others'.
///
/// A claim is a hard link `claims/ITEM.N` to the worker's own file, `workers/WORKER`: of two that link one
/// name, one fails. All claims of a worker so share one time of modification, and touching its file once
/// renews them all. A claim that was not renewed for the length of a lease has lost its worker, and
/// `claims/ITEM.N+1` takes it over: nothing is removed for it, so that nobody can remove the wrong one.
/// Ages are differences of two times that the same file system gave, whatever the clocks of the machines.
final class WorkClaims: Sendable {
  /// One held item.
  struct Claim: Hashable, Sendable {
    let item: WorkItem
    /// How many workers held it, this one included.
    let generation: Int
  }

  /// How an item stands.
  enum Holding: Hashable, Sendable {
    /// Nobody held it.
    case free
    /// A worker that renews its claim.
    case held(generation: Int)
    /// A worker that does so no more.
    case abandoned(generation: Int)
  }

  /// A worker that holds an item when it disappears is replaced this often; then the item is at fault.
  static let mostGenerations = 5

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

  /// Gives up everything that the worker holds, for others to take at once.
  func abandon() { SharedFile.release(worker) }

  /// Takes an item that nobody holds.
  ///
  /// - Returns: `nil` if another worker has it, or was quicker.
  /// - Throws: ``StudioError`` if the folder cannot be written.
  func claim(_ item: WorkItem) throws -> Claim? {
    let generation: Int
    switch try holding(of: item) {
    case .held: return nil
    case .free: generation = 1
    case .abandoned(let before): generation = before + 1
    }
    let path = path(of: item, generation)
    switch SharedFile.link(worker, to: path) {
    case 0: return Claim(item: item, generation: generation)
    case EEXIST: return nil
    case let code: throw StudioError.unwritable(path, code: code)
    }
  }

  /// Lets go of an item that cannot be done, so that it can be claimed once it is to be tried again. Only
  /// after its record was written.
  func drop(_ claim: Claim) { unlink(path(of: claim.item, claim.generation)) }

  /// Whether nobody took over what was claimed.
  func stillHolds(_ claim: Claim) -> Bool {
    SharedFile.status(path(of: claim.item, claim.generation + 1)) == nil
  }

  /// How an item stands now.
  ///
  /// - Throws: ``StudioError`` if the worker's own file is gone.
  func holding(of item: WorkItem) throws -> Holding {
    var generation = 0
    while SharedFile.status(path(of: item, generation + 1)) != nil { generation += 1 }
    let path = path(of: item, generation)
    guard generation > 0,
      let newest = SharedFile.freshStatus(path) ?? SharedFile.status(path)
    else { return .free }
    guard let own = SharedFile.status(worker) else {
      throw StudioError(worker, .workList(reason: "the file of this worker is gone"))
    }
    return Self.seconds(own) - Self.seconds(newest) > lease
      ? .abandoned(generation: generation) : .held(generation: generation)
  }

  private func path(of item: WorkItem, _ generation: Int) -> String {
    list.file("claims", "\(item.name).\(generation)")
  }

  static func seconds(_ status: stat) -> Double { SharedFile.seconds(status.st_mtim) }
}
