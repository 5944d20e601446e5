internal import CDNNL
internal import CKernels
import Glibc
import Synchronization

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
  private let threadCount: Int

  /// Held while an operation is described. oneDNN 2.6 and the first releases of 2.7 keep a part of a
  /// convolution's description in a variable of the whole process
  /// (`brg_blocking_t::last_ic_block_size`): if two threads describe one in float32 and one in bfloat16,
  /// those of an odd number of channels may read their weights with the other's stride
  /// (openvinotoolkit/oneDNN, pull request 167).
  private static let describing = Mutex(())

  /// - Parameter threadCount: Threads for which operations are compiled.
  init(threadCount: Int) throws {
    self.threadCount = threadCount
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

  /// Runs `body`, in which the library compiles for this context's threads, and computes with the team of
  /// the calling thread.
  ///
  /// - Parameter computing: Whether it computes, so that all the threads are needed.
  /// - Throws: What `body` throws; ``TensorError`` if the system gives no more threads.
  func onTeam<Result>(computing: Bool, _ body: () throws -> Result) throws -> Result {
    let threads = Int32(threadCount)
    if computing {
      let available = ck_team_threads(threads)
      guard available == threads else {
        throw TensorError(
          operation: "pthread_create",
          reason: "\(threads) threads are wanted, and the system gives \(available)")
      }
    }
    ck_begin_library(threads)
    defer { ck_end_library() }
    return try body()
  }

  /// The description of an operation for this processor, from which it is compiled.
  ///
  /// - Parameters:
  ///   - operation: The library's descriptor of the operation.
  ///   - hint: The forward operation of a gradient.
  ///   - name: What the operation is, for errors.
  /// - Returns: A descriptor, which ``Primitive/init(descriptor:arguments:library:)`` destroys.
  func description(
    of operation: UnsafeRawPointer, _ attributes: Attributes, hint: dnnl_primitive_desc_t? = nil,
    _ name: String
  ) throws -> dnnl_primitive_desc_t {
    var descriptor: dnnl_primitive_desc_t?
    let status = try onTeam(computing: false) {
      Self.describing.withLock { _ in
        dnnl_primitive_desc_create(&descriptor, operation, attributes.handle, engine, hint)
      }
    }
    try Self.check(status, name)
    guard let descriptor else {
      throw TensorError(operation: "dnnl_primitive_desc_create", reason: "no descriptor")
    }
    return descriptor
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

  /// Weights `[outputs, inputs]` as a matrix product reads them. The transposed tag says that rows of the
  /// stored matrix are columns of the product's.
  static func linearLayout(
    _ inputs: Int, _ outputs: Int, _ type: ElementType
  ) throws -> dnnl_memory_desc_t {
    try layout([inputs, outputs], type, dnnl_ba)
  }

  /// A convolution's weights in the order of PyTorch: outputs, inputs, and two or three axes.
  static func storedLayout(_ shape: [Int]) throws -> dnnl_memory_desc_t {
    try layout(shape, .float32, shape.count == 4 ? dnnl_oihw : dnnl_oidhw)
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
