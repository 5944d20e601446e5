/// A bilinear resize of frames without antialiasing, followed by a cut, as the feature networks
/// want their input.
///
/// The arithmetic is that of PyTorch's `interpolate(mode: bilinear, antialias: false)` in float32.
struct FrameResize {
  private let rows: Axis
  private let columns: Axis

  /// For each position of a resized axis, its two neighbours in the source and the second one's
  /// weight.
  struct Axis {
    private(set) var first: [Int]
    private(set) var second: [Int]
    private(set) var weight: [Float]

    /// Half-pixel centres: source coordinate `(position + 0.5) * scale - 0.5`, not below 0.
    ///
    /// - Parameters:
    ///   - source: Positions there are.
    ///   - target: Positions of the whole resized axis.
    ///   - kept: Those of them that are wanted.
    init(from source: Int, to target: Int, kept: Range<Int>) {
      let scale = Float(source) / Float(target)
      self.init(kept.map { max((Float($0) + 0.5) * scale - 0.5, 0) }, source)
    }

    /// The first and last positions of both axes lie on each other (`align_corners`).
    init(aligning source: Int, to target: Int) {
      let scale = target > 1 ? Float(source - 1) / Float(target - 1) : 0
      self.init((0..<target).map { Float($0) * scale }, source)
    }

    private init(_ coordinates: [Float], _ source: Int) {
      let last = source - 1
      first = coordinates.map { min(Int($0), last) }
      second = first.map { min($0 + 1, last) }
      weight = zip(coordinates, first).map { min($0 - Float($1), 1) }
    }
  }

  /// Scales the shorter side to `side`, the longer one in proportion and rounded up, and cuts the
  /// centre out.
  init(height: Int, width: Int, toCentreOfSide side: Int) {
    func axis(_ extent: Int) -> Axis {
      let scaled = (Double(extent) * Double(side) / Double(min(height, width))).rounded(.up)
      let target = extent == min(height, width) ? side : Int(scaled)
      let start = (target - side) / 2
      return Axis(from: extent, to: target, kept: start..<(start + side))
    }
    rows = axis(height)
    columns = axis(width)
  }

  /// Stretches both sides to `side`, corners on corners.
  init(height: Int, width: Int, stretchedToSide side: Int) {
    rows = Axis(aligning: height, to: side)
    columns = Axis(aligning: width, to: side)
  }

  /// Resizes one frame.
  ///
  /// - Parameters:
  ///   - frame: `[height, width, 3]`.
  ///   - width: Columns of the frame.
  ///   - result: `[rows, columns, 3]`, values 0 ... 255.
  func resize(
    _ frame: UnsafeBufferPointer<UInt8>, width: Int, into result: UnsafeMutableBufferPointer<Float>
  ) {
    var position = 0
    for y in rows.first.indices {
      let (upper, lower) = (rows.first[y] * width, rows.second[y] * width)
      let down = rows.weight[y]
      for x in columns.first.indices {
        let (left, right) = (columns.first[x], columns.second[x])
        let across = columns.weight[x]
        for channel in 0..<3 {
          func level(_ pixel: Int) -> Float { Float(frame[pixel * 3 + channel]) }
          let above = level(upper + left) * (1 - across) + level(upper + right) * across
          let below = level(lower + left) * (1 - across) + level(lower + right) * across
          result[position] = above * (1 - down) + below * down
          position += 1
        }
      }
    }
  }
}

extension FrameBytes {
  /// All frames resized, `[count, side, side, 3]`, values 0 ... 255.
  func resized(_ resize: FrameResize, side: Int) -> [Float] {
    let (source, target) = (height * width * 3, side * side * 3)
    return [Float](unsafeUninitializedCapacity: count * target) { buffer, initialized in
      bytes.withUnsafeBufferPointer { bytes in
        for frame in 0..<count {
          resize.resize(
            UnsafeBufferPointer(rebasing: bytes[(frame * source)..<((frame + 1) * source)]),
            width: width,
            into: UnsafeMutableBufferPointer(
              rebasing: buffer[(frame * target)..<((frame + 1) * target)]))
        }
      }
      initialized = count * target
    }
  }
}
