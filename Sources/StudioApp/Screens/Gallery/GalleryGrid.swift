import TerminalUI

/// Where the gallery's pictures stand: a page of them at a time, and the pane of the focused one on
/// the right.
package struct GalleryGrid: Sendable, Hashable {
  /// The pane of pictures, and that of the focused one; empty where there is no room for it.
  package let pictures: Rectangle
  package let details: Rectangle
  /// Columns and rows of a picture, without the lines of text below it.
  package let pictureWidth: Int
  package let pictureHeight: Int
  /// Pictures beside each other and below each other.
  package let columns: Int
  package let rows: Int

  /// Lines of text below a picture.
  static let textRows = 2
  /// The grid of a window of this size, for keys.
  package init(window: TerminalSize, _ app: AppState) {
    self.init(
      area: Rectangle(
        column: 0, row: 0, width: window.columns, height: window.rows - StudioModel.frameRows), app)
  }

  /// The grid of an area.
  package init(area: Rectangle, _ app: AppState) {
    let hasDetails = area.width >= 80
    let detailsWidth = hasDetails ? min(max(area.width * 2 / 5, 32), 64) : 0
    let parts = Layout.split(area, .horizontal, [.fill(), .fixed(detailsWidth)])
    pictures = parts[0]
    details = parts[1]
    let inner = pictures.inset(left: 2, top: 1, right: 2, bottom: 1)
    pictureWidth = min(inner.width >= 80 ? 20 : 14, max(inner.width, 1))
    pictureHeight = max(Int((Double(pictureWidth) * app.cellRatio).rounded()), 1)
    columns = max((inner.width + 1) / (pictureWidth + 1), 1)
    rows = max(inner.height / (pictureHeight + Self.textRows), 1)
  }

  /// The indices that are seen together with one.
  package func page(of index: Int, count: Int) -> Range<Int> {
    let size = columns * rows
    let start = max(index, 0) / size * size
    return min(start, count)..<min(start + size, count)
  }

  /// The place of a picture with its text, by its position on the page.
  func place(_ position: Int) -> Rectangle {
    Rectangle(
      column: pictures.column + 2 + position % columns * (pictureWidth + 1),
      row: pictures.row + 1 + position / columns * (pictureHeight + Self.textRows),
      width: pictureWidth, height: pictureHeight + Self.textRows)
  }

  /// An index moved by a movement.
  func moved(_ index: Int, _ movement: Movement, count: Int) -> Int {
    guard count > 0 else { return 0 }
    let target =
      switch movement {
      case .left: index - 1
      case .right: index + 1
      case .up: index >= columns ? index - columns : index
      // From the last full row to the end of a shorter one.
      case .down: index / columns < (count - 1) / columns ? index + columns : index
      case .pageUp: index - columns * rows
      case .pageDown: index + columns * rows
      case .first: 0
      case .last: count - 1
      }
    return min(max(target, 0), count - 1)
  }
}
