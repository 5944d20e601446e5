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

  /// What the settings do not hold of the video that carries them, as sentences without full stops.
  public var limits: [String] {
    var limits: [String] = []
    if let runs, runs.count > 1 {
      limits.append(
        "\(runs.count) runs made this video, each with settings of its own; those of one do not make "
          + "it again")
    }
    let sources = Set((runs ?? []).compactMap(\.source) + [source].compactMap { $0 })
    if !sources.isEmpty, command != "decode", command != "reconstruct" {
      let verb = command == "refine" ? "was made of" : "continues"
      limits.append(
        "it \(verb) \(sources.sorted().joined(separator: ", ")), whose frames no settings make")
    }
    return limits
  }
}
