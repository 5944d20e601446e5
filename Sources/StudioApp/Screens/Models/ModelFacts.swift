import HandwrittenText
import RunKit
import TerminalUI

extension ModelEntry {
  /// Width, height and frames of a clip, such as `64x64x16`.
  var sizeText: String {
    guard let autoencoder, let side = autoencoder.resolution else {
      return denoiser.map { "-x\($0.clipLength)" } ?? "-"
    }
    return "\(side)x\(side)x\(autoencoder.clipLength)"
  }

  /// Numbers in the weights of both networks.
  var parameterText: String {
    let count = (autoencoder?.parameters ?? 0) + (denoiser?.parameters ?? 0)
    return count == 0 ? "-" : Wording.parameters(count)
  }

  /// Under which key its weights stand, the denoiser's first; `plain` where they stand at the top.
  var weightsText: String {
    guard let network = denoiser ?? autoencoder else { return "-" }
    return network.wrapper ?? network.weights?.rawValue ?? "plain"
  }
}

extension NetworkSummary {
  /// What a header tells, as names and values.
  func facts(file: String, hash: String?, _ keys: KeyChoices) -> [FactList.Fact] {
    typealias Fact = FactList.Fact
    var facts = [
      Fact("file", file), Fact("parameters", Wording.parameters(parameters)),
      Fact("clip", clipText), Fact("latent", "side \(latentSide), \(latentTokens) tokens"),
      Fact("width", widthText), Fact("stored", storedText),
      Fact("weights", weightsText),
    ]
    if let prediction { facts.append(Fact("predicts", prediction.rawValue)) }
    if let distilledSteps {
      facts.append(Fact("distilled", counted(distilledSteps, "step")))
    }
    if let trainedSteps { facts.append(Fact("trained", counted(trainedSteps, "step"))) }
    facts.append(
      hash.map { Fact("SHA-256", String($0.prefix(16)) + "…") }
        ?? Fact("SHA-256", "\(keys[.hash]) computes it", role: .placeholder))
    return facts
  }

  private var weightsText: String {
    let place = wrapper.map { "under \($0)" } ?? "at the top of the file"
    return weights.map { "\($0.phrase), \(place)" } ?? place
  }

  private var clipText: String {
    let frames = "\(clipLength) frames"
    if let resolution { return "\(resolution)x\(resolution), \(frames)" }
    return conditional == true ? "\(frames), continues clips" : "\(frames), single clips only"
  }

  private var widthText: String {
    if let widthMultipliers {
      return "\(width) x \(widthMultipliers.map(String.init).joined(separator: ","))"
    }
    return layers.map { "\(width), \($0) layers" } ?? "\(width)"
  }

  private var storedText: String {
    storedTypes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { storedTypes.count == 1 ? $0.key : "\($0.value) \($0.key)" }.joined(separator: ", ")
  }
}
