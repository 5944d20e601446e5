/// How far some work is.
public struct ProgressBar: Sendable, Hashable {
  /// What is done, 0-1; nil while it is not known.
  public var fraction: Double?
  /// Texts after the bar, the most important first: `37%`, `clip 1/4`, `0.31 s/it`, `1:02 left`.
  public var notes: [String]

  /// Progress as a part of the whole.
  public init(fraction: Double?, notes: [String] = []) {
    self.fraction = fraction
    self.notes = notes
  }

  /// Progress by counted steps, with the percentage as the first note.
  ///
  /// - Parameter total: steps in all, at least 0.
  public init(done: Int, total: Int, notes: [String] = []) {
    let fraction = total > 0 ? min(max(Double(done) / Double(total), 0), 1) : 0
    self.init(
      fraction: fraction, notes: ["\(Self.percentage(done, total))%", "\(done)/\(total)"] + notes)
  }

  /// In whole numbers: 29 hundredths times 100 is a little below 29 in floating point.
  private static func percentage(_ done: Int, _ total: Int) -> Int {
    total > 0 ? min(max(done, 0), total) * 100 / total : 0
  }

  /// Draws the bar in the first row of an area; notes that leave it less than ten columns are
  /// left out.
  public func draw(in buffer: inout CellBuffer, area: Rectangle) {
    guard !area.isEmpty else { return }
    var shown: [String] = []
    for note in notes {
      let width = CharacterWidth.columns(of: (shown + [note]).joined(separator: "  "))
      guard area.width - width - 1 >= 10 else { break }
      shown.append(note)
    }
    let text = shown.isEmpty ? "" : " " + shown.joined(separator: "  ")
    let barWidth = area.width - CharacterWidth.columns(of: text)
    // A full block is drawn only for a full step, so that 100 % means done.
    let part = fraction.flatMap { $0.isFinite ? min(max($0, 0), 1) : nil } ?? 0
    let done = Int(Double(barWidth) * part)
    let bar = Rectangle(column: area.column, row: area.row, width: barWidth, height: 1)
    buffer.fill(bar, with: "░", style: Style(.progressLeft))
    buffer.fill(bar.inset(right: barWidth - done), with: "█", style: Style(.progressDone))
    buffer.write(text, column: bar.endColumn, row: area.row, clip: area)
  }
}
