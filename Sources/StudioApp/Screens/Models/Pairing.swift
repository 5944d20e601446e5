import RunKit
import VideoDiffusion

/// A network that waits for the other one that makes a model of it.
struct Pairing: Sendable, Hashable {
  /// The model whose network it is.
  let model: ModelEntry
  /// Which of its networks.
  let kind: NetworkKind

  /// Begins with the autoencoder of a model, or the denoiser where it has no other.
  ///
  /// - Returns: `nil` for a model without any network.
  init?(_ model: ModelEntry) {
    guard model.hasNetwork else { return nil }
    self.init(model, model.autoencoder == nil ? .denoiser : .autoencoder)
  }

  private init(_ model: ModelEntry, _ kind: NetworkKind) {
    self.model = model
    self.kind = kind
  }

  /// The pairing that begins with the model's other network; `nil` if it has none.
  var swapped: Pairing? {
    guard model.autoencoder != nil, model.denoiser != nil else { return nil }
    return Pairing(model, wanted)
  }

  /// The network that is still to be chosen.
  var wanted: NetworkKind { kind == .autoencoder ? .denoiser : .autoencoder }

  /// Whether a model has the network that is wanted.
  func isCandidate(_ other: ModelEntry) -> Bool { other.network(wanted) != nil }

  /// What keeps the two from fitting, as far as their headers tell; `nil` if nothing does.
  func mismatch(_ other: ModelEntry) -> String? {
    guard let first = model.network(kind), let second = other.network(wanted) else {
      return "has no \(wanted.rawValue)"
    }
    if first.latentSide != second.latentSide {
      return "latent side \(second.latentSide), not \(first.latentSide)"
    }
    return first.clipLength == second.clipLength
      ? nil : "\(second.clipLength) frames, not \(first.clipLength)"
  }

  /// Asks for the model that this network makes with one of another model.
  func effect(with other: ModelEntry) -> StudioEffect? {
    let (autoencoder, denoiser) = kind == .autoencoder ? (model, other) : (other, model)
    guard let autoencoder = autoencoder.reference.autoencoder,
      let denoiser = denoiser.reference.denoiser
    else { return nil }
    return .library(.pairModel(autoencoder: autoencoder, denoiser: denoiser))
  }
}

extension ModelEntry {
  /// What the header of one of its networks tells.
  func network(_ kind: NetworkKind) -> NetworkSummary? {
    kind == .autoencoder ? autoencoder : denoiser
  }
}
