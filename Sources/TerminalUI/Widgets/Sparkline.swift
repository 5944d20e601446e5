/// Numbers as a row of small bars, the latest on the right.
public struct Sparkline: Sendable, Hashable {
  /// The values, the latest last.
  public var values: [Double]
  /// The range that the bars span; nil for that of the values shown.
  public var range: ClosedRange<Double>?

  /// A sparkline.
  public init(_ values: [Double], range: ClosedRange<Double>? = nil) {
    self.values = values
    self.range = range
  }

  private static let bars: [Unicode.Scalar] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Draws the last values in the first row of an area, one a column; those that are not finite
  /// leave a gap.
  public func draw(in buffer: inout CellBuffer, area: Rectangle, style: Style = Style(.graphFirst))
  {
    guard !area.isEmpty else { return }
    let shown = values.suffix(area.width)
    let finite = shown.filter(\.isFinite)
    guard let low = range?.lowerBound ?? finite.min(),
      let high = range?.upperBound ?? finite.max()
    else { return }
    for (index, value) in shown.enumerated() where value.isFinite {
      // Halved, so that the distance between two extreme values stays finite.
      let position = high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5
      let level = Int(min(max(position, 0), 0.99) * 8)
      buffer.put(
        Cell(Self.bars[level], style: style), column: area.column + index, row: area.row,
        clip: area)
    }
  }
}
