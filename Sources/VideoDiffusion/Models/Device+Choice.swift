import TensorCore

extension Device {
  /// Opens the device of a choice for networks of a precision.
  ///
  /// - Parameters:
  ///   - choice: What is to compute.
  ///   - threadCount: Threads of a processor; `nil` for every one that the process may run on.
  ///   - precision: How they multiply.
  ///   - training: Whether they are trained.
  /// - Throws: ``ModelError`` if there is no such device or it lacks the precision, `TensorError` if the
  ///   processor cannot compute.
  static func open(
    _ choice: DeviceChoice, threadCount: Int?, for precision: ProductPrecision,
    training: Bool = false
  ) throws -> Device {
    let choice = choice.resolved
    let device: Device
    do {
      device = try open(choice, threadCount: threadCount)
    } catch let error as TensorError {
      guard case .card = choice else { throw error }
      throw ModelError(.device(name: choice.description, reason: error.reason))
    }
    guard device.prepare(for: precision, training: training) else {
      throw ModelError(.precision(precision, processor: device.name))
    }
    return device
  }
}
