internal import CDriver
internal import CGraphicsKernels

/// A graphics processor of this machine, as NVIDIA's driver describes it.
public struct GraphicsCard: Sendable, Hashable {
  /// Its number, from 0: the N of `cuda:N`.
  public let ordinal: Int
  /// What its maker calls it.
  public let name: String
  /// Its memory in bytes.
  public let memoryBytes: Int
  /// What its instructions are: 8 and 0 for the A100, for example.
  public let capability: [Int]
  /// The version of CUDA that the driver serves, 12 and 4 for example.
  public let driverVersion: [Int]
  private let hasMemoryPools: Bool

  /// The instructions of tensor cores for bfloat16, and copies to shared memory, came with 8.0.
  private static let leastCapability = 8

  /// Why the kernels cannot run on it; `nil` where they can.
  public var obstacle: String? {
    if capability[0] < Self.leastCapability {
      return "its compute capability is \(capability[0]).\(capability[1]), and "
        + "\(Self.leastCapability).0 is needed"
    }
    return hasMemoryPools ? nil : "its driver has no memory pools: CUDA 11.2 or later is needed"
  }

  /// The machine's cards; none where there is no driver.
  ///
  /// - Throws: ``TensorError`` if the driver is too old, or finds no card.
  public static func all() throws -> [GraphicsCard] {
    guard let driver = try GraphicsDriver.ofThisMachine() else { return [] }
    return try all(driver)
  }

  /// The cards of a driver that is given: in tests, the emulated one.
  ///
  /// - Parameter table: The driver's functions, a `cd_driver` of `CDriver`.
  package static func all(driver table: UnsafeRawPointer) throws -> [GraphicsCard] {
    try all(GraphicsDriver(table: table))
  }

  /// Whether the program was built with the kernels that it needs to compute on a card.
  public static var kernelsAreBuiltIn: Bool { gk_ptx() != nil }

  private static func all(_ driver: GraphicsDriver) throws -> [GraphicsCard] {
    try driver.check("cuInit", driver.functions.start(0))
    var count: Int32 = 0
    try driver.check("cuDeviceGetCount", driver.functions.get_device_count(&count))
    return try (0..<Int(count)).map { try GraphicsCard(driver, ordinal: $0) }
  }

  /// Asks a driver that was started.
  init(_ driver: GraphicsDriver, ordinal: Int) throws {
    let functions = driver.functions
    var device: cd_device = 0
    try driver.check("cuDeviceGet", functions.get_device(&device, Int32(ordinal)))
    var characters = [CChar](repeating: 0, count: 256)
    try driver.check(
      "cuDeviceGetName", functions.get_device_name(&characters, Int32(characters.count), device))
    var memory = 0
    try driver.check("cuDeviceTotalMem", functions.get_total_memory(&memory, device))
    var version: Int32 = 0
    try driver.check("cuDriverGetVersion", functions.get_version(&version))
    func attribute(_ attribute: Int) throws -> Int {
      var value: Int32 = 0
      try driver.check(
        "cuDeviceGetAttribute", functions.get_attribute(&value, Int32(attribute), device))
      return Int(value)
    }
    self.ordinal = ordinal
    name = String(
      decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    memoryBytes = memory
    capability = [
      try attribute(CD_COMPUTE_CAPABILITY_MAJOR), try attribute(CD_COMPUTE_CAPABILITY_MINOR),
    ]
    driverVersion = [Int(version) / 1000, Int(version) % 1000 / 10]
    hasMemoryPools = try attribute(CD_MEMORY_POOLS_SUPPORTED) != 0
  }
}
