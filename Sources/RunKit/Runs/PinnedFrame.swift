import Foundation
import MediaIO
import VideoDiffusion

/// A picture that stands at a frame of what is made.
public struct PinnedFrame: Sendable, Hashable {
  /// The picture; of a video, its first frame.
  public let path: String
  /// The frame, from 0, of those that are made.
  public let frame: Int

  /// Pins a picture.
  public init(path: String, frame: Int) {
    self.path = path
    self.frame = frame
  }

  /// Reads `PICTURE@FRAME`, such as `still.png@15`.
  ///
  /// - Returns: `nil` for other text.
  public init?(_ text: String) {
    guard let at = text.lastIndex(of: "@"), at > text.startIndex,
      let frame = Int(text[text.index(after: at)...]), frame >= 0
    else { return nil }
    self.init(path: String(text[..<at]), frame: frame)
  }

  /// The pin as outputs say it: `still.png@15`.
  var text: String { "\(URL(filePath: path).lastPathComponent)@\(frame)" }

  /// What some pins make known of a run's clips, by the clips' numbers.
  ///
  /// - Parameters:
  ///   - frames: Frames of a clip.
  ///   - side: Height and width in pixels, which each picture is cropped and resized to.
  /// - Throws: ``StudioError`` if a file holds no picture, and what reading throws.
  static func known(
    _ pins: [PinnedFrame], frames: Int, side: Int
  ) throws -> [Int: KnownFrames] {
    let preparation = FramePreparation(resolution: side)
    var known: [Int: KnownFrames] = [:]
    for pin in pins {
      guard case .video(let reader) = try ClipInput(path: pin.path) else {
        throw StudioError(pin.path, .noFrames)
      }
      guard let picture = try reader.nextFrame() else {
        throw StudioError(pin.path, .tooShort(frames: 0, needed: 1))
      }
      let levels = preparation.preparedValues(picture).map { $0 / 127.5 - 1 }
      known[pin.frame / frames, default: KnownFrames(side: side)]
        .know(levels, at: pin.frame % frames)
    }
    return known
  }

  /// Checks that each pin has a frame of its own among those that are shown.
  ///
  /// - Parameter shown: Frames that are made and shown; `nil` without end.
  /// - Throws: ``StudioError``.
  static func check(_ pins: [PinnedFrame], shown: Int?) throws {
    var taken: Set<Int> = []
    for pin in pins {
      guard pin.frame < shown ?? 1 << 40 else {
        throw StudioError(
          pin.path,
          .option(
            name: "the frame of its pin", found: "\(pin.frame)",
            expected: "0 to \((shown ?? 1 << 40) - 1), a frame that is made"))
      }
      guard taken.insert(pin.frame).inserted else {
        throw StudioError(
          pin.path,
          .option(
            name: "the frame of its pin", found: "\(pin.frame), which another picture has",
            expected: "a frame for each"))
      }
    }
  }
}
