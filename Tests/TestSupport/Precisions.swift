import TensorCore

extension ElementType {
  /// The precisions that matrix products have on this processor: oneDNN has none in bfloat16 below
  /// AVX-512.
  public static let productPrecisions: [ElementType] = {
    let set = Processor.libraryInstructionSet
    return set.hasPrefix("AVX-512") || set == "AMX" ? [.float32, .bfloat16] : [.float32]
  }()

  /// Whether matrix products have bfloat16 here.
  public static let hasBFloat16Products = productPrecisions.contains(.bfloat16)
  /// What a test says that was skipped for want of them.
  public static let noBFloat16Products =
    "oneDNN has no products in bfloat16 on this processor, or PVDM_KERNELS forbids them"

  /// The precisions of the package's own kernels.
  public static let kernelPrecisions: [ElementType] = [.float32, .bfloat16]

  /// What a result may deviate for being computed in float32 and stored in this precision.
  public var tolerance: Double { self == .bfloat16 ? 0x1p-8 : 1e-5 }
}
