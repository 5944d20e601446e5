internal import CDriver

/// Takes note of work while it is put on a card's stream.
final class GraphicsRecording {
  /// Something that the card does.
  enum Command: @unchecked Sendable {
    case launch(GraphicsConnection.Kernel, arguments: [UInt8], blocks: (Int, Int, Int))
    case copy(DeviceRows, DeviceRows, rowCount: Int, byteCount: Int)
    case clear(DeviceAddress, byteCount: Int)
  }

  private(set) var commands: [Command] = []
  /// Whether the commands are all that happened: neither did the program give numbers, nor read any.
  var isRepeatable = true

  func note(_ command: Command) { commands.append(command) }
}

/// Work that a card does again at the same places, by one call instead of hundreds (a graph, as the driver's
/// reference has it): it takes its inputs from the same tensors, and leaves its results in the same.
final class GraphicsGraph: @unchecked Sendable {
  private let connection: GraphicsConnection
  private let memory: GraphicsMemory
  private let arena: Int
  private let inputs: [Tensor]
  private let outputs: [Tensor]
  private var instance: cd_graph_exec?

  /// Makes recorded work repeatable.
  ///
  /// - Parameters:
  ///   - arena: Holds all memory of the work.
  ///   - inputs: Where the work takes its inputs from.
  ///   - outputs: Where it leaves its results.
  /// - Throws: ``TensorError`` if the driver refuses; the arena is dropped then.
  init(
    _ commands: [GraphicsRecording.Command], _ connection: GraphicsConnection,
    _ memory: GraphicsMemory, arena: Int, inputs: [Tensor], outputs: [Tensor]
  ) throws {
    self.connection = connection
    self.memory = memory
    self.arena = arena
    self.inputs = inputs
    self.outputs = outputs
    let (driver, functions) = (connection.driver, connection.driver.functions)
    connection.makeCurrent()
    try driver.check(
      "cuStreamBeginCapture", functions.begin_capture(connection.stream, Int32(CD_CAPTURE_RELAXED)))
    let outcome = Result { try commands.forEach(issue) }
    var graph: cd_graph?
    // The capture ends whatever became of its commands.
    let ending = functions.end_capture(connection.stream, &graph)
    defer { if graph != nil { _ = functions.destroy_graph(graph) } }
    try outcome.get()
    try driver.check("cuStreamEndCapture", ending)
    var instance: cd_graph_exec?
    try driver.check(
      "cuGraphInstantiateWithFlags", functions.instantiate_graph(&instance, graph, 0))
    self.instance = instance
  }

  deinit {
    connection.makeCurrent()
    if instance != nil {
      // It may still be at work.
      _ = connection.driver.functions.wait_for_stream(connection.stream)
      _ = connection.driver.functions.destroy_graph_instance(instance)
    }
    memory.drop(arena)
  }

  private func issue(_ command: GraphicsRecording.Command) throws {
    switch command {
    case .launch(let kernel, let arguments, let blocks):
      try arguments.withUnsafeBytes { try connection.launch(kernel, $0, blocks: blocks) }
    case .copy(let source, let target, let rowCount, let byteCount):
      memory.copy(source, to: target, rowCount: rowCount, byteCount: byteCount)
    case .clear(let address, let byteCount):
      memory.clear(address, byteCount: byteCount)
    }
  }

  /// Does the work.
  ///
  /// - Parameter inputs: Tensors of the shapes that it was recorded with.
  /// - Returns: Its results, as tensors of their own.
  func run(_ inputs: [Tensor]) throws -> [Tensor] {
    for (from, to) in zip(inputs, self.inputs) { memory.copy(from, to: to) }
    connection.makeCurrent()
    try connection.rethrow()
    try connection.driver.check(
      "cuGraphLaunch", connection.driver.functions.launch_graph(instance, connection.stream))
    return try outputs.map(memory.copied)
  }
}

/// Work of which a device keeps something, as long as whoever asks for it lives.
struct KeptWork {
  weak var work: RepeatedWork?
}

extension GraphicsMemory {
  fileprivate func copy(_ source: Tensor, to target: Tensor) {
    copy(
      DeviceRows(source.address, stride: source.byteCount),
      to: DeviceRows(target.address, stride: target.byteCount), rowCount: 1,
      byteCount: source.byteCount)
  }

  /// A tensor like another, with the same numbers.
  fileprivate func copied(_ source: Tensor) throws -> Tensor {
    let result = try like(source)
    copy(source, to: result)
    return result
  }

  /// A tensor like another, its numbers not set.
  fileprivate func like(_ tensor: Tensor) throws -> Tensor {
    Tensor(
      shape: tensor.shape, elementType: tensor.elementType,
      storage: try TensorStorage(byteCount: tensor.byteCount, self))
  }
}

extension GraphicsDevice {
  /// The first time work is done as it comes; the second time it is recorded meanwhile, and from then on it
  /// is a graph.
  func repeating(
    _ work: RepeatedWork, _ inputs: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
  ) throws -> [Tensor] {
    guard connection.recording == nil else { return try body(inputs) }
    let key = RepeatedWork.Key(connection, inputs)
    switch work[key] {
    case nil:
      work[key] = .seen
      return try body(inputs)
    case .unrepeatable:
      return try body(inputs)
    case .kept(let graph as GraphicsGraph):
      return try graph.run(inputs)
    case .kept, .seen:
      // Where there is no memory to set aside, or a driver has no graphs, work goes on as it comes.
      work[key] = .unrepeatable
      guard let (graph, results) = try? recorded(inputs, body) else { return try body(inputs) }
      if let graph {
        work[key] = .kept(graph)
        repeated.removeAll { $0.work == nil || $0.work === work }
        repeated.append(KeptWork(work: work))
      }
      return results
    }
  }

  func forgetRepeatedWork() -> Bool {
    // All of it goes, so that none is asked twice.
    let kept = repeated.compactMap(\.work)
    repeated = []
    return kept.map { $0.forget() }.contains(true)
  }

  /// Does work and records it.
  ///
  /// - Returns: The work as a graph, `nil` if it is not repeatable, and its results as tensors of their own.
  private func recorded(
    _ inputs: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
  ) throws -> (GraphicsGraph?, [Tensor]) {
    let recording = GraphicsRecording()
    let (arena, tensors) = try ownMemory.inArena {
      let fixed = try inputs.map(ownMemory.copied)
      connection.recording = recording
      defer { connection.recording = nil }
      return (inputs: fixed, outputs: try body(fixed))
    }
    let results = try tensors.outputs.map(ownMemory.copied)
    guard recording.isRepeatable else {
      ownMemory.drop(arena)
      return (nil, results)
    }
    let graph = try? GraphicsGraph(
      recording.commands, connection, ownMemory, arena: arena, inputs: tensors.inputs,
      outputs: tensors.outputs)
    return (graph, results)
  }
}
