internal import CKernels

/// Where tensors live and operations run: today the CPU, with oneDNN, this package's own kernels and
/// one set of threads for both. All operations are methods of the context, so that model code never
/// names a device.
///
/// A context serves one thread at a time, which debug builds check. Use it from one dedicated thread
/// (see ``ComputeThread``): the worker threads belong to the thread that calls, and callers that wander
/// between threads would leave a set behind on each.
public final class ComputeContext: @unchecked Sendable {
  /// Threads that an operation is split over, the calling one included.
  public let threadCount: Int
  /// Collects the time of every operation while it is set; `nil` costs nothing.
  public var profile: OperationProfile?
  /// Where operations note themselves while gradients are wanted; `nil` costs nothing.
  var tape: GradientTape?
  /// Whether what runs belongs to a pass with gradients, also where a checkpoint notes nothing: some
  /// operations round differently in inference, where they need not keep anything.
  var isDifferentiating = false
  let pool = BufferPool()
  let library: OneDNN
  let use = ThreadUse()

  /// Opens a context.
  ///
  /// - Parameter threadCount: Threads to use, at least 1; `nil` takes every processor the process
  ///   may run on.
  /// - Throws: ``TensorError`` if oneDNN cannot start.
  public init(threadCount: Int? = nil) throws {
    self.threadCount = max(1, threadCount ?? Processor.availableCount)
    library = try OneDNN(threadCount: self.threadCount)
  }

  /// A tensor whose elements are not set yet.
  func makeTensor(_ shape: [Int], _ elementType: ElementType) throws -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor(
      shape: shape, elementType: elementType,
      storage: try TensorStorage(count: count, elementType: elementType, pool: pool))
  }

  /// A tensor of the given numbers.
  ///
  /// - Parameters:
  ///   - values: Row-major, as many as the shape holds.
  ///   - shape: Extent of each axis, slowest first.
  ///   - elementType: `.float32`, or `.bfloat16` (rounded to nearest even).
  public func tensor(
    _ values: some Collection<Float>, shape: [Int], as elementType: ElementType = .float32
  ) throws -> Tensor {
    let result = try makeTensor(shape, elementType)
    precondition(values.count == result.count, "\(values.count) values for shape \(shape)")
    let done: Void? = values.withContiguousStorageIfAvailable {
      result.fill(from: $0)
    }
    if done == nil { Array(values).withUnsafeBufferPointer { result.fill(from: $0) } }
    return result
  }

  /// Throws if one of this package's kernels wrote nothing, since it found no memory for what it keeps in
  /// between; called after each that keeps something.
  func checkKernelMemory(_ operation: String) throws {
    let bytes = ck_take_missing_bytes()
    guard bytes > 0 else { return }
    throw TensorError(operation: operation, reason: "no memory for \(bytes) bytes")
  }

  /// Returns memory that waits for reuse to the system, for example between two models.
  public func releaseUnusedMemory() { pool.trim() }

  /// Bytes of tensor memory that wait for reuse.
  public var reusableByteCount: Int { pool.heldBytes }
}

extension Tensor {
  func fill(from values: UnsafeBufferPointer<Float>) {
    guard let base = values.baseAddress else { return }
    switch elementType {
    case .float32: pointer.copyMemory(from: base, byteCount: count * 4)
    case .bfloat16: ck_float32_to_bfloat16(base, pointer(of: UInt16.self), count)
    default: preconditionFailure("tensors compute in float32 and bfloat16, not \(elementType)")
    }
  }

  func convertToFloat32(into buffer: UnsafeMutableBufferPointer<Float>) {
    guard let base = buffer.baseAddress, count > 0 else { return }
    switch elementType {
    case .float32: base.update(from: pointer(of: Float.self), count: count)
    case .bfloat16: ck_bfloat16_to_float32(pointer(of: UInt16.self), base, count)
    default: preconditionFailure("tensors compute in float32 and bfloat16, not \(elementType)")
    }
  }

  /// The element type as the kernels name it.
  var kernelType: ck_type { elementType.kernelType }
}
