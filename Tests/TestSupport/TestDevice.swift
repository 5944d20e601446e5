import Foundation
import TensorCore
import Testing

/// The devices that operations are tested on.
public enum TestDevice: String, Sendable {
  /// This machine's processor, as the program has it.
  case processor
  /// One that does nothing before numbers are read, and whose memory nobody else can touch; see
  /// ``CheckingDevice``.
  case checking
  /// A graphics processor, which computes everything but what judges videos; see ``EmulatedCard``.
  case graphics

  /// Those that have every operation, the gradients too.
  public static let complete = [processor, checking]

  /// The device that contexts are opened on in the running test.
  @TaskLocal public static var current = TestDevice.processor

  /// How contexts on a graphics processor multiply in the running test.
  @TaskLocal public static var precision = ProductPrecision.float32

  /// Opens a graphics processor: an emulated one, or the card that `PVDM_TEST_CARD` names by its number.
  ///
  /// - Parameter seed: Decides in which order the emulated one's threads take their turns.
  public static func openGraphics(seed: UInt64 = 1) throws -> Device {
    if let card = ProcessInfo.processInfo.environment["PVDM_TEST_CARD"].flatMap(Int.init) {
      return try Device.open(card: card)
    }
    return try EmulatedCard(seed: seed).open()
  }
}

extension ComputeContext {
  /// Opens a context on the running test's device.
  ///
  /// - Parameter threadCount: Threads of the processor; `nil` for all that the process may run on.
  public convenience init(threadCount: Int? = nil) throws {
    switch TestDevice.current {
    case .processor: self.init(try Device.open(threadCount: threadCount))
    case .checking: self.init(Device(try CheckingDevice(threadCount: threadCount)))
    case .graphics:
      let device = try TestDevice.openGraphics()
      _ = device.prepare(for: TestDevice.precision)
      self.init(device)
    }
  }
}

/// Runs the tests of a suite on several devices, one after the other.
public struct EveryDevice: SuiteTrait, TestTrait, TestScoping {
  let devices: [TestDevice]
  public var isRecursive: Bool { true }

  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    for device in devices {
      try await TestDevice.$current.withValue(device) { try await function() }
    }
  }
}

extension Trait where Self == EveryDevice {
  /// Runs the tests of a suite on every device that has all operations.
  public static var onEveryDevice: Self { EveryDevice(devices: TestDevice.complete) }

  /// Runs the tests of a suite on a graphics processor.
  public static var onGraphics: Self { EveryDevice(devices: [.graphics]) }
}
