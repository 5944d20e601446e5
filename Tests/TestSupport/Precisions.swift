import TensorCore

extension ElementType {
  /// The precisions in which networks run.
  public static let kernelPrecisions: [ElementType] = [.float32, .bfloat16]

  /// The precisions in which this processor trains: oneDNN has no gradients in bfloat16 below AVX-512.
  public static let trainingPrecisions: [ElementType] = {
    let set = Processor.libraryInstructionSet
    return set.hasPrefix("AVX-512") || set == "AMX" ? [.float32, .bfloat16] : [.float32]
  }()

  /// Whether it trains in bfloat16.
  public static let hasBFloat16Training = trainingPrecisions.contains(.bfloat16)
  /// What a test says that was skipped for want of that.
  public static let noBFloat16Training =
    "oneDNN has no gradients in bfloat16 on this processor, or PVDM_KERNELS forbids them"

  /// What a result may deviate for being computed in float32 and stored in this precision.
  public var tolerance: Double { self == .bfloat16 ? 0x1p-8 : 1e-5 }
}
