import Foundation
import MediaIO
import RunKit
import StudioKit
import StudioLink
import TerminalUI

/// What drawing the studio costs: the screen Make with a moving picture, from the model to the cells.
public struct StudioBenchmark: Sendable {
  /// Median time of a frame whose picture was not drawn before, in seconds.
  public let newFrameSeconds: Double
  /// Median time of a frame whose picture comes from the cache, as in a loop that repeats.
  public let repeatedFrameSeconds: Double
  /// The window.
  public let columns: Int
  public let rows: Int

  /// Draws a loop of 16 pictures of 64 x 64 pixels, in 24-bit colours, several times over.
  ///
  /// - Parameters:
  ///   - columns: Width of the window, at least 80.
  ///   - rows: Height of the window, at least 24.
  ///   - rounds: How often the loop is drawn anew and repeated, at least 1.
  public init(columns: Int = 160, rows: Int = 48, rounds: Int = 5) {
    self.columns = columns
    self.rows = rows
    let size = TerminalSize(columns: columns, rows: rows)
    var new: [Double] = []
    var repeated: [Double] = []
    for round in 0..<rounds {
      var model = Self.model(size, seed: round)
      let context = ViewContext(
        capabilities: TerminalCapabilities(
          colorMode: .trueColor, isUTF8: true, isTerminal: true, size: size))
      for frame in 0..<(2 * Self.frameCount) {
        let start = ContinuousClock.now
        var buffer = CellBuffer(columns: columns, rows: rows)
        model.draw(context, in: &buffer)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        precondition(
          buffer.cells.count { $0.style.role == .image } > columns * rows / 4,
          "the picture is not on the screen")
        if frame < Self.frameCount { new.append(seconds) } else { repeated.append(seconds) }
        _ = model.update(.frame)
      }
    }
    newFrameSeconds = new.sorted()[new.count / 2]
    repeatedFrameSeconds = repeated.sorted()[repeated.count / 2]
  }

  private static let frameCount = 16

  /// A studio in which a job shows estimates of its clip.
  private static func model(_ size: TerminalSize, seed: Int) -> StudioModel {
    let job = Job(
      id: JobID(rawValue: 1),
      task: .generate(
        GenerateTask(
          video: VideoID(rawValue: 1), origin: .nothing,
          model: ModelReference(name: "benchmark", autoencoder: nil, denoiser: nil),
          settings: GenerationSettings())), state: .running, created: Date(), started: Date())
    var progress = JobProgress(job: job.id, phase: .sampling, clipCount: 1)
    progress.step = 1
    progress.stepCount = 2
    var model = StudioModel()
    for message: StudioMessage in [
      .resized(size), .ready(Preferences(), modelFolders: []), .key(.character("2")),
      .workspace(.jobs([job])), .workspace(.progress(progress)),
      .workspace(
        .preview(
          JobPreview(
            job: job.id, clip: 0, step: 1, stepCount: 2, mode: .decoded, images: images(seed)))),
    ] { _ = model.update(message) }
    return model
  }

  /// Waves of colour that differ in every frame and round, so that no picture is known.
  private static func images(_ seed: Int) -> [RGBImage] {
    (0..<frameCount).map { frame in
      let pixels = (0..<(64 * 64 * 3)).map { index -> UInt8 in
        let (pixel, channel) = (index / 3, index % 3)
        let phase = Double(pixel % 64) / 9 + Double(pixel / 64) / 7 + Double(channel)
        return UInt8(127 + 120 * sin(phase + Double(frame) / 3 + Double(seed)))
      }
      return RGBImage(width: 64, height: 64, pixels: pixels)
    }
  }
}
