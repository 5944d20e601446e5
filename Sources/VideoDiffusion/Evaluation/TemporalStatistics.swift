/// What happens along a long video that needs no trained network to see: colours and contrast that
/// drift, seams between clips, motion that dies or grows.
///
/// Everything is by clip index, in units of the full range of a channel (0 ... 1).
public struct TemporalStatistics: Sendable, Hashable, Codable {
  /// Frames of a clip.
  public let clipFrames: Int
  /// Mean red, green and blue of each clip.
  public let colors: [[Double]]
  /// Standard deviation of the luma over the pixels of a frame, mean over the clip's frames.
  public let contrasts: [Double]
  /// Mean absolute difference of neighbouring frames within each clip.
  public let motions: [Double]
  /// At the boundary before each clip but the first: the difference of the two frames there over
  /// the mean difference within the two clips. 1 is no seam to be seen.
  public let seams: [Double]

  /// Measures a video.
  ///
  /// - Parameters:
  ///   - video: Its whole clips are looked at; frames left over at the end are not.
  ///   - clipFrames: Frames of a clip, at least 2; the video has at least one clip.
  package init(_ video: FrameBytes, clipFrames: Int) {
    precondition(clipFrames >= 2 && video.count >= clipFrames)
    let clips = video.count / clipFrames
    let differences = (1..<(clips * clipFrames)).map { Self.difference(video, $0 - 1, $0) }
    let motions = (0..<clips).map { clip in
      let first = clip * clipFrames
      return Self.mean(differences[first..<(first + clipFrames - 1)])
    }
    let frames = (0..<(clips * clipFrames)).map { Self.moments(video, $0) }
    self.clipFrames = clipFrames
    self.motions = motions
    colors = (0..<clips).map { clip in
      let part = frames[(clip * clipFrames)..<((clip + 1) * clipFrames)]
      return (0..<3).map { channel in Self.mean(part.map { $0.color[channel] }) }
    }
    contrasts = (0..<clips).map { clip in
      Self.mean(frames[(clip * clipFrames)..<((clip + 1) * clipFrames)].map { $0.contrast })
    }
    seams = (1..<max(clips, 1)).map { clip in
      let within = (motions[clip - 1] + motions[clip]) / 2
      // A still video has no seam where its boundary is still, too.
      return (differences[clip * clipFrames - 1] + Self.still) / (within + Self.still)
    }
  }

  /// The mean over several videos with the same number of clips.
  public init(meanOf statistics: [TemporalStatistics]) {
    precondition(!statistics.isEmpty)
    precondition(statistics.allSatisfy { $0.clipCount == statistics[0].clipCount })
    func mean(_ series: (TemporalStatistics) -> [Double]) -> [Double] {
      series(statistics[0]).indices.map { index in
        Self.mean(statistics.map { series($0)[index] })
      }
    }
    clipFrames = statistics[0].clipFrames
    colors = statistics[0].colors.indices.map { clip in
      (0..<3).map { channel in Self.mean(statistics.map { $0.colors[clip][channel] }) }
    }
    contrasts = mean(\.contrasts)
    motions = mean(\.motions)
    seams = mean(\.seams)
  }

  /// Takes back what ``row`` gave; `nil` if it is none of such a video.
  package init?(row: [Float], clipCount: Int, clipFrames: Int) {
    guard row.count == clipCount * 6 - 1 else { return nil }
    let values = row.map(Double.init)
    self.clipFrames = clipFrames
    colors = (0..<clipCount).map { Array(values[($0 * 3)..<($0 * 3 + 3)]) }
    contrasts = Array(values[(clipCount * 3)..<(clipCount * 4)])
    motions = Array(values[(clipCount * 4)..<(clipCount * 5)])
    seams = Array(values[(clipCount * 5)...])
  }

  /// All numbers one after the other, to be kept: colours, contrasts, motions, seams.
  package var row: [Float] {
    (colors.flatMap { $0 } + contrasts + motions + seams).map(Float.init)
  }

  /// Clips of the video.
  public var clipCount: Int { contrasts.count }

  /// Distance of each clip's mean colour from the first clip's, largest channel.
  public var colorDrift: [Double] {
    colors.map { color in zip(color, colors[0]).map { abs($0 - $1) }.max() ?? 0 }
  }

  /// Each clip's contrast less the first clip's.
  public var contrastDrift: [Double] { contrasts.map { $0 - contrasts[0] } }

  /// A tenth of the smallest step of 8 bits: differences below are no motion.
  private static let still = 0.1 / 255

  private static func mean(_ values: some Collection<Double>) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  private static func difference(_ video: FrameBytes, _ first: Int, _ second: Int) -> Double {
    let size = video.height * video.width * 3
    return video.bytes.withUnsafeBufferPointer { bytes in
      var sum = 0
      for index in 0..<size {
        sum += abs(Int(bytes[first * size + index]) - Int(bytes[second * size + index]))
      }
      return Double(sum) / Double(size) / 255
    }
  }

  /// Mean colour and standard deviation of the luma (ITU-R BT.601 weights) of a frame.
  private static func moments(
    _ video: FrameBytes, _ frame: Int
  ) -> (color: [Double], contrast: Double) {
    let pixels = video.height * video.width
    return video.bytes.withUnsafeBufferPointer { bytes in
      var (red, green, blue) = (0, 0, 0)
      var (sum, squares) = (0.0, 0.0)
      for pixel in (frame * pixels)..<((frame + 1) * pixels) {
        let (r, g, b) = (bytes[pixel * 3], bytes[pixel * 3 + 1], bytes[pixel * 3 + 2])
        red += Int(r)
        green += Int(g)
        blue += Int(b)
        let luma = 0.299 * Double(r) + 0.587 * Double(g) + 0.114 * Double(b)
        sum += luma
        squares += luma * luma
      }
      let count = Double(pixels)
      let variance = max(squares / count - (sum / count) * (sum / count), 0)
      return (
        [red, green, blue].map { Double($0) / count / 255 }, variance.squareRoot() / 255
      )
    }
  }
}
