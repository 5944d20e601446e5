/// Where tensors live and operations run. All operations are methods of the context, so that model code
/// never names a device: the context checks shapes, records gradients and times, and asks its device.
///
/// A context serves one thread at a time, which debug builds check. Use it from one dedicated thread
/// (see ``ComputeThread``): the threads that help belong to the one that calls, and callers that wander
/// between threads would leave a team behind on each.
public final class ComputeContext: @unchecked Sendable {
  let device: any ComputeDevice
  /// Threads that an operation is split over, the calling one included.
  public var threadCount: Int { device.threadCount }
  /// Collects the time of every operation while it is set; `nil` costs nothing.
  public var profile: OperationProfile?
  /// Where operations note themselves while gradients are wanted; `nil` costs nothing.
  var tape: GradientTape?
  /// Where operations note the parameters that they use, while they note nothing else.
  var parameterWatch: ParameterWatch?
  /// Whether what runs belongs to a pass with gradients, also where a checkpoint notes nothing: some
  /// operations round differently in inference, where they need not keep anything.
  var isDifferentiating = false
  /// Called with a sentence when work is done on fewer things at a time because the device's memory is short.
  public var onShortage: ((String) -> Void)?
  /// How many things at a time were found to fit into memory, for what did not go at once.
  var pieceSizes: [DividedWork: Int] = [:]
  /// Work that was short of memory while the device kept passes to repeat them.
  var unkeptWork: Set<DividedWork> = []
  /// Whether the device may keep passes of what runs.
  var keepsWork = true
  /// How much is done at a time of what runs.
  var share: WorkShare?
  let use = ThreadUse()

  /// Opens a context on a device, which serves it alone.
  public init(_ device: Device) { self.device = device.implementation }

  /// A tensor whose elements are not set yet.
  func makeTensor(_ shape: [Int], _ elementType: ElementType) throws -> Tensor {
    let byteCount = shape.reduce(1, *) * elementType.byteCount
    return Tensor(
      shape: shape, elementType: elementType,
      storage: try TensorStorage(byteCount: byteCount, device.memory))
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
    let result = try makeTensor(shape, .float32)
    precondition(values.count == result.count, "\(values.count) values for shape \(shape)")
    let done: Void? = values.withContiguousStorageIfAvailable { result.overwrite(with: $0) }
    if done == nil { Array(values).withUnsafeBufferPointer { result.overwrite(with: $0) } }
    return try convert(result, to: elementType)
  }

  /// Returns memory that waits for reuse to the system, for example between two models.
  public func releaseUnusedMemory() { device.memory.trim() }

  /// The most bytes of the device's own memory that were taken at once since the last call of
  /// ``resetPeakDeviceBytes()``; `nil` for the processor, whose memory is the process's.
  public var peakDeviceBytes: Int? { device.memory.peakBytes }
  /// Begins to look for the peak anew.
  public func resetPeakDeviceBytes() { device.memory.resetPeak() }

  /// Bytes of tensor memory that wait for reuse.
  public var reusableByteCount: Int { device.memory.heldBytes }
}
