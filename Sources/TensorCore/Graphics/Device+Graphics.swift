internal import CGraphicsKernels

extension Device {
  /// Opens another device in place of this machine's cards, given their number: in tests, an emulated card.
  @TaskLocal package static var substitute: (@Sendable (Int) throws -> Device)?

  /// Opens a graphics processor of this machine.
  ///
  /// - Parameter ordinal: The card's number, from 0.
  /// - Throws: ``TensorError`` if there is no such card, it cannot run the kernels, or the program was built
  ///   without them.
  public static func open(card ordinal: Int) throws -> Device {
    if let substitute { return try substitute(ordinal) }
    guard let driver = try GraphicsDriver.ofThisMachine() else {
      throw TensorError(
        operation: "opening cuda:\(ordinal)",
        reason: "there is no libcuda.so.1, which NVIDIA's driver brings")
    }
    guard let image = gk_ptx() else {
      throw TensorError(
        operation: "opening cuda:\(ordinal)",
        reason: "the program was built without kernels for graphics processors: install clang-19, "
          + "and build it again")
    }
    return Device(try GraphicsDevice(driver, ordinal: ordinal, image: image))
  }

  /// Opens a card of a driver that is given: in tests, the emulated one.
  ///
  /// - Parameters:
  ///   - table: The driver's functions, a `cd_driver` of `CDriver`.
  ///   - ordinal: The card's number, from 0.
  /// - Throws: ``TensorError`` if there is no such card, or it cannot run the kernels.
  package static func open(driver table: UnsafeRawPointer, ordinal: Int = 0) throws -> Device {
    Device(try GraphicsDevice(GraphicsDriver(table: table), ordinal: ordinal, image: ""))
  }
}
