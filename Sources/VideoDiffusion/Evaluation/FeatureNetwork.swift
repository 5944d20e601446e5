import NeuralLayers
import TensorCore

/// A network that turns clips into the features, or logits, that a score compares.
package protocol FeatureNetwork: Sendable {
  /// Which network it is.
  var kind: FeatureNetworkKind { get }

  /// The features of clips of one length.
  ///
  /// - Parameter clips: At least one, all with the same number of frames.
  /// - Returns: `[clips, kind.featureCount]`.
  /// - Throws: ``EvaluationError`` for clips that are too short, `TensorError` if memory is short.
  func features(of clips: [FrameBytes], _ context: ComputeContext) throws -> [[Float]]
}

/// The networks that scores are taken with.
public enum FeatureNetworkKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// I3D trained on Kinetics-400, for the Frechet video distance.
  case i3d
  /// C3D trained on UCF-101, for the inception score.
  case c3d

  /// Numbers of a clip: one for each class.
  public var featureCount: Int { self == .i3d ? 400 : 101 }
  /// Frames of the shortest clip that it takes.
  public var leastFrameCount: Int { self == .i3d ? 9 : 16 }
}

extension ComputeContext {
  /// Prepared frames of clips as a volume, `[clips, frames, side, side, 3]`.
  func volume(_ clips: [FrameBytes], side: Int, _ prepare: (FrameBytes) -> [Float]) throws
    -> Tensor
  {
    let frames = clips[0].count
    precondition(clips.allSatisfy { $0.count == frames })
    return try tensor(clips.flatMap(prepare), shape: [clips.count, frames, side, side, 3])
  }

  /// One array for each row of a matrix.
  func rows(of matrix: Tensor) throws -> [[Float]] {
    let (values, width) = (try read(matrix), matrix.channels)
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
  }
}
