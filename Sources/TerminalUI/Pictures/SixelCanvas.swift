internal import CChafa

/// chafa's canvas for sixels, freed when this value goes.
struct SixelCanvas: ~Copyable {
  private let canvas: OpaquePointer

  /// - Throws: `TerminalError.imageConversionFailed` if chafa gives no canvas.
  init(columns: Int, rows: Int, cell: CellPixels) throws(TerminalError) {
    guard let configuration = chafa_canvas_config_new() else {
      throw .imageConversionFailed(columns: columns, rows: rows)
    }
    defer { chafa_canvas_config_unref(configuration) }
    chafa_canvas_config_set_geometry(configuration, Int32(columns), Int32(rows))
    chafa_canvas_config_set_cell_geometry(configuration, Int32(cell.width), Int32(cell.height))
    chafa_canvas_config_set_pixel_mode(configuration, CHAFA_PIXEL_MODE_SIXELS)
    // 256 colours that are chosen for the picture; dither would add half of its bytes again.
    chafa_canvas_config_set_canvas_mode(configuration, CHAFA_CANVAS_MODE_TRUECOLOR)
    chafa_canvas_config_set_dither_mode(configuration, CHAFA_DITHER_MODE_NONE)
    chafa_canvas_config_set_preprocessing_enabled(configuration, 0)
    guard let canvas = chafa_canvas_new(configuration) else {
      throw .imageConversionFailed(columns: columns, rows: rows)
    }
    self.canvas = canvas
  }

  deinit { chafa_canvas_unref(canvas) }

  /// The sequence that shows a picture over all the cells, from the cursor on; chafa leaves out the rows of
  /// pixels at the bottom that fill no whole band of six.
  borrowing func draw(_ image: PixelImage) -> [UInt8] {
    image.draw(on: canvas)
    guard let text = chafa_canvas_print(canvas, nil) else { return [] }
    defer { g_string_free(text, 1) }
    return Array(
      UnsafeRawBufferPointer(start: text.pointee.str, count: Int(text.pointee.len)))
  }
}
