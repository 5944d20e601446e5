import CheckpointIO
import Foundation
import NeuralLayers
import TensorCore

/// The weights of a feature network in a file: opened, not loaded.
public struct FeatureNetworkFile: Sendable {
  /// The file's path, as the caller gave it.
  public let path: String
  /// The network that it is read as.
  public let kind: FeatureNetworkKind
  /// How it was read: wrappers used, prefixes dropped.
  public let notes: [String]
  private let checkpoint: Checkpoint
  private let dictionary: StateDictionary

  /// Opens a PyTorch state dictionary or a safetensors file.
  ///
  /// - Throws: ``EvaluationError`` if there is no such file or it holds another network,
  ///   `CheckpointError` for a damaged one.
  public init(path: String, kind: FeatureNetworkKind) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw EvaluationError.noWeights(kind, path: path)
    }
    self.path = path
    self.kind = kind
    checkpoint = try Checkpoint(contentsOf: path)
    do throws(CheckpointError) {
      dictionary = try StateDictionary(in: checkpoint, networks: kind.weightNames)
    } catch {
      guard case .noNetwork(_, let names) = error.kind else { throw error }
      throw EvaluationError.otherNetwork(kind, path: path, keys: names)
    }
    notes = dictionary.notes
  }

  /// Loads the network to see that all its weights are there.
  ///
  /// - Throws: as ``load(_:frames:onProgress:)``.
  package func check() throws {
    _ = try load(ComputeContext(Device.open()), frames: kind.leastFrameCount)
  }

  /// Loads the network.
  ///
  /// - Parameter onProgress: Called with the weights taken and their total; throwing ends the load.
  /// - Throws: ``ModelError`` naming the file and the weight that is missing, misshapen, not finite
  ///   or left over.
  package func load(
    _ context: ComputeContext, frames: Int,
    onProgress: @escaping (_ loaded: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> any FeatureNetwork {
    // PyTorch counts batches beside each normalisation; nothing computes with the count.
    let names = dictionary.tensors.map(\.name).filter { !$0.hasSuffix(".num_batches_tracked") }
    var loaded = 0
    do {
      let scope = ParameterScope(
        CheckpointParameters(checkpoint, dictionary), context: context, elementType: .float32
      ) { _ in
        loaded += 1
        try onProgress(loaded, names.count)
      }
      let network: any FeatureNetwork =
        switch kind {
        case .i3d: try I3D(scope, frames: frames)
        case .c3d: try C3D(scope)
        }
      try scope.checkEverythingWasUsed(of: names)
      return network
    } catch let error as ParameterError {
      throw ModelError(path: path, .parameter(error.description))
    }
  }
}
