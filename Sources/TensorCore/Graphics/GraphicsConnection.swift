internal import CDriver
internal import CGraphicsKernels
import Synchronization

/// A card as this program uses it: the driver's context for it, one stream on which everything happens in
/// order, the pool that memory comes from, and the kernels. Lives as long as anything on the card does.
final class GraphicsConnection: @unchecked Sendable {
  /// A kernel of the card's module.
  struct Kernel: @unchecked Sendable {
    let name: String
    let function: cd_function
    /// Threads of a block.
    let threads: Int
    /// Bytes of the structure that it takes.
    let argumentSize: Int
    /// Bytes of dynamic memory of a block.
    let dynamicSize: Int
  }

  let driver: GraphicsDriver
  let name: String
  let stream: cd_stream?
  let pool: cd_pool?
  private let device: cd_device
  private let context: cd_context?
  private let module: cd_module?
  private let kernels: [String: Kernel]
  /// Takes note of the work that is put on the stream, while it is set.
  var recording: GraphicsRecording?
  /// The first failure of a call that could not throw.
  private let failure = Mutex<TensorError?>(nil)

  /// Opens a card.
  ///
  /// - Parameters:
  ///   - ordinal: Its number, from 0.
  ///   - image: The kernels as PTX, ended by a zero.
  /// - Throws: ``TensorError`` if there is no such card, or it cannot run the kernels.
  init(_ driver: GraphicsDriver, ordinal: Int, image: UnsafePointer<CChar>) throws {
    let functions = driver.functions
    self.driver = driver
    try driver.check("cuInit", functions.start(0))
    var device: cd_device = 0
    try driver.check("cuDeviceGet", functions.get_device(&device, Int32(ordinal)))
    self.device = device
    let card = try GraphicsCard(driver, ordinal: ordinal)
    name = card.name
    if let obstacle = card.obstacle {
      throw TensorError(operation: "opening \(card.name)", reason: obstacle)
    }

    var context: cd_context?
    try driver.check("cuDevicePrimaryCtxRetain", functions.retain_context(&context, device))
    self.context = context
    // From here on a failure leaves something to be undone.
    do {
      try driver.check("cuCtxSetCurrent", functions.set_context(context))
      var stream: cd_stream?
      try driver.check("cuStreamCreate", functions.create_stream(&stream, Self.nonBlocking))
      self.stream = stream
      pool = try Self.makePool(on: device, driver)
      var module: cd_module?
      try driver.check("cuModuleLoadData", functions.load_module(&module, image))
      self.module = module
      var blockMemory: Int32 = 0
      try driver.check(
        "cuDeviceGetAttribute",
        functions.get_attribute(
          &blockMemory, Int32(CD_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN), device))
      kernels = try Self.kernels(of: module, driver, blockMemory: Int(blockMemory))
    } catch {
      _ = functions.release_context(device)
      throw error
    }
  }

  deinit {
    let functions = driver.functions
    makeCurrent()
    _ = functions.wait_for_stream(stream)
    _ = functions.unload_module(module)
    _ = functions.destroy_pool(pool)
    _ = functions.destroy_stream(stream)
    _ = functions.release_context(device)
  }

  /// A stream that does not wait for the one that other code of the process may use.
  private static let nonBlocking: UInt32 = 1

  /// A pool of the program's own that keeps what is given back for whoever takes it next.
  private static func makePool(
    on device: cd_device, _ driver: GraphicsDriver
  ) throws -> cd_pool? {
    var properties = cd_properties_of_device(device)
    var pool: cd_pool?
    try driver.check("cuMemPoolCreate", driver.functions.create_pool(&pool, &properties))
    var threshold = UInt64.max
    try driver.check(
      "cuMemPoolSetAttribute",
      driver.functions.set_pool_attribute(
        pool, Int32(CD_POOL_RELEASE_THRESHOLD), &threshold))
    return pool
  }

  /// Bytes of dynamic memory that a block may have without being allowed more.
  private static let usualDynamicSize = 48 << 10
  /// Bytes of shared memory that kernels have beside it.
  private static let staticRoom = 1 << 10

  /// - Parameter blockMemory: Bytes of shared memory that a block may have; kernels that need more are left
  ///   out.
  private static func kernels(
    of module: cd_module?, _ driver: GraphicsDriver, blockMemory: Int
  ) throws -> [String: Kernel] {
    var kernels: [String: Kernel] = [:]
    for index in 0..<Int(gk_kernel_count) {
      let entry = gk_kernel_at(Int32(index))
      guard let characters = entry.name else { continue }
      let name = String(cString: characters)
      var function: cd_function?
      try driver.check(
        "cuModuleGetFunction", driver.functions.get_function(&function, module, characters))
      guard let function else { continue }
      guard Int(entry.dynamic_size) + Self.staticRoom <= blockMemory else { continue }
      if entry.dynamic_size > Self.usualDynamicSize {
        try driver.check(
          "cuFuncSetAttribute",
          driver.functions.set_function_attribute(
            function, Int32(CD_MAX_DYNAMIC_SHARED_SIZE_BYTES), entry.dynamic_size))
      }
      kernels[name] = Kernel(
        name: name, function: function, threads: Int(entry.threads),
        argumentSize: Int(entry.argument_size), dynamicSize: Int(entry.dynamic_size))
    }
    return kernels
  }

  /// Makes the calling thread's calls be for this card.
  func makeCurrent() { note("cuCtxSetCurrent", driver.functions.set_context(context)) }

  // MARK: Work

  /// Whether the card can run a kernel: some need more shared memory than others give.
  func has(_ name: String) -> Bool { kernels[name] != nil }

  /// Launches a kernel.
  ///
  /// - Parameters:
  ///   - name: One of `kernel_list.h`.
  ///   - arguments: The structure that it takes.
  ///   - blocks: How many along each axis.
  /// - Throws: ``TensorError`` if it cannot be launched, or an earlier call has failed.
  func launch<Arguments: BitwiseCopyable>(
    _ name: String, _ arguments: Arguments, blocks: (Int, Int, Int)
  ) throws {
    guard let kernel = kernels[name] else { preconditionFailure("there is no kernel \(name)") }
    precondition(kernel.argumentSize == MemoryLayout<Arguments>.stride, "arguments of \(name)")
    try rethrow()
    try withUnsafeBytes(of: arguments) { bytes in
      try launch(kernel, bytes, blocks: blocks)
      recording?.note(.launch(kernel, arguments: Array(bytes), blocks: blocks))
    }
  }

  /// Launches a kernel with its arguments as they lie in memory.
  func launch(
    _ kernel: Kernel, _ arguments: UnsafeRawBufferPointer, blocks: (Int, Int, Int)
  ) throws {
    makeCurrent()
    // The driver takes its copy, and only reads it.
    var parameters = UnsafeMutableRawPointer(mutating: arguments.baseAddress)
    let result = driver.functions.launch(
      kernel.function, UInt32(blocks.0), UInt32(blocks.1), UInt32(blocks.2),
      UInt32(kernel.threads), 1, 1, UInt32(kernel.dynamicSize), stream, &parameters, nil)
    if result != CD_SUCCESS { throw driver.failure("\(kernel.name) (cuLaunchKernel)", result) }
  }

  /// Keeps the failure of a call that cannot throw, for the next one that can.
  func note(_ call: String, _ result: cd_result) {
    guard result != CD_SUCCESS else { return }
    let error = driver.failure(call, result)
    failure.withLock { $0 = $0 ?? error }
  }

  /// Throws what an earlier call failed with. It stays so: what came after it is worth nothing.
  func rethrow() throws {
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
