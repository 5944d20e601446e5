/// Decides when to draw and how finely, from the limits on frames and bytes a second. A value
/// without a clock: times come in as durations since the program's start.
///
/// Text always gets through, since it is small and shows what a key did. When bytes are short,
/// frames of pictures are left out first; when fewer than four a second would remain, pictures
/// get fewer colours; when that is not enough, they are refreshed every five seconds.
package struct FrameScheduler: Sendable {
  /// What to draw in a frame.
  package struct Plan: Sendable, Hashable {
    /// Whether pictures may change; otherwise their cells stay as they are.
    package var drawsImages: Bool
    package var imageDetail: ImageDetail
  }

  package private(set) var statistics = DrawStatistics()
  private var detail = ImageDetail.full
  private var wantsFrame = false
  private var imagesWaiting = false
  private var lastFrame: Duration?
  private var lastImages: Duration?
  /// Bytes that may be sent now; negative after a large frame.
  private var allowance = 0.0
  private var allowanceTime = Duration.zero
  private var limit: Int?
  private var recent: [(time: Duration, bytes: Int)] = []
  /// Smoothed size of frames with changed pictures at the present detail; nil before the first.
  private var imageFrameBytes: Double?

  /// Pictures a second that colours are given up for.
  private static let minimumImageRate = 4.0
  private static let rareInterval = Duration.seconds(5)

  package init() {}

  /// Notes that something may have changed.
  package mutating func request() { wantsFrame = true }

  /// When the next frame should be drawn; nil if nothing waits.
  package func nextFrame(_ preferences: DrawingPreferences, now: Duration) -> Duration? {
    let frameTime = lastFrame.map { $0 + .seconds(1) / preferences.maximumFrameRate } ?? now
    if wantsFrame { return max(frameTime, now) }
    guard imagesWaiting else { return nil }
    return max(frameTime, imageTime(limit: preferences.bytesPerSecond, now: now))
  }

  /// Begins a frame.
  package mutating func begin(_ preferences: DrawingPreferences, now: Duration) -> Plan {
    refill(limit: preferences.bytesPerSecond, now: now)
    wantsFrame = false
    lastFrame = now
    let drawsImages = imageTime(limit: limit, now: now) <= now
    return Plan(drawsImages: drawsImages, imageDetail: detail)
  }

  /// Ends a frame.
  ///
  /// - Parameters:
  ///   - bytes: what was sent.
  ///   - changedImages: whether pictures changed, or would have.
  ///   - holdsBackImages: whether some of them wait for another frame although they might be drawn.
  ///   - plan: what `begin` returned.
  ///   - mode: the terminal's colours, which tell the details that differ.
  package mutating func end(
    bytes: Int, changedImages: Bool, holdsBackImages: Bool = false, plan: Plan, mode: ColorMode,
    now: Duration
  ) {
    if bytes > 0 { statistics.framesDrawn += 1 }
    statistics.totalBytes += bytes
    recent.append((now, bytes))
    recent.removeAll { $0.time <= now - .seconds(1) }
    statistics.bytesPerSecond = recent.reduce(0) { $0 + $1.bytes }
    allowance -= Double(bytes)
    if plan.drawsImages {
      imagesWaiting = holdsBackImages
      if changedImages {
        lastImages = now
        adapt(bytes: bytes, mode: mode)
      }
    } else if changedImages {
      imagesWaiting = true
      statistics.imageFramesDropped += 1
    }
    statistics.imageDetail = detail
  }

  /// The earliest time at which pictures may be drawn.
  private func imageTime(limit: Int?, now: Duration) -> Duration {
    guard let limit else { return now }
    var time = now
    let missing = -(allowance + Double(limit) * (now - allowanceTime).seconds)
    if missing > 0 { time = now + .seconds(missing / Double(limit)) }
    if detail == .rare, let lastImages { time = max(time, lastImages + Self.rareInterval) }
    return time
  }

  private mutating func refill(limit newLimit: Int?, now: Duration) {
    if newLimit != limit {
      limit = newLimit
      allowance = 0
      if newLimit == nil { setDetail(.full) }
    } else if let limit {
      // Half a second's worth may be saved up, so that a pause does not cause a flood.
      allowance = min(
        allowance + Double(limit) * (now - allowanceTime).seconds, Double(limit) / 2)
    }
    allowanceTime = now
  }

  private mutating func adapt(bytes: Int, mode: ColorMode) {
    guard let limit else { return }
    let smoothed = imageFrameBytes.map { 0.6 * $0 + 0.4 * Double(bytes) } ?? Double(bytes)
    imageFrameBytes = smoothed
    let needed = smoothed * Self.minimumImageRate
    if needed > Double(limit) {
      setDetail(detail.poorer(on: mode))
    } else if needed * 3 < Double(limit) * 0.8 {
      // Going one step richer multiplies the bytes by at most about three.
      setDetail(detail.richer(on: mode))
    }
  }

  private mutating func setDetail(_ newDetail: ImageDetail) {
    guard newDetail != detail else { return }
    detail = newDetail
    imageFrameBytes = nil
  }
}

extension Duration {
  /// This duration as a number of seconds.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

/// What drawing has cost, for a status bar.
public struct DrawStatistics: Sendable, Hashable {
  /// Frames sent that changed something.
  public var framesDrawn = 0
  /// Times that a changed picture was left as it was, to stay within the limit of bytes.
  public var imageFramesDropped = 0
  /// Bytes sent since the start.
  public var totalBytes = 0
  /// Bytes sent in the last second.
  public var bytesPerSecond = 0
  /// How finely pictures are drawn now.
  public var imageDetail = ImageDetail.full

  /// Nothing drawn yet.
  public init() {}

  /// `bytesPerSecond` for people, such as `38 KB/s`.
  public var rateText: String { "\((bytesPerSecond + 500) / 1_000) KB/s" }
}
