internal import CChafa

/// chafa's canvas, freed when this value goes.
struct ChafaCanvas: ~Copyable {
  private let canvas: OpaquePointer
  private let colorMode: ColorMode

  init(renderer: ImageRenderer, columns: Int, rows: Int) throws(TerminalError) {
    guard let symbolMap = chafa_symbol_map_new() else {
      throw .imageConversionFailed(columns: columns, rows: rows)
    }
    defer { chafa_symbol_map_unref(symbolMap) }
    // By range, since chafa's tags for halves take in more characters than their names say.
    for range in renderer.symbols.codePoints {
      chafa_symbol_map_add_by_range(symbolMap, range.lowerBound, range.upperBound)
    }

    guard let configuration = chafa_canvas_config_new() else {
      throw .imageConversionFailed(columns: columns, rows: rows)
    }
    defer { chafa_canvas_config_unref(configuration) }
    chafa_canvas_config_set_geometry(configuration, Int32(columns), Int32(rows))
    chafa_canvas_config_set_symbol_map(configuration, symbolMap)
    chafa_canvas_config_set_canvas_mode(configuration, renderer.colorMode.chafaMode)
    chafa_canvas_config_set_preprocessing_enabled(configuration, 0)
    // Pictures for 256 colours come with their dither, but for letters, whose shapes carry the picture.
    let hasOwnDither = renderer.colorMode == .indexed256 && renderer.symbols != .ascii
    chafa_canvas_config_set_dither_mode(
      configuration,
      hasOwnDither || renderer.colorMode == .trueColor
        ? CHAFA_DITHER_MODE_NONE : CHAFA_DITHER_MODE_ORDERED)
    if hasOwnDither {
      // One of the colours that are there, where a mean of them would be none of the palette.
      chafa_canvas_config_set_color_extractor(configuration, CHAFA_COLOR_EXTRACTOR_MEDIAN)
    }
    // One grain for each dot of the symbols (in eighths of a cell): with smaller ones chafa
    // averages the dither away again.
    let grain = renderer.symbols.grain
    chafa_canvas_config_set_dither_grain_size(configuration, grain.width, grain.height)

    guard let canvas = chafa_canvas_new(configuration) else {
      throw .imageConversionFailed(columns: columns, rows: rows)
    }
    self.canvas = canvas
    colorMode = renderer.colorMode
  }

  deinit { chafa_canvas_unref(canvas) }

  borrowing func draw(_ image: PixelImage) {
    image.draw(on: canvas)
  }

  borrowing func cell(column: Int, row: Int) -> ImageCells.Cell {
    let codePoint = chafa_canvas_get_char_at(canvas, Int32(column), Int32(row))
    let character = Unicode.Scalar(codePoint) ?? " "
    var foreground: Int32 = -1
    var background: Int32 = -1
    // "Raw" colours are palette indices in the indexed modes and packed RGB otherwise.
    chafa_canvas_get_raw_colors_at(
      canvas, Int32(column), Int32(row), &foreground, &background)
    return ImageCells.Cell(
      character: character, foreground: color(foreground), background: color(background))
  }

  private borrowing func color(_ value: Int32) -> Color {
    // chafa says -1 where a cell shows the terminal's own colour.
    guard value >= 0 else { return .terminalDefault }
    return switch colorMode {
    case .mono: .terminalDefault
    case .ansi16, .indexed256: .indexed(UInt8(truncatingIfNeeded: value))
    case .trueColor:
      .rgb(
        UInt8(truncatingIfNeeded: value >> 16), UInt8(truncatingIfNeeded: value >> 8),
        UInt8(truncatingIfNeeded: value))
    }
  }
}

extension PixelImage {
  /// Gives chafa the pixels.
  func draw(on canvas: OpaquePointer) {
    // chafa counts from row to row in words of four bytes: it would shear rows of another length, and read
    // beyond the last one.
    let isWhole = 3 * width % 4 == 0
    let pixels = isWhole ? bytes : withOpacity
    let length = isWhole ? 3 * width : 4 * width
    pixels.withUnsafeBufferPointer { pixels in
      chafa_canvas_draw_all_pixels(
        canvas, isWhole ? CHAFA_PIXEL_RGB8 : CHAFA_PIXEL_RGBA8_UNASSOCIATED, pixels.baseAddress,
        Int32(width), Int32(height), Int32(length))
    }
  }

  /// The pixels with a fourth channel, which hides all behind them.
  private var withOpacity: [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(4 * width * height)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      pixels += bytes[start..<(start + 3)]
      pixels.append(.max)
    }
    return pixels
  }
}

extension ColorMode {
  /// chafa's mode. For 256 colours it is the one without the first 16, which users change.
  fileprivate var chafaMode: ChafaCanvasMode {
    switch self {
    case .mono: CHAFA_CANVAS_MODE_FGBG
    case .ansi16: CHAFA_CANVAS_MODE_INDEXED_16
    case .indexed256: CHAFA_CANVAS_MODE_INDEXED_240
    case .trueColor: CHAFA_CANVAS_MODE_TRUECOLOR
    }
  }
}
