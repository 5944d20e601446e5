import Foundation
import RunKit
import VideoDiffusion

/// Saves the state of a run to disk between its steps.
///
/// Writing without a sync takes well under a millisecond for the latents of one clip, and a file that
/// was written and renamed survives the end of the process. So every step is saved, unless the disk is
/// so slow that this would cost more than a hundredth of the time. A power loss is another matter: for
/// that the file is synced, every few seconds.
struct RunCheckpointer {
  /// The file.
  let path: String
  private let clock = ContinuousClock()
  private var lastSave: ContinuousClock.Instant?
  private var lastSync: ContinuousClock.Instant?
  private var cost = Duration.zero

  /// Time spent on saving, of all time.
  private static let share = 100
  /// Work that a power loss may cost.
  private static let syncInterval = Duration.seconds(10)

  /// Saves states in a file.
  init(path: String) { self.path = path }

  /// Saves a state, if that is cheap enough now.
  ///
  /// - Parameter isLast: Saves it whatever it costs, safe from power loss.
  /// - Throws: `CheckpointError` if it cannot be written; what was saved before stays.
  mutating func save(_ run: @autoclosure () -> SavedRun, isLast: Bool = false) throws {
    let start = clock.now
    if !isLast, let lastSave, start - lastSave < cost * Self.share { return }
    let isSynced = isLast || lastSync.map { start - $0 >= Self.syncInterval } ?? false
    try run().write(to: path, isSynced: isSynced)
    PrivateFolder.tightenAlone(path)
    lastSave = clock.now
    if isSynced || lastSync == nil { lastSync = lastSave }
    // A sync is rare, so that what it takes says nothing about the next step.
    if !isSynced { cost = clock.now - start }
  }

  /// Begins another clip: its first step is saved whatever that costs, since the state of the clip
  /// before is of no use any more.
  mutating func beginClip() { lastSave = nil }

  /// What was saved; `nil` if there is nothing, or nothing whole.
  func saved() -> SavedRun? {
    FileManager.default.fileExists(atPath: path) ? try? SavedRun(contentsOf: path) : nil
  }
}
