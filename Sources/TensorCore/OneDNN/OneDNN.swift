internal import CDNNL
import Glibc

/// oneDNN's engine and stream, and the compiled operations of a context.
final class OneDNN {
  let engine: dnnl_engine_t
  let stream: dnnl_stream_t
  /// Operations that are compiled already, by what they compute.
  var primitives: [PrimitiveKey: Primitive] = [:]
  /// Convolutions of any shape and their gradients that are compiled already.
  var spatialPrimitives: [SpatialProblem.Key: SpatialPrimitive] = [:]
  /// The same of convolutions and poolings over volumes.
  var volumePrimitives: [VolumeProblem.Key: Primitive] = [:]
  /// The distinct weight layouts seen so far; an index into this list names a layout in a key.
  private var layouts: [dnnl_memory_desc_t] = []

  init() throws {
    var engine: dnnl_engine_t?
    try Self.check(dnnl_engine_create(&engine, dnnl_cpu, 0), "dnnl_engine_create")
    var stream: dnnl_stream_t?
    try Self.check(
      dnnl_stream_create(&stream, engine, UInt32(dnnl_stream_default_flags.rawValue)),
      "dnnl_stream_create")
    guard let engine, let stream else {
      throw TensorError(operation: "dnnl_stream_create", reason: "no stream")
    }
    self.engine = engine
    self.stream = stream
  }

  deinit {
    primitives = [:]
    spatialPrimitives = [:]
    volumePrimitives = [:]
    dnnl_stream_destroy(stream)
    dnnl_engine_destroy(engine)
  }

  /// A small number that stands for a weight layout, the same for equal layouts.
  func layoutIndex(of layout: dnnl_memory_desc_t) -> Int {
    var layout = layout
    for index in layouts.indices where dnnl_memory_desc_equal(&layouts[index], &layout) != 0 {
      return index
    }
    layouts.append(layout)
    return layouts.count - 1
  }

  /// The one place where oneDNN's status codes become errors.
  static func check(_ status: dnnl_status_t, _ operation: String) throws {
    let reason: String
    switch status {
    case dnnl_success: return
    case dnnl_out_of_memory: reason = "out of memory"
    case dnnl_invalid_arguments: reason = "invalid arguments"
    case dnnl_unimplemented: reason = "not offered by oneDNN on this processor"
    case dnnl_runtime_error: reason = "runtime error"
    default: reason = "status \(status.rawValue)"
    }
    throw TensorError(operation: operation, reason: reason)
  }

  /// Describes a dense array to oneDNN.
  static func layout(
    _ dimensions: [Int], _ type: ElementType, _ tag: dnnl_format_tag_t
  ) throws -> dnnl_memory_desc_t {
    var descriptor = dnnl_memory_desc_t()
    let dims = dimensions.map { Int64($0) }
    try check(
      dnnl_memory_desc_init_by_tag(
        &descriptor, Int32(dims.count), dims, type.libraryType, tag),
      "dnnl_memory_desc_init_by_tag")
    return descriptor
  }
}

extension ElementType {
  var libraryType: dnnl_data_type_t { self == .bfloat16 ? dnnl_bf16 : dnnl_f32 }
}
