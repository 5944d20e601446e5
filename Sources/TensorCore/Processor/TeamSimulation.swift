internal import CKernels

/// What a team of more threads than the machine has would make of work, told from how its regions divide.
///
/// All pieces are computed by the calling thread, timed, and dealt out in the order in which threads would
/// claim them; the cost of waking a helper and of a claim is counted. Two things are not: memory and caches that
/// many threads share, and threads of oneDNN, whose work counts as that of one thread. So a simulation is the
/// most that the division of the work allows.
public struct TeamSimulation: Sendable, Hashable {
  /// The largest team that is simulated as such; a larger one counts as this.
  public static let mostThreads = Int(CK_MOST_SIMULATED)

  /// Regions that were opened, and all their pieces.
  public let regionCount, pieceCount: Int
  /// Seconds between regions, in which one thread works alone.
  public let aloneSeconds: Double
  /// Seconds of all pieces.
  public let pieceSeconds: Double
  /// Seconds in which a team would have done the pieces.
  public let regionSeconds: Double

  /// Seconds of the whole work on such a team.
  public var seconds: Double { aloneSeconds + regionSeconds }

  /// Runs `body` with simulated teams of as many threads as its devices have, on this thread. Networks that
  /// are measured in it are made in it.
  public static func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    ck_begin_simulation()
    defer { ck_end_simulation() }
    return try body()
  }

  /// Measures work within ``run(_:)``, which has been done once before.
  public init(of work: () throws -> Void) rethrows {
    _ = ck_take_simulation()
    let clock = ContinuousClock()
    let start = clock.now
    try work()
    let seconds = (clock.now - start).inSeconds
    let found = ck_take_simulation()
    regionCount = found.regions
    pieceCount = found.pieces
    aloneSeconds = max(seconds - found.taken, 0)
    pieceSeconds = found.work
    regionSeconds = found.span
  }
}
