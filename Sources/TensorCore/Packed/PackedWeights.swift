internal import CKernels

/// Weights as this package's own products read them: output channels in panels of 32, each panel in
/// one piece. Weights of a bfloat16 layer may be stored in bfloat16; their products are then dot products
/// of bfloat16 where these are fast, elsewhere float32 products of the widened numbers.
struct PackedWeights: Sendable {
  /// All panels, one after the other.
  let values: Tensor

  /// Output channels of a panel.
  static let panelWidth = Int(CK_PANEL)

  /// Whether a layer has a packed form that serves it best. Widths must fill whole panels, and
  /// bfloat16 products belong to the library where the processor has a matrix unit.
  static func fit(inputs: Int, outputs: Int, _ elementType: ElementType) -> Bool {
    inputs % 16 == 0 && outputs % panelWidth == 0
      && (elementType == .float32 || !Processor.hasMatrixUnit)
  }
}

extension ComputeContext {
  /// Packs `[outputs, inputs]`.
  func packLinear(
    _ weight: UnsafePointer<Float>, inputs: Int, outputs: Int, elementType: ElementType
  ) throws -> PackedWeights {
    let values = try makeTensor([outputs, inputs], elementType)
    ck_pack_linear(
      weight, inputs, outputs, values.kernelType, values.pointer, Int32(threadCount))
    return PackedWeights(values: values)
  }

  /// `x weight' + bias + residual` into `result`.
  ///
  /// - Parameter gated: Whether the result is the first half of the product times the GELU of the
  ///   second.
  func packedLinear(
    _ x: Tensor, _ weight: LinearWeight, _ packed: PackedWeights, adding residual: Tensor?,
    gated: Bool = false, into result: Tensor
  ) throws {
    var problem = ck_linear_problem(
      type: x.kernelType, output_type: result.kernelType, source: x.pointer,
      residual: residual.map { UnsafeRawPointer($0.pointer) }, destination: result.pointer,
      rows: x.rows, inputs: weight.inputs, outputs: weight.outputs, gated: gated,
      weight_type: packed.values.kernelType, weights: packed.values.pointer,
      bias: weight.bias?.pointer(of: Float.self))
    ck_linear(&problem, Int32(threadCount))
    try checkKernelMemory("a linear layer")
  }
}

extension ElementType {
  /// The element type as the kernels name it.
  var kernelType: ck_type { self == .bfloat16 ? CK_BFLOAT16 : CK_FLOAT32 }
}
