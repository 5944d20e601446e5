import CheckpointIO
import Foundation
import RunKit
import TensorCore
import VideoDiffusion

/// Checkpoints with random weights in the authors' format, of any size, to test with.
public enum RandomCheckpoint {
  /// Writes a .pth file as the authors' scripts save it: a state dictionary, its names under
  /// `diffusion_model.` for a denoiser. Only one tensor at a time is in memory.
  ///
  /// - Parameters:
  ///   - path: The file to make; it must not exist.
  ///   - kind: Which network.
  ///   - size: The network's size.
  ///   - elementType: Type of the stored numbers, a floating one.
  ///   - seed: The same seed gives the same file.
  /// - Throws: ``StudioError`` if the file exists, `CheckpointError` if it cannot be written.
  public static func write(
    to path: String, _ kind: NetworkKind, _ size: BenchmarkSize, elementType: ElementType,
    seed: UInt64 = 0
  ) throws {
    try write(
      to: path, kind == .autoencoder ? .autoencoder(size.autoencoder) : .denoiser(size.denoiser),
      elementType: elementType, seed: seed)
  }

  /// The same for a network of any configuration.
  package static func write(
    to path: String, _ network: NetworkFile.Network, elementType: ElementType, seed: UInt64 = 0
  ) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw StudioError(path, .output(reason: "is there already; choose another name"))
    }
    let source: RandomParameters
    let prefix: String
    switch network {
    case .autoencoder(let configuration):
      source = RandomParameters(configuration, seed: seed)
      prefix = ""
    case .denoiser(let configuration):
      source = RandomParameters(configuration, seed: seed)
      prefix = "diffusion_model."
    }
    let tensors = source.parameters.map {
      TensorDescription(name: prefix + $0.name, elementType: elementType, shape: $0.shape)
    }
    try TorchWriter(tensors: tensors).write(to: path, replaces: false) { tensor, sink in
      try source.withValues(of: String(tensor.name.dropFirst(prefix.count))) {
        try sink.append(converting: $0)
      }
    }
  }
}
