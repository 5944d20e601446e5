/// A device of this machine that computes, opened for one context.
///
/// This is the one place where a device is chosen: the processor, or a graphics processor.
public struct Device {
  package let implementation: any ComputeDevice

  /// Wraps a device.
  package init(_ implementation: any ComputeDevice) { self.implementation = implementation }

  /// Opens this machine's processor.
  ///
  /// - Parameter threadCount: Threads to use, at least 1; `nil` takes every processor the process
  ///   may run on.
  /// - Throws: ``TensorError`` if oneDNN cannot start.
  public static func open(threadCount: Int? = nil) throws -> Device {
    Device(try ProcessorDevice(threadCount: threadCount))
  }

  /// Opens the device of a choice.
  ///
  /// - Parameters:
  ///   - choice: Which one.
  ///   - threadCount: Threads of a processor, at least 1; `nil` takes every processor the process may
  ///     run on. A graphics processor has its own.
  /// - Throws: ``TensorError`` if there is no such device or it cannot compute.
  public static func open(_ choice: DeviceChoice, threadCount: Int? = nil) throws -> Device {
    if case .card(let ordinal) = choice.resolved { return try open(card: ordinal) }
    return try open(threadCount: threadCount)
  }

  /// What people call it, for example `AVX-512`.
  public var name: String { implementation.name }

  /// Prepares the device to multiply in a precision, before anything else is asked of it.
  ///
  /// - Parameter training: Whether gradients are wanted, too.
  /// - Returns: Whether it can, at a useful speed.
  public func prepare(for precision: ProductPrecision, training: Bool = false) -> Bool {
    let type = precision.elementType
    guard training ? implementation.trains(type) : implementation.supports(type) else {
      return false
    }
    return precision != .tensorFloat32 || implementation.multiplyInTensorFloat32()
  }

  /// What the device reaches in multiply-adds of a precision with all its threads, in GFLOP/s; `nil`
  /// where it does not compute in that precision.
  public func measurePeak(_ elementType: ElementType, seconds: Double = 0.5) -> Double? {
    implementation.measurePeak(elementType, seconds: seconds)
  }
}
