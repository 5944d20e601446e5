import Foundation
import MediaIO
import VideoDiffusion

extension RunSettings {
  /// Reads the settings that an output carries: a video, a picture, a folder of frames, or latents.
  ///
  /// - Throws: ``StudioError`` if there is no such file or it carries none, and what reading throws.
  public init(embeddedIn path: String) throws {
    let text: String?
    switch try ClipInput(path: path) {
    case .latents(let file, _): text = file.metadata["pvdm"]
    case .video: text = try MediaMetadata.read(path)
    }
    guard let settings = text.flatMap(RunSettings.init(json:)) else {
      throw StudioError(path, .noSettings)
    }
    self = settings
  }
}
