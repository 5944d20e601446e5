extension Device {
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
