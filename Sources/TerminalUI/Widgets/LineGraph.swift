internal import Foundation

/// Curves drawn with braille dots, 2x4 a cell, above an axis with the extreme values.
public struct LineGraph: Sendable, Hashable {
  /// One curve: its values at evenly spaced places, the first on the left.
  public struct Curve: Sendable, Hashable {
    /// The values from left to right.
    public var values: [Double]
    /// The role whose colour the curve has.
    public var role: Role

    /// A curve.
    public init(_ values: [Double], role: Role = .graphFirst) {
      self.values = values
      self.role = role
    }

    /// The curve of the logarithms, with gaps where there is none.
    fileprivate var logarithmic: Curve {
      Curve(values.map { $0 > 0 ? log($0) : .nan }, role: role)
    }
  }

  /// The curves; later ones are drawn over earlier ones.
  public var curves: [Curve]
  /// Whether fewer values than columns are joined by straight lines, rather than held.
  public var joinsValues = false
  /// Values at the lower and upper edge; nil for those of the curves.
  public var range: ClosedRange<Double>?
  /// Decimals of the labels on the axis, 0-9.
  public var decimals: Int
  /// Whether equal factors are equal heights; values that are not above 0 are gaps then.
  public var isLogarithmic: Bool

  /// A graph.
  public init(
    _ curves: [Curve], range: ClosedRange<Double>? = nil, decimals: Int = 3,
    isLogarithmic: Bool = false
  ) {
    self.curves = curves
    self.range = range
    self.decimals = decimals
    self.isLogarithmic = isLogarithmic
  }

  /// Draws the curves over the whole width of an area. Values that are not finite are gaps.
  public func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let finite = curves.flatMap(\.values).filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
    guard let low = range?.lowerBound ?? finite.min(),
      let high = range?.upperBound ?? finite.max(), area.width > 0, area.height > 0
    else { return }
    let labels = [high, low].map { FormValue.text(of: $0, decimals: decimals) }
    let labelWidth = labels.map { CharacterWidth.columns(of: $0) }.max() ?? 0
    let plot = area.inset(left: labelWidth + 1)
    guard plot.width > 0 else { return }
    for row in plot.row..<plot.endRow {
      buffer.put(Cell("│", style: Style(.graphAxis)), column: plot.column - 1, row: row)
    }
    let labelStyle = Style(.secondary)
    buffer.write(labels[0], column: area.column, row: area.row, style: labelStyle, clip: area)
    if area.height > 1 {
      buffer.write(
        labels[1], column: area.column, row: area.endRow - 1, style: labelStyle, clip: area)
    }
    for curve in curves {
      let (bottom, top) = isLogarithmic ? (log(low), log(high)) : (low, high)
      draw(
        isLogarithmic ? curve.logarithmic : curve, in: &buffer, plot: plot, low: bottom,
        span: top > bottom ? min(top - bottom, .greatestFiniteMagnitude) : 1)
    }
  }

  private func draw(
    _ curve: Curve, in buffer: inout CellBuffer, plot: Rectangle, low: Double, span: Double
  ) {
    let width = plot.width * 2
    let height = plot.height * 4
    var dots = [UInt8](repeating: 0, count: plot.width * plot.height)
    var last: Int?
    for x in 0..<width {
      let value =
        joinsValues && curve.values.count < width
        ? Self.joined(curve.values, at: x, width: width)
        : Self.value(of: curve.values, at: x, width: width)
      guard let value else {
        last = nil
        continue
      }
      let position = min(max((value / 2 - low / 2) / (span / 2), 0), 1)
      let y = height - 1 - Int((position * Double(height - 1)).rounded())
      // Steep parts are filled, so that the curve hangs together.
      for filled in min(y, last ?? y)...max(y, last ?? y) {
        dots[filled / 4 * plot.width + x / 2] |= Self.dot(column: x % 2, row: filled % 4)
      }
      last = y
    }
    for (index, pattern) in dots.enumerated() where pattern != 0 {
      let column = plot.column + index % plot.width
      let row = plot.row + index / plot.width
      guard buffer.bounds.contains(column: column, row: row) else { continue }
      // A second curve joins the dots of the first.
      let present = buffer[column, row].scalar.value
      let old = (0x2800...0x28FF).contains(present) ? UInt8(present - 0x2800) : 0
      let scalar = Unicode.Scalar(0x2800 + UInt32(pattern | old)) ?? " "
      buffer.put(Cell(scalar, style: Style(curve.role)), column: column, row: row)
    }
  }

  /// The mean of the values that fall on one column of dots, or, with fewer values than columns,
  /// the nearest.
  private static func value(of values: [Double], at x: Int, width: Int) -> Double? {
    guard !values.isEmpty else { return nil }
    let first = x * values.count / width
    let end = max((x + 1) * values.count / width, first + 1)
    let part = values[first..<min(end, values.count)].filter(\.isFinite)
    return part.isEmpty ? nil : part.reduce(0, +) / Double(part.count)
  }

  /// The value at a column of dots on the line between the two values beside it; the first and last
  /// values are at the edges.
  private static func joined(_ values: [Double], at x: Int, width: Int) -> Double? {
    guard let last = values.indices.last, width > 1 else { return values.first }
    let place = Double(x * last) / Double(width - 1)
    let before = Int(place)
    let value = values[before]
    guard before < last, place > Double(before) else { return value.isFinite ? value : nil }
    let joined = value + (values[before + 1] - value) * (place - Double(before))
    return joined.isFinite ? joined : nil
  }

  /// The bit of a braille dot, from U+2800's numbering.
  private static func dot(column: Int, row: Int) -> UInt8 {
    let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    return bits[row][column]
  }
}
