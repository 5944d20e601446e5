import Foundation
import MediaIO
import RunKit
import TerminalUI
import VideoDiffusion

/// Moving block characters in place on a terminal, or one still after another where it is none.
struct PreviewScreen {
  private let renderer: ImageRenderer
  private let capabilities: TerminalCapabilities
  private var preview: InPlacePreview
  private let rate: Double
  /// Previews shown so far: each shows the frame after the last one's, so that the clip moves.
  private var previewCount = 0
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

  /// Shows what an event brings: the next frame of an estimate, or a finished clip as it plays.
  mutating func show(_ event: JobEvent, caption: String) async {
    switch event {
    case .preview(let preview):
      draw(preview.images[previewCount % preview.images.count], caption)
      previewCount += 1
    case .decoded(_, sample: 0, let clip, _):
      guard capabilities.isTerminal else {
        if let last = clip.images.last { draw(last, caption) }
        return
      }
      for image in clip.images {
        draw(image, caption)
        try? await Task.sleep(for: .seconds(1 / max(rate, 1)))
      }
    case .generation, .loading, .writing:
      // The picture is written again with its caption: four times a second is enough over SSH.
      let now = ContinuousClock.now
      guard capabilities.isTerminal, lastCaption.map({ now - $0 > .milliseconds(250) }) ?? true
      else { return }
      lastCaption = now
      write(preview.frame(cells, caption: [ConsoleText(caption).text]))
    case .decoded, .notes: break
    }
  }

  private mutating func draw(_ image: RGBImage, _ caption: String) {
    guard
      let pixels = try? PixelImage(
        width: image.width, height: image.height, bytes: image.pixels),
      let cells = try? renderer.render(
        pixels, maxColumns: min(capabilities.size.columns, 128),
        maxRows: max(1, capabilities.size.rows - 3))
    else { return }
    self.cells = cells
    if capabilities.isTerminal {
      write(preview.frame(cells, caption: [ConsoleText(caption).text]))
    } else {
      write(ANSIText(colorMode: capabilities.colorMode).string(cells) + "\n")
    }
  }

  /// Leaves the last picture where it is.
  mutating func end() {
    preview.keep()
  }

  private func write(_ picture: String) { writeToStandardError(ConsoleText(picture: picture)) }
}
