import CheckpointIO
import MessagePassing
import NeuralLayers
import TensorCore

/// What a training begins with.
public enum TrainingBeginning: Sendable {
  /// Parameters are drawn, as the original code does.
  case random(seed: UInt64)
  /// A network that was trained before; the optimiser begins anew.
  case network(NetworkFile)
  /// The state of a run that was stopped.
  case state(Checkpoint)
  /// The state of another run, whose network and its optimiser go on in this one. What else is trained
  /// begins anew.
  case continuing(Checkpoint)

  /// Where a network's parameters come from.
  ///
  /// - Throws: ``ModelError`` if the file holds the other network.
  func source(
    _ kind: NetworkKind, random: (UInt64) -> InitialParameters
  ) throws -> any ParameterSource {
    switch self {
    case .random(let seed): return random(seed)
    case .network(let file):
      guard file.kind == kind else {
        throw ModelError(path: file.path, .otherNetwork(expected: kind, found: file.kind))
      }
      return CheckpointParameters(file.checkpoint, file.dictionary)
    case .state(let state), .continuing(let state):
      return TrainingState.source(of: TrainingGroupName.network, in: state)
    }
  }

  /// The state that it begins with; `nil` for a network and for nothing.
  var state: Checkpoint? {
    switch self {
    case .random, .network: nil
    case .state(let state), .continuing(let state): state
    }
  }

  /// Restores the optimisers of a run that was stopped, or that of another run's network.
  ///
  /// - Throws: ``ModelError`` or `CheckpointError` if the state does not fit or is damaged.
  func restore(_ groups: [ParameterGroup]) throws {
    switch self {
    case .random, .network: break
    case .state(let state):
      for group in groups { try TrainingState.restoreOptimizer(of: group, from: state) }
    case .continuing(let state):
      for group in groups where group.name == TrainingGroupName.network {
        try TrainingState.restoreOptimizer(of: group, from: state)
      }
    }
  }

  /// Names the file in errors about its parameters.
  func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ParameterError {
      let path: String? =
        switch self {
        case .random: nil
        case .network(let file): file.path
        case .state, .continuing: self.state?.path
        }
      throw ModelError(path: path, .parameter(error.description))
    }
  }
}

/// What the groups of a training are called in its state.
enum TrainingGroupName {
  static let network = "network"
  static let frameDiscriminator = "frame_discriminator"
  static let clipDiscriminator = "clip_discriminator"
}

/// A part of a loss, `[1]` and still on the device, with its factor in the sum.
public typealias WeightedLoss = (loss: Tensor, weight: Float)

/// A loss with its name.
public struct TrainingLoss: Sendable, Hashable {
  /// Its name as logs have it: `loss` for the whole, `l1`, `lpips` and so on for parts.
  public let name: String
  /// Its mean over the step's clips, before its factor; of the whole, the sum with the factors.
  public let value: Double

  /// Names a loss.
  public init(_ name: String, _ value: Float) {
    self.name = name
    self.value = Double(value)
  }
}

/// What one step of a training gave.
public struct TrainingStepResult: Sendable, Hashable {
  /// The losses; the first is the whole.
  public let losses: [TrainingLoss]
  /// The gradient's norm before it was limited; where two networks learn, the greater.
  public let gradientNorm: Double
  /// The same of each network that learns; none where a loss has overflowed.
  package let gradientNorms: [Double]

  /// Ends a step of a training: adds up the gradients of all ranks, reads the losses and the gradients'
  /// norms, all at once, and lets the parameters learn unless a loss has overflowed.
  ///
  /// - Parameters:
  ///   - number: The step's number in the run, from 1.
  ///   - groups: What learns.
  ///   - tensors: Losses, `[1]` each, as many in every rank.
  ///   - ranks: Those that take the step together; `nil` for one alone.
  ///   - losses: Makes the losses that are reported of the numbers read, those of all ranks in their order.
  init(
    _ number: Int, _ groups: [ParameterGroup], reading tensors: [Tensor],
    of ranks: (any Communicator)?, _ context: ComputeContext, _ losses: ([Float]) -> [TrainingLoss]
  ) throws {
    try groups.addGradients()
    let own = try context.read(
      numbers: tensors + groups.map { try $0.optimizer.gradientNorm() })
    let all = try ranks?.gathered(numbers: own) ?? [own]
    self.losses = losses(all.flatMap { $0.prefix(tensors.count).map { Float($0) } })
    guard self.losses.allSatisfy(\.value.isFinite) else {
      for group in groups { group.optimizer.clearGradients() }
      gradientNorm = .nan
      gradientNorms = []
      return
    }
    let norms = groups.indices.map { group in
      Optimizer.norm(ofShares: all.map { $0[tensors.count + group] })
    }
    for (group, norm) in zip(groups, norms) {
      try group.optimizer.step(inRun: number, norm: norm)
    }
    gradientNorm = Self.greatest(norms)
    gradientNorms = norms
  }

  /// The greatest norm of some networks' gradients; one that is not finite counts most, since that
  /// network took no step.
  public static func greatest(_ norms: [Double]) -> Double {
    norms.first { !$0.isFinite } ?? norms.max() ?? 0
  }

  /// Whether the step was taken. One whose loss or gradient overflowed changes nothing.
  public var wasTaken: Bool { gradientNorm.isFinite && losses.allSatisfy { $0.value.isFinite } }
}
