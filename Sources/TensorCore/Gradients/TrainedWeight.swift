internal import CDNNL

/// A weight whose numbers change between passes, in the layouts that the operations on it want. Each
/// layout is made when it is first asked for, and again after the numbers have changed.
final class TrainedWeight: @unchecked Sendable {
  /// The numbers, float32, in the order of the checkpoint; gradients go to it.
  let master: Tensor
  private let masterLayout: WeightLayout
  private var prepared: [(weights: PreparedWeights, version: Int)] = []

  /// - Parameters:
  ///   - master: The numbers.
  ///   - layout: How they lie in memory, as the operations see them.
  init(_ master: Tensor, _ layout: dnnl_memory_desc_t, _ library: OneDNN) {
    precondition(master.elementType == .float32 && master.offset == 0)
    self.master = master
    masterLayout = WeightLayout(layout, library)
  }

  /// The weight in a layout, up to date.
  func prepared(as layout: WeightLayout, _ context: ComputeContext) throws -> PreparedWeights {
    if layout.index == masterLayout.index {
      // Nothing to convert: the operations read the numbers themselves.
      return PreparedWeights(
        layout: masterLayout.descriptor, layoutIndex: masterLayout.index, storage: master.storage)
    }
    let version = master.node?.version ?? 0
    guard let known = prepared.firstIndex(where: { $0.weights.layoutIndex == layout.index }) else {
      let weights = try context.library.prepare(
        master.pointer(of: Float.self), masterLayout.descriptor, as: layout.descriptor,
        pool: context.pool)
      prepared.append((weights, version))
      return weights
    }
    if prepared[known].version != version {
      try context.library.reorder(
        master.pointer, masterLayout.descriptor,
        to: prepared[known].weights.storage.pointer, layout.descriptor)
      prepared[known].version = version
    }
    return prepared[known].weights
  }

  /// The weight as an inference layer holds it, up to date.
  func prepared(as weights: PreparedWeights, _ context: ComputeContext) throws -> PreparedWeights {
    try prepared(as: WeightLayout(descriptor: weights.layout, index: weights.layoutIndex), context)
  }
}

/// A layout of weights with the number that stands for it in keys.
struct WeightLayout: @unchecked Sendable {
  let descriptor: dnnl_memory_desc_t
  let index: Int

  init(descriptor: dnnl_memory_desc_t, index: Int) {
    self.descriptor = descriptor
    self.index = index
  }

  init(_ descriptor: dnnl_memory_desc_t, _ library: OneDNN) {
    self.init(descriptor: descriptor, index: library.layoutIndex(of: descriptor))
  }
}

extension OneDNN {
  /// Copies an array into another layout or precision.
  func reorder(
    _ source: UnsafeMutableRawPointer, _ sourceLayout: dnnl_memory_desc_t,
    to target: UnsafeMutableRawPointer, _ targetLayout: dnnl_memory_desc_t
  ) throws {
    useThreads()
    var sourceLayout = sourceLayout
    var targetLayout = targetLayout
    var descriptor: dnnl_primitive_desc_t?
    try Self.check(
      dnnl_reorder_primitive_desc_create(
        &descriptor, &sourceLayout, engine, &targetLayout, engine, nil),
      "dnnl_reorder_primitive_desc_create")
    guard let descriptor else {
      throw TensorError(operation: "dnnl_reorder_primitive_desc_create", reason: "no descriptor")
    }
    let reorder = try Primitive(
      descriptor: descriptor,
      arguments: [(DNNL_ARG_FROM, sourceLayout), (DNNL_ARG_TO, targetLayout)], library: self)
    try reorder.execute([source, target], library: self)
  }
}
