import Foundation
import TensorCore
import TestSupport
import Testing

/// What kernels keep in between may find no memory: an error of the operation, and the context serves on.
struct KernelMemoryTests {
  @Test("no memory for intermediate results is an error, and the next operation works")
  func shortage() async {
    await #expect(processExitsWith: .success) {
      // Each thread keeps 4 MB: 32 of them more than the 64 MB that the C library sets aside for a thread.
      let context = try ComputeContext(threadCount: 32)
      let x = try context.tensor(
        [Float](repeating: 0.5, count: 8192 * 192), shape: [8192, 192])
      let attention = {
        try context.attention(
          x, heads: 1, layout: .queryKeyValue,
          [AttentionPattern(runs: [0..<8192], sequences: 1, outerStride: 8192)], scale: 0.125)
      }
      // Leaves behind the memory of a result.
      _ = try context.tensor([Float](repeating: 0, count: 8192 * 64), shape: [8192, 64])
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        .split(separator: " ")[0]
      var tight = limit
      tight.rlim_cur = (rlim_t(pages) ?? 0) * rlim_t(getpagesize()) + 2 << 20
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &tight)
      let error = #expect(throws: TensorError.self) { try attention() }
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      #expect(error?.operation == "attention")
      #expect(error?.reason.hasPrefix("no memory for ") == true)
      let result = try attention()
      #expect(result.shape == [8192, 64])
      #expect(try context.read(result).allSatisfy { abs($0 - 0.5) < 1e-6 })
    }
  }
}
