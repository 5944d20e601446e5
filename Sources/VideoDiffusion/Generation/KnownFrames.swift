/// Frames of a clip that are known before it is made: the others are made to lead from and to them.
///
/// At chosen steps of the sampler its estimate of the clip is decoded, directed (``directing(_:after:)``) and
/// encoded again, and the step goes on from there; what is shown of the finished clip is directed once more,
/// so that the known frames are shown as they were given. Putting known values in their place between steps
/// is the idea of RePaint (Lugmayr et al., CVPR 2022). In a latent of planes no value belongs to one frame,
/// so that it is done with frames; and since the autoencoder gives no frame back quite as it was, what the known
/// frames differ in is carried over to those between them (`samples/README.md` has what that brings).
public struct KnownFrames: Sendable, Hashable {
  /// Height and width in pixels.
  public let side: Int
  /// Each known frame by its number within the clip, from 0: `[side, side, 3]`, in -1 ... 1.
  public private(set) var frames: [Int: [Float]] = [:]

  /// No frame known yet of clips of this size.
  public init(side: Int) { self.side = side }

  /// Some frames of a clip.
  ///
  /// - Parameter numbers: Frames of the clip, from 0.
  public init(_ numbers: some Sequence<Int>, of clip: PixelClip) {
    side = clip.side
    for number in numbers { frames[number] = clip.frame(number) }
  }

  /// What is known of the last clip of a loop: at its end stands the beginning of the first.
  ///
  /// - Parameters:
  ///   - count: Frames at the end, at most as many as a clip has.
  ///   - opening: The first clip as it is shown.
  public init(closing count: Int, with opening: PixelClip) {
    self.init(side: opening.side)
    let first = opening.frames - count
    for number in 0..<count { know(opening.frame(number), at: first + number) }
  }

  /// Makes a frame known.
  ///
  /// - Parameters:
  ///   - frame: `[side, side, 3]`, in -1 ... 1.
  ///   - number: Its number within the clip, from 0.
  public mutating func know(_ frame: [Float], at number: Int) {
    precondition(frame.count == side * side * 3 && number >= 0, "the frame is of another size")
    frames[number] = frame
  }

  /// What is known here and there; a frame that is known twice is as it is known here.
  package func merging(_ other: KnownFrames) -> KnownFrames {
    var result = self
    result.frames.merge(other.frames) { own, _ in own }
    return result
  }

  /// A clip with the known frames in their place, and the others moved by what the known ones on both sides
  /// differed in, the nearer one counting more.
  ///
  /// Before the first known frame, the difference is that of the clip's first frame to the one that it
  /// is shown after; without such a frame, and after the last known one, it stays the same.
  ///
  /// - Parameters:
  ///   - clip: Of this side, with all the known numbers.
  ///   - before: The frame that it is shown after, `[side, side, 3]`, in -1 ... 1; `nil` for none.
  public func directing(_ clip: PixelClip, after before: [Float]? = nil) -> PixelClip {
    precondition(clip.side == side, "the clip is of another size")
    guard !frames.isEmpty else { return clip }
    let size = side * side * 3
    func difference(_ known: [Float], from number: Int) -> [Float] {
      zip(known, clip.values[(number * size)..<((number + 1) * size)]).map { $0 - $1 }
    }
    var ends = frames.map { (number: $0, difference: difference($1, from: $0)) }
    if let before, frames[0] == nil { ends.append((-1, difference(before, from: 0))) }
    ends.sort { $0.number < $1.number }
    var result = clip
    for number in 0..<clip.frames {
      let first = number * size
      if let known = frames[number] {
        result.values.replaceSubrange(first..<(first + size), with: known)
        continue
      }
      let left = ends.last { $0.number < number }
      let right = ends.first { $0.number > number }
      guard let start = left ?? right, let end = right ?? left else { continue }
      let share =
        start.number == end.number
        ? 0 : Float(number - start.number) / Float(end.number - start.number)
      for pixel in 0..<size {
        result.values[first + pixel] +=
          (1 - share) * start.difference[pixel] + share * end.difference[pixel]
      }
    }
    return result
  }

  /// Whether the estimate of a step is directed. The first half of the steps decides little that the
  /// second does not decide anew, and costs as much (`samples/README.md`).
  ///
  /// - Parameters:
  ///   - step: The step's number, from 0.
  ///   - count: Steps of the run.
  public static func directs(step: Int, of count: Int) -> Bool { 2 * step >= count }
}

extension PixelClip {
  /// A frame, `[side, side, 3]`, in -1 ... 1.
  package func frame(_ number: Int) -> [Float] {
    let size = side * side * 3
    return Array(values[(number * size)..<((number + 1) * size)])
  }

  /// Some of the clip's frames, as a clip of their own.
  package func frames(_ range: Range<Int>) -> PixelClip {
    let size = side * side * 3
    return PixelClip(
      frames: range.count, side: side,
      values: Array(values[(range.lowerBound * size)..<(range.upperBound * size)]))
  }
}
