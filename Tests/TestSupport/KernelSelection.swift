import TensorCore

/// Runs code with the kernels of one instruction set, on the calling thread; others keep the best.
public enum KernelSelection {
  /// The instruction sets of this processor, the best first.
  public static let available: [String] = {
    defer { Processor.selectKernels(nil) }
    return ["avx512_bf16", "avx512", "avx2", "baseline"].filter { Processor.selectKernels($0) }
  }()

  /// Runs `body` with the named kernels, or with the best ones.
  public static func withKernels<Result>(
    _ name: String?, _ body: () throws -> Result
  ) rethrows -> Result {
    defer { Processor.selectKernels(nil) }
    Processor.selectKernels(name)
    return try body()
  }
}
