import RunKit

/// Which clips' frames were asked for and are on their way, so that none is asked for twice.
package struct FrameRequests: Sendable, Hashable {
  /// The clips, and how often there had been an answer for each before it was asked for.
  private var pending: [ClipID: Int] = [:]

  /// Clips that a question asks for, so that no answer is too large to be sent: a clip of 2,048 pixels has 200 MB.
  static let clipsPerQuestion = 2
  /// Clips on their way at most, the most wanted first; the worker hears other requests between them.
  static let mostPending = 16

  package init() {}

  /// Asks for those of some clips that are neither in memory nor on their way; for more of them as they arrive.
  ///
  /// - Parameter clips: The most wanted first. More than are kept would push each other out for ever: those
  ///   beyond are left out.
  package mutating func load(_ clips: [ClipID], _ app: AppState) -> [StudioEffect] {
    pending = pending.filter { app.frames.answers(of: $0.key) == $0.value }
    var wanted: [ClipID] = []
    for clip in app.frames.missing(Array(clips.prefix(app.frames.capacity)))
    where pending.count < Self.mostPending && pending[clip] == nil {
      pending[clip] = app.frames.answers(of: clip)
      wanted.append(clip)
    }
    return stride(from: 0, to: wanted.count, by: Self.clipsPerQuestion).map {
      .query(.loadFrames(Array(wanted[$0..<min($0 + Self.clipsPerQuestion, wanted.count)])))
    }
  }
}
