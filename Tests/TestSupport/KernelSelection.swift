import Foundation
import TensorCore

/// Runs code with the kernels of one instruction set.
///
/// The choice belongs to the process, and tests run side by side: whoever changes it, and whoever
/// compares two runs bit by bit, must hold the lock.
public enum KernelSelection {
  private static let lock = NSLock()

  /// The instruction sets of this processor, the best first.
  public static let available: [String] = lock.withLock {
    defer { Processor.selectKernels(nil) }
    return ["avx512_bf16", "avx512", "avx2", "baseline"].filter { Processor.selectKernels($0) }
  }

  /// Runs `body` with the named kernels, or with the best ones, while nobody else changes them.
  public static func withKernels<Result>(
    _ name: String? = nil, _ body: () throws -> Result
  ) rethrows -> Result {
    lock.lock()
    defer {
      Processor.selectKernels(nil)
      lock.unlock()
    }
    Processor.selectKernels(name)
    return try body()
  }
}
