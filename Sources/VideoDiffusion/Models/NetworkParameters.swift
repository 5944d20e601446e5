import NeuralLayers

/// A parameter's name in the authors' files, without prefixes, and its extents.
package struct NamedShape: Sendable, Hashable {
  /// The name, for example `time_embed.0.weight`.
  package let name: String
  /// Extents in PyTorch's axis order.
  package let shape: [Int]

  /// Numbers in the parameter.
  package var count: Int { shape.reduce(1, *) }
}

extension DenoiserConfiguration {
  /// Every tensor of a checkpoint with this configuration, the `zeros` buffer included, as the layers
  /// themselves ask for them; in the order of the authors' files.
  package var parameters: [NamedShape] {
    described { _ = try Denoiser($0, self) }.sorted(byPlaceIn: Self.order)
  }

  private static let order = [
    "zeros", "time_embed", "input_blocks", "middle_block", "output_blocks", "input_attns",
    "mid_attn",
    "output_attns", "out",
  ]
}

extension AutoencoderConfiguration {
  /// Every tensor of a checkpoint with this configuration, the buffers included, as the layers themselves
  /// ask for them; in the order of the authors' files.
  package var parameters: [NamedShape] {
    described { _ = try Autoencoder($0, self) }.sorted(byPlaceIn: Self.order)
  }

  private static let order = {
    let planes = ["xy", "xt", "yt"]
    return planes.map { "\($0)_token" } + planes.map { "\($0)_pos_embedding" } + ["coords"]
      + ["encoder.to_patch_embedding"] + transformer("encoder") + transformer("decoder")
      + ["to_pixel"] + planes.map { "\($0)_quant_attn" } + planes.map { "pre_\($0)" }
      + planes.map { "post_\($0)" }
  }()

  private static func transformer(_ name: String) -> [String] {
    ["frame_rot_emb", "image_rot_emb", "layers"].map { "\(name).\($0)" }
  }
}

/// The parameters that a network's initialiser asks for.
private func described(_ build: (ParameterScope) throws -> Void) -> [NamedShape] {
  let record = ParameterRecord()
  do {
    try build(ParameterScope(describing: record))
  } catch {
    preconditionFailure("layers that are only described read nothing that could fail: \(error)")
  }
  return record.entries.map { NamedShape(name: $0.name, shape: $0.shape) }
}

extension [NamedShape] {
  /// The parameters by the first of the given beginnings that theirs is, otherwise in the order in which
  /// they were asked for.
  fileprivate func sorted(byPlaceIn order: [String]) -> [NamedShape] {
    func key(_ name: String) -> [Int] {
      let place = order.firstIndex { name == $0 || name.hasPrefix($0 + ".") } ?? order.count
      let parts = name.split(separator: ".")
      // The parts of a video transformer's layers stand before their normalisations.
      guard parts.count > 4, parts[0].hasSuffix("coder"), let layer = Int(parts[2]),
        let part = Int(parts[3])
      else { return [place] }
      return [place, layer, part, parts[4] == "norm" ? 1 : 0]
    }
    return enumerated().map { (key: key($1.name) + [$0], entry: $1) }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.entry)
  }
}
