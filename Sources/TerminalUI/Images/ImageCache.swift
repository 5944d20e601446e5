internal import Synchronization

/// Remembers the characters of pictures drawn before. Converting a picture takes milliseconds,
/// so a loop of frames should pay for it once. Asking the cache twice gives the same answer, so
/// views that use it stay pure.
public final class ImageCache: Sendable {
  private struct Key: Hashable {
    var image: PixelImage
    var renderer: ImageRenderer
    var columns: Int
    var rows: Int
    var isCoarse: Bool
  }

  private struct State {
    var cells: [Key: (cells: ImageCells, use: Int)] = [:]
    var uses = 0
    var cellCount = 0
  }

  private let state = Mutex(State())
  private let maximumCells: Int

  /// - Parameter maximumCells: cells to keep in all; the pictures not used for longest go first.
  ///   The default holds 64 frames of 160x48.
  public init(maximumCells: Int = 64 * 160 * 48) { self.maximumCells = maximumCells }

  /// The characters of a picture at a size, converted now or remembered.
  ///
  /// - Parameter isCoarse: clear the lower half of each 24-bit channel.
  /// - Throws: as `ImageRenderer.render` does.
  public func cells(
    of image: PixelImage, renderer: ImageRenderer, columns: Int, rows: Int,
    isCoarse: Bool = false
  ) throws(TerminalError) -> ImageCells {
    let key = Key(
      image: image, renderer: renderer, columns: columns, rows: rows, isCoarse: isCoarse)
    let found: ImageCells? = state.withLock { state in
      state.uses += 1
      state.cells[key]?.use = state.uses
      return state.cells[key]?.cells
    }
    if let found { return found }
    var cells = try renderer.render(image, columns: columns, rows: rows)
    if isCoarse { cells = cells.coarse() }
    let made = cells
    state.withLock { state in
      if state.cells.updateValue((made, state.uses), forKey: key) == nil {
        state.cellCount += made.cells.count
      }
      while state.cellCount > maximumCells, state.cells.count > 1,
        let oldest = state.cells.min(by: { $0.value.use < $1.value.use })
      {
        state.cells[oldest.key] = nil
        state.cellCount -= oldest.value.cells.cells.count
      }
    }
    return made
  }

  /// How many pictures are remembered.
  package var count: Int { state.withLock { $0.cells.count } }
}

extension ImageCells {
  /// This picture with 4 bits a channel instead of 8.
  func coarse() -> ImageCells {
    ImageCells(
      columns: columns, rows: rows,
      cells: cells.map {
        Cell(
          character: $0.character, foreground: $0.foreground.coarse,
          background: $0.background.coarse)
      })
  }
}

extension Color {
  fileprivate var coarse: Color {
    guard case .rgb(let red, let green, let blue) = self else { return self }
    // Multiplying by 17 spreads 0-15 over 0-255, so that black and white stay.
    return .rgb((red >> 4) * 17, (green >> 4) * 17, (blue >> 4) * 17)
  }
}
