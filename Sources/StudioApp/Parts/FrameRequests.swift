import RunKit

/// Which clips' frames were asked for and are on their way, so that none is asked for twice.
package struct FrameRequests: Sendable, Hashable {
  private var pending: Set<ClipID> = []

  package init() {}

  /// Asks for those of some clips that are neither in memory nor on their way.
  package mutating func load(_ clips: [ClipID], _ app: AppState) -> [StudioEffect] {
    // What arrived may be asked for again once it had to make room.
    pending = Set(app.frames.missing(Array(pending)))
    let wanted = app.frames.missing(clips).filter { pending.insert($0).inserted }
    return wanted.isEmpty ? [] : [.query(.loadFrames(wanted))]
  }
}
