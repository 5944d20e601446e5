/// Frames laid out in rows on one picture, thin gutters between them.
struct ContactSheet: Sendable, Hashable {
  /// Frames in a row.
  let columns: Int
  /// Pixels between neighbouring frames and around the sheet.
  let gutter: Int

  static let gutterColour: (red: UInt8, green: UInt8, blue: UInt8) = (24, 24, 28)

  /// A sheet of `columns` (at least 1) frames a row, `gutter` (at least 0) pixels between them.
  init(columns: Int, gutter: Int = 2) {
    precondition(columns >= 1 && gutter >= 0)
    self.columns = columns
    self.gutter = gutter
  }

  /// The sheet nearest to a square grid of `count` frames.
  init(forFrameCount count: Int, gutter: Int = 2) {
    var columns = 1
    while columns * columns < count { columns += 1 }
    self.init(columns: columns, gutter: gutter)
  }

  /// Pixels of the sheet for `count` frames of `width` x `height`.
  func size(frameCount count: Int, width: Int, height: Int) -> (width: Int, height: Int) {
    let usedColumns = min(columns, max(count, 1))
    let rows = (max(count, 1) - 1) / columns + 1
    return (
      usedColumns * (width + gutter) + gutter,
      rows * (height + gutter) + gutter
    )
  }

  /// The frames in reading order on one picture; places left over in the last row stay dark.
  /// Throws ``MediaError``: `empty` without frames, `sizeMismatch` when they differ in size.
  func compose(_ frames: [RGBImage]) throws -> RGBImage {
    guard let first = frames.first else {
      throw MediaError(.empty, file: "contact sheet", found: "has no frames to show")
    }
    let size = size(frameCount: frames.count, width: first.width, height: first.height)
    var sheet = RGBImage(width: size.width, height: size.height, fill: Self.gutterColour)
    for (index, frame) in frames.enumerated() {
      guard frame.width == first.width, frame.height == first.height else {
        throw MediaError(
          .sizeMismatch, file: "contact sheet",
          found: "has frame \(index) of \(frame.width)x\(frame.height)",
          expected: "its first frame is \(first.width)x\(first.height)")
      }
      sheet.paste(
        frame,
        x: gutter + (index % columns) * (first.width + gutter),
        y: gutter + (index / columns) * (first.height + gutter))
    }
    return sheet
  }
}
