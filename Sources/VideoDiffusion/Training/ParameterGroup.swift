import CheckpointIO
import NeuralLayers
import TensorCore

/// The parameters that an optimiser changes together, a network's or a discriminator's, with
/// everything else that a checkpoint of it holds.
final class ParameterGroup {
  /// What they belong to; names in a state begin with it: `network`, `frame_discriminator`.
  let name: String
  /// The parameters.
  let parameters: ParameterSet
  /// What changes them.
  let optimizer: Optimizer
  /// Tensors that are stored beside them and never change.
  let buffers: [(shape: NamedShape, values: [Float])]
  private let context: ComputeContext

  /// - Parameters:
  ///   - parameters: Those of a network that was built from `source`.
  ///   - tensors: Every tensor of its checkpoints.
  /// - Throws: What the source throws.
  init(
    _ name: String, _ parameters: ParameterSet, of tensors: [NamedShape],
    from source: any ParameterSource, _ configuration: OptimizerConfiguration,
    sharing: GradientSharing?, _ context: ComputeContext
  ) throws {
    self.name = name
    self.parameters = parameters
    self.context = context
    optimizer = try Optimizer(parameters, configuration, sharing: sharing, context)
    buffers = try tensors.filter { parameters[$0.name] == nil }.compactMap { tensor in
      if source.shape(of: tensor.name) != nil {
        return (tensor, try source.withValues(of: tensor.name) { Array($0) })
      }
      // Some files leave out what no layer needs.
      return InitialParameters.buffer(tensor.name, tensor.count).map { (tensor, $0) }
    }
  }

  /// A tensor of the device that is about to be written.
  fileprivate func stored(_ name: String, _ shape: [Int], _ tensor: Tensor) -> StoredTensor {
    StoredTensor(name, shape) { [context] in try context.read(tensor) }
  }

  /// Writes the network as a checkpoint to make videos with, whole or not at all: the moving averages
  /// of the parameters if they are kept, under the names of the authors' files, in float32.
  ///
  /// Its metadata carry what the shapes do not tell, which weights they are, and the steps behind them.
  ///
  /// - Parameters:
  ///   - distilledSteps: Steps that a denoiser was distilled for.
  ///   - path: `nil` for a rank that only gives what it has of the averages to the one that writes.
  /// - Throws: `CheckpointError` if it cannot be written.
  func writeNetwork(
    _ network: NetworkFile.Network, distilledSteps: Int? = nil, to path: String?
  ) throws {
    guard let path else {
      for average in optimizer.averages { _ = try average.values() }
      return
    }
    var tensors = buffers.map { buffer in
      StoredTensor(buffer.shape.name, buffer.shape.shape) { buffer.values }
    }
    let averages = optimizer.averages
    tensors +=
      averages.isEmpty
      ? parameters.parameters.map { parameter in
        stored(parameter.name, parameter.shape, parameter.tensor)
      }
      : averages.map { StoredTensor($0.name, $0.shape, $0.values) }
    let origin = WeightOrigin(
      kind: averages.isEmpty ? .raw : .average, steps: optimizer.stepCount,
      distilledSteps: distilledSteps)
    try StoredTensor.write(
      tensors, metadata: NetworkFile.metadata(of: network, origin), to: path)
  }
}

extension [ParameterGroup] {
  /// Sends gradients that are whole to the other ranks. Those of the last group leave first.
  ///
  /// - Throws: `TensorError` if memory is short.
  func sendGradients() throws {
    for group in reversed() where try !group.optimizer.sendGradients() { return }
  }

  /// Adds up the gradients of all ranks, in the order in which they were sent.
  ///
  /// - Throws: `CommunicationError`, or `TensorError` if memory is short.
  func addGradients() throws {
    for group in reversed() { try group.optimizer.addGradients() }
  }
}

/// A float32 tensor that is about to be written; its numbers are copied when their turn comes.
private struct StoredTensor {
  let description: TensorDescription
  let values: () throws -> [Float]

  init(_ name: String, _ shape: [Int], _ values: @escaping () throws -> [Float]) {
    description = TensorDescription(name: name, elementType: .float32, shape: shape)
    self.values = values
  }

  static func write(
    _ tensors: [StoredTensor], metadata: [String: String], isSealed: Bool = false,
    to path: String
  ) throws {
    var next = 0
    try SafetensorsWriter(
      tensors: tensors.map(\.description), metadata: metadata, isSealed: isSealed
    ).write(to: path) { _, sink in
      try sink.append(converting: tensors[next].values())
      next += 1
    }
  }
}

/// A training's whole state in a file: all that it needs to go on, bit for bit.
///
/// A safetensors file with the float32 tensors `GROUP.parameters.NAME`, `GROUP.buffers.NAME`,
/// `GROUP.first_moment.NAME`, `GROUP.second_moment.NAME` and, where an average is kept,
/// `GROUP.average.NAME`; the optimisers' steps and what the caller adds are metadata. The file is sealed:
/// `Checkpoint.verifySeal()` tells whether it is as it was written.
enum TrainingState {
  private static let parameters = "parameters."
  private static let buffers = "buffers."
  private static let averages = "average."
  private static func stepKey(_ group: String) -> String { "pvdm.steps.\(group)" }
  private static func updateKey(_ group: String) -> String { "pvdm.average_updates.\(group)" }

  /// Writes a state, whole or not at all, so that it survives a loss of power.
  ///
  /// - Parameter path: `nil` for a rank that only gives what it has of the optimisers to the one that writes.
  /// - Throws: `CheckpointError` if it cannot be written.
  static func write(
    _ groups: [ParameterGroup], metadata: [String: String], to path: String?
  ) throws {
    guard let path else {
      for entry in groups.flatMap(\.optimizer.state) { _ = try entry.values() }
      return
    }
    var tensors: [StoredTensor] = []
    var metadata = metadata
    for group in groups {
      metadata[stepKey(group.name)] = String(group.optimizer.stepCount)
      metadata[updateKey(group.name)] = String(group.optimizer.averageUpdateCount)
      let prefix = group.name + "."
      for parameter in group.parameters.parameters {
        tensors.append(
          group.stored(prefix + parameters + parameter.name, parameter.shape, parameter.tensor))
      }
      for buffer in group.buffers {
        tensors.append(
          StoredTensor(prefix + buffers + buffer.shape.name, buffer.shape.shape) { buffer.values })
      }
      for entry in group.optimizer.state {
        tensors.append(StoredTensor(prefix + entry.name, entry.shape, entry.values))
      }
    }
    try StoredTensor.write(tensors, metadata: metadata, isSealed: true, to: path)
  }

  /// The networks in a state, by the keys that choose them: the moving average, if one is kept, and the
  /// parameters themselves.
  ///
  /// - Returns: None if the checkpoint is no state.
  static func wrappers(in checkpoint: Checkpoint) -> [String] {
    let group = TrainingGroupName.network
    guard checkpoint.metadata[stepKey(group)] != nil else { return [] }
    return [averages, parameters].map { "\(group).\($0)" }.filter { prefix in
      checkpoint.tensors.contains { $0.name.hasPrefix(prefix) }
    }.map { String($0.dropLast()) }
  }

  /// One of the networks in a state, with the buffers that stand beside both.
  ///
  /// - Parameter wrapper: One of ``wrappers(in:)``.
  /// - Returns: `nil` if the checkpoint is no state.
  /// - Throws: ``ModelError`` if it is one and no network in it was chosen.
  static func dictionary(
    in checkpoint: Checkpoint, wrapper: String?
  ) throws -> StateDictionary? {
    let wrappers = wrappers(in: checkpoint)
    guard !wrappers.isEmpty else { return nil }
    guard let wrapper, wrappers.contains(wrapper) else {
      throw ModelError(path: checkpoint.path, .trainingState(wrappers: wrappers))
    }
    return try StateDictionary(
      in: checkpoint, under: [wrapper + ".", "\(TrainingGroupName.network).\(buffers)"],
      wrapper: wrapper, isMovingAverage: !isRaw(wrapper: wrapper))
  }

  /// Whether a key chooses the parameters themselves.
  static func isRaw(wrapper: String) -> Bool {
    wrapper + "." == "\(TrainingGroupName.network).\(parameters)"
  }

  /// Steps of the network's training.
  static func steps(in checkpoint: Checkpoint) -> Int? {
    checkpoint.metadata[stepKey(TrainingGroupName.network)].flatMap { Int($0) }
  }

  /// The parameters and buffers of a group as they were.
  static func source(of group: String, in state: Checkpoint) -> any ParameterSource {
    PrefixedParameters(state, prefixes: [parameters, buffers].map { "\(group).\($0)" })
  }

  /// Lets a group's optimiser go on where it was.
  ///
  /// - Throws: ``ModelError`` if something is missing, misshapen or not finite, `CheckpointError` for
  ///   a damaged file.
  static func restoreOptimizer(of group: ParameterGroup, from state: Checkpoint) throws {
    guard let steps = state.metadata[stepKey(group.name)].flatMap({ Int($0) }), steps >= 0 else {
      throw ModelError(
        path: state.path, .savedRun(reason: "it holds no state of the \(group.name)"))
    }
    // Before the updates were counted there was one in each step.
    let updates = state.metadata[updateKey(group.name)].map { Int($0) } ?? steps
    guard let updates, (0...steps).contains(updates) else {
      throw ModelError(
        path: state.path,
        .savedRun(reason: "it does not say how often the \(group.name)'s average was updated"))
    }
    do {
      try group.optimizer.restore(
        from: PrefixedParameters(state, prefixes: [group.name + "."]), stepCount: steps,
        averageUpdateCount: updates)
    } catch let error as ParameterError {
      throw ModelError(path: state.path, .parameter(error.description))
    }
  }
}

/// Tensors of a checkpoint whose names begin with one of some prefixes, under the rest of their names.
private final class PrefixedParameters: ParameterSource {
  private let checkpoint: Checkpoint
  private var entries: [String: TensorEntry] = [:]

  init(_ checkpoint: Checkpoint, prefixes: [String]) {
    self.checkpoint = checkpoint
    for entry in checkpoint.tensors {
      for prefix in prefixes where entry.name.hasPrefix(prefix) {
        entries[String(entry.name.dropFirst(prefix.count))] = entry
      }
    }
  }

  func shape(of name: String) -> [Int]? { entries[name]?.shape }

  func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let entry = entries[name] else {
      throw ParameterError(name: name, problem: .missing(expected: []))
    }
    defer { checkpoint.releasePages(of: entry) }
    return try checkpoint.float32Values(entry).withUnsafeBufferPointer(body)
  }
}
