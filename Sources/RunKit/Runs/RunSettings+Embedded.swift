import Foundation
import MediaIO
import VideoDiffusion

extension RunSettings {
  /// Reads the settings that an output carries: a video, a picture, a folder of frames, or latents.
  ///
  /// - Throws: ``StudioError`` if there is no such file or it carries none, and what reading throws.
  public init(embeddedIn path: String) throws {
    let input = try ClipInput(path: path)
    let settings =
      switch input {
      case .latents: input.madeBy
      case .video: try MediaMetadata.read(path).flatMap(RunSettings.init(json:))
      }
    guard let settings else { throw StudioError(path, .noSettings) }
    self = settings
  }

  /// What made the video that carries the settings, if that can be made again from them: a branch of the
  /// studio's, or what `pvdm sample` made of noise.
  package var wholeRecipe: Recipe? {
    if let recipe { return recipe.isWhole ? recipe : nil }
    guard command == "sample", pins == nil, request?.closingFrames == 0,
      let settings = GenerationSettings(self)
    else { return nil }
    let reference = ModelReference(name: model, autoencoder: autoencoder, denoiser: denoiser)
    return Recipe(runs: [
      Recipe.Run(
        firstClip: 0, clipCount: settings.clipCount ?? 1, seed: settings.seed, settings: settings,
        model: reference)
    ])
  }

  /// What the settings do not hold of the video that carries them, as sentences without full stops.
  public var limits: [String] {
    var limits: [String] = []
    if let recipe, recipe.generated.count > 1 {
      let again = recipe.isWhole ? "; opened in the studio, it is made again from them" : ""
      limits.append(
        "\(recipe.generated.count) runs made this video, each with settings of its own\(again)")
    }
    let sources = Set((recipe?.runs ?? []).compactMap(\.source) + [source].compactMap { $0 })
    if !sources.isEmpty, command != "decode", command != "reconstruct" {
      let verbs = ["refine": "was made of", "bridge": "leads from", "retake": "changes frames of"]
      let verb = verbs[command] ?? "continues"
      limits.append(
        "it \(verb) \(sources.sorted().joined(separator: ", ")), whose frames no settings make")
    }
    if let other = gap?.after {
      limits.append("it leads to \(other), whose frames no settings make")
    }
    if let pins {
      limits.append("pictures stand in it that no settings make: \(pins.joined(separator: ", "))")
    }
    return limits
  }
}
