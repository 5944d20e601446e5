import CheckpointIO
import Foundation
import TensorCore
import TestSupport
import VideoDiffusion

/// Tiny networks with random weights as .pth files.
package enum TinyCheckpoint {
  package static let denoiser = DenoiserConfiguration(
    geometry: PlaneGeometry(side: 4), baseWidth: 32, widthMultipliers: [1, 2], residualBlocks: 1,
    attentionFactors: [1], headCount: 4)
  package static let autoencoder = AutoencoderConfiguration(
    resolution: 32, width: 16, layers: 1, projectionLayers: 1, projectionHiddenWidth: 32)

  /// Writes a state dictionary of random weights.
  ///
  /// - Parameter change: May replace a tensor's numbers.
  package static func write(
    _ source: RandomParameters, prefix: String = "", to path: String,
    change: (String, inout [Float]) -> Void = { _, _ in }
  ) throws {
    let tensors = source.parameters.map {
      TensorDescription(name: prefix + $0.name, elementType: .float32, shape: $0.shape)
    }
    try TorchWriter(tensors: tensors).write(to: path) { tensor, sink in
      let name = String(tensor.name.dropFirst(prefix.count))
      var values = try source.withValues(of: name) { Array($0) }
      change(name, &values)
      try sink.append(converting: values)
    }
  }
}

extension NetworkFile {
  /// A tensor's numbers by its name in the network.
  package func values(_ name: String) throws -> [Float] {
    guard let entry = dictionary[name] else { return [] }
    return try checkpoint.float32Values(entry)
  }
}
