internal import CDNNL

/// A weight whose numbers change between passes, in the layouts that the operations on it want. Each
/// layout is made when it is first asked for, and again after the numbers have changed.
final class TrainedWeight {
  private let master: Tensor
  private let masterLayout: WeightLayout
  private var prepared: [(weights: LibraryWeights, version: Int)] = []

  /// - Parameters:
  ///   - master: The numbers, float32, in the order of the checkpoint.
  ///   - layout: How they lie in memory, as the operations see them.
  init(_ master: Tensor, _ layout: WeightLayout) {
    self.master = master
    masterLayout = layout
  }

  /// The weight in a layout, up to date.
  ///
  /// - Parameter version: How often the numbers had been changed.
  func prepared(
    as layout: WeightLayout, version: Int, _ device: ProcessorDevice
  ) throws -> LibraryWeights {
    let numbers = device.pointer(master)
    if layout.index == masterLayout.index {
      // Nothing to convert: the operations read the numbers themselves.
      return LibraryWeights(layout: masterLayout, storage: master.storage, pointer: numbers)
    }
    guard let known = prepared.firstIndex(where: { $0.weights.layout.index == layout.index }) else {
      let weights = try device.reordered(
        device.floats(master), masterLayout.descriptor, as: layout)
      prepared.append((weights, version))
      return weights
    }
    if prepared[known].version != version {
      try device.library.reorder(
        numbers, masterLayout.descriptor, to: prepared[known].weights.pointer, layout.descriptor)
      prepared[known].version = version
    }
    return prepared[known].weights
  }
}

/// A weight in one of oneDNN's layouts, and the memory that it is in.
struct LibraryWeights {
  let layout: WeightLayout
  let storage: TensorStorage
  let pointer: UnsafeMutableRawPointer
}

extension ProcessorDevice {
  /// Copies a weight into a layout.
  ///
  /// - Parameters:
  ///   - source: The weight as `sourceLayout` describes it, float32.
  ///   - target: Its type may be bfloat16.
  func reordered(
    _ source: UnsafePointer<Float>, _ sourceLayout: dnnl_memory_desc_t, as target: WeightLayout
  ) throws -> LibraryWeights {
    var descriptor = target.descriptor
    let storage = try makeStorage(byteCount: dnnl_memory_desc_get_size(&descriptor))
    let pointer = pointer(storage)
    try library.reorder(
      UnsafeMutableRawPointer(mutating: source), sourceLayout, to: pointer, descriptor)
    return LibraryWeights(layout: target, storage: storage, pointer: pointer)
  }
}

/// A layout of weights with the number that stands for it in keys.
struct WeightLayout: @unchecked Sendable {
  let descriptor: dnnl_memory_desc_t
  let index: Int

  init(_ descriptor: dnnl_memory_desc_t, _ library: OneDNN) {
    self.descriptor = descriptor
    index = library.layoutIndex(of: descriptor)
  }
}

extension OneDNN {
  /// Copies an array into another layout or precision.
  func reorder(
    _ source: UnsafeMutableRawPointer, _ sourceLayout: dnnl_memory_desc_t,
    to target: UnsafeMutableRawPointer, _ targetLayout: dnnl_memory_desc_t
  ) throws {
    var sourceLayout = sourceLayout
    var targetLayout = targetLayout
    var descriptor: dnnl_primitive_desc_t?
    try onTeam(computing: false) {
      try Self.check(
        dnnl_reorder_primitive_desc_create(
          &descriptor, &sourceLayout, engine, &targetLayout, engine, nil),
        "dnnl_reorder_primitive_desc_create")
    }
    guard let descriptor else {
      throw TensorError(operation: "dnnl_reorder_primitive_desc_create", reason: "no descriptor")
    }
    let reorder = try Primitive(
      descriptor: descriptor,
      arguments: [(DNNL_ARG_FROM, sourceLayout), (DNNL_ARG_TO, targetLayout)], library: self)
    try reorder.execute([source, target], library: self)
  }
}
