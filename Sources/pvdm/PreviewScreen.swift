import Foundation
import StudioKit
import TerminalUI
import VideoDiffusion

/// Moving block characters in place on a terminal, or one still after another where it is none.
struct PreviewScreen {
  private let renderer: ImageRenderer
  private let capabilities: TerminalCapabilities
  private var preview: InPlacePreview
  private let rate: Double
  /// What is on the screen, so that a new caption leaves the picture where it is.
  private var cells: ImageCells?
  private var lastCaption: ContinuousClock.Instant?

  /// - Parameter rate: Frames a second at which finished clips play.
  init(_ capabilities: TerminalCapabilities, rate: Double) {
    self.capabilities = capabilities
    self.rate = rate
    renderer = ImageRenderer(symbols: capabilities.symbols, colorMode: capabilities.colorMode)
    preview = InPlacePreview(colorMode: capabilities.colorMode, size: capabilities.size)
  }

  /// Shows what an event brings: an estimate's middle frame, or a finished clip as it plays.
  mutating func show(_ event: JobEvent, caption: String) async {
    switch event {
    case .preview(_, let clip, _):
      draw(clip, frame: clip.frames / 2, caption)
    case .decoded(_, sample: 0, let clip, _):
      guard capabilities.isTerminal else {
        draw(clip, frame: clip.frames - 1, caption)
        return
      }
      for frame in 0..<clip.frames {
        draw(clip, frame: frame, caption)
        try? await Task.sleep(for: .seconds(1 / max(rate, 1)))
      }
    case .generation, .loading, .writing:
      // The picture is written again with its caption: four times a second is enough over SSH.
      let now = ContinuousClock.now
      guard capabilities.isTerminal, lastCaption.map({ now - $0 > .milliseconds(250) }) ?? true
      else { return }
      lastCaption = now
      write(preview.frame(cells, caption: [caption]))
    case .decoded, .notes: break
    }
  }

  private mutating func draw(_ clip: PixelClip, frame: Int, _ caption: String) {
    let image = clip.images[frame]
    guard
      let pixels = try? PixelImage(
        width: image.width, height: image.height, bytes: image.pixels),
      let cells = try? renderer.render(
        pixels, maxColumns: min(capabilities.size.columns, 128),
        maxRows: max(1, capabilities.size.rows - 3))
    else { return }
    self.cells = cells
    if capabilities.isTerminal {
      write(preview.frame(cells, caption: [caption]))
    } else {
      write(ANSIText(colorMode: capabilities.colorMode).string(cells) + "\n")
    }
  }

  /// Leaves the last picture where it is.
  mutating func end() {
    preview.keep()
  }

  private func write(_ text: String) { writeToStandardError(text) }
}
