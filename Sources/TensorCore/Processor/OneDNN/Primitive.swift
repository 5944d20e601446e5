internal import CDNNL

/// What a compiled oneDNN operation computes; equal keys share one.
struct PrimitiveKey: Hashable {
  enum Kind: Hashable {
    case matmul, convolution
    /// The gradient of a product's weights.
    case matmulWeightGradient
  }
  var kind: Kind
  /// Rows of a product; batch, height and width of a convolution.
  var extents: [Int]
  var inputs: Int
  var outputs: Int
  var kernel = 1
  var stride = 1
  var inputType: ElementType
  var outputType: ElementType
  var hasBias: Bool
  /// What is added to the result: nothing, a tensor of the output's shape, or what the output's
  /// memory holds already.
  enum Addition: Hashable { case none, tensor, destination }
  var addition: Addition
  /// The weights' layout, from `OneDNN.layoutIndex(of:)`.
  var weightLayout: Int
}

/// A compiled oneDNN operation with the memory objects of its arguments, which are pointed at the
/// data of each call.
final class Primitive {
  private let handle: dnnl_primitive_t
  private var memories: [(argument: Int32, memory: dnnl_memory_t)] = []
  let scratchpadByteCount: Int

  /// - Parameters:
  ///   - descriptor: A primitive descriptor, which this call destroys.
  ///   - arguments: Each argument's number and layout, in the order in which `execute` gets pointers.
  init(
    descriptor: dnnl_primitive_desc_t, arguments: [(Int32, dnnl_memory_desc_t)], library: OneDNN
  ) throws {
    defer { dnnl_primitive_desc_destroy(descriptor) }
    var primitive: dnnl_primitive_t?
    try library.onTeam(computing: false) {
      try OneDNN.check(dnnl_primitive_create(&primitive, descriptor), "dnnl_primitive_create")
    }
    guard let primitive else {
      throw TensorError(operation: "dnnl_primitive_create", reason: "no primitive")
    }
    handle = primitive
    let scratchpad = dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0)
    scratchpadByteCount = scratchpad.map { Int(dnnl_memory_desc_get_size($0)) } ?? 0
    var all = arguments
    if scratchpadByteCount > 0, let scratchpad {
      all.append((DNNL_ARG_SCRATCHPAD, scratchpad.pointee))
    }
    for (argument, layout) in all {
      var layout = layout
      var memory: dnnl_memory_t?
      // nil: no memory is allocated, the pointer is set at each call.
      try OneDNN.check(
        dnnl_memory_create(&memory, &layout, library.engine, nil), "dnnl_memory_create")
      if let memory { memories.append((argument, memory)) }
    }
  }

  deinit {
    for (_, memory) in memories { dnnl_memory_destroy(memory) }
    dnnl_primitive_destroy(handle)
  }

  /// Runs the operation and waits for it.
  ///
  /// - Parameter pointers: The data of each argument, in the order of `init`'s arguments; the
  ///   scratchpad last, if `scratchpadByteCount` is not 0.
  func execute(_ pointers: [UnsafeMutableRawPointer], library: OneDNN) throws {
    precondition(pointers.count == memories.count)
    var arguments: [dnnl_exec_arg_t] = []
    arguments.reserveCapacity(memories.count)
    for (pointer, entry) in zip(pointers, memories) {
      try OneDNN.check(
        dnnl_memory_set_data_handle_v2(entry.memory, pointer, library.stream),
        "dnnl_memory_set_data_handle_v2")
      arguments.append(dnnl_exec_arg_t(arg: entry.argument, memory: entry.memory))
    }
    try library.onTeam(computing: true) {
      try OneDNN.check(
        dnnl_primitive_execute(handle, library.stream, Int32(arguments.count), arguments),
        "dnnl_primitive_execute")
      try OneDNN.check(dnnl_stream_wait(library.stream), "dnnl_stream_wait")
    }
  }
}

extension OneDNN {
  /// The layout in which an operation that was described with "any" wants its weights.
  func preferredWeightLayout(_ descriptor: dnnl_primitive_desc_t) throws -> dnnl_memory_desc_t {
    guard let layout = dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 0) else {
      throw TensorError(operation: "dnnl_primitive_desc_query_md", reason: "no weight layout")
    }
    return layout.pointee
  }
}
