internal import CDriver

/// NVIDIA's driver: the machine's, or one that tests emulate.
struct GraphicsDriver: @unchecked Sendable {
  /// The driver's functions, by the names of the table in `CDriver`.
  let functions: cd_driver

  /// Takes the functions of a table, a `cd_driver`.
  init(table: UnsafeRawPointer) { functions = table.load(as: cd_driver.self) }

  /// Opens the machine's driver; `nil` where there is none.
  ///
  /// - Throws: ``TensorError`` if it is too old.
  static func ofThisMachine() throws -> GraphicsDriver? {
    var missing: UnsafePointer<CChar>?
    if let table = cd_open(&missing) { return GraphicsDriver(table: table) }
    guard let missing else { return nil }
    throw TensorError(
      operation: "opening NVIDIA's driver",
      reason: "it has no \(String(cString: missing)): a driver for CUDA 11.4 or later is needed")
  }

  /// Throws what a call answered, unless it succeeded.
  ///
  /// - Parameter call: The function's name in the driver.
  func check(_ call: String, _ result: cd_result) throws {
    guard result != CD_SUCCESS else { return }
    throw failure(call, result)
  }

  /// A failed call, by the driver's name for what happened, and what can be done about it.
  func failure(_ call: String, _ result: cd_result) -> TensorError {
    var name: UnsafePointer<CChar>?
    var text: UnsafePointer<CChar>?
    _ = functions.get_error_name(result, &name)
    _ = functions.get_error_text(result, &text)
    var reason = name.map { String(cString: $0) } ?? "error \(result)"
    if let text { reason += ", \(String(cString: text))" }
    if let advice = Self.advice(result) { reason += "; \(advice)" }
    return TensorError(operation: call, reason: reason)
  }

  /// What whoever runs the program can do about an error.
  private static func advice(_ result: cd_result) -> String? {
    switch Int(result) {
    case CD_ERROR_OUT_OF_MEMORY:
      "bfloat16 takes about half, fewer videos at a time take less, and the processor has memory of its own"
    case CD_ERROR_NO_DEVICE:
      "no card is visible: look at nvidia-smi and at CUDA_VISIBLE_DEVICES"
    case CD_ERROR_INVALID_DEVICE: "cards are numbered from 0"
    case CD_ERROR_UNSUPPORTED_PTX_VERSION: "the driver is too old for these kernels"
    case CD_ERROR_NO_BINARY_FOR_GPU, CD_ERROR_INVALID_IMAGE:
      "a card of compute capability 8.0 or later is needed"
    case CD_ERROR_SYSTEM_DRIVER_MISMATCH:
      "the driver and its library are of different versions: restart the machine"
    default: nil
    }
  }
}
