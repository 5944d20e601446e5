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

extension ProcessorDevice {
  /// Packs `[outputs, inputs]`.
  func packLinear(
    _ weight: UnsafePointer<Float>, inputs: Int, outputs: Int, elementType: ElementType
  ) throws -> PackedWeights {
    let values = try makeTensor([outputs, inputs], elementType)
    ck_pack_linear(weight, inputs, outputs, values.kernelType, pointer(values), threads)
    return PackedWeights(values: values)
  }

  func packedLinear(_ call: LinearCall, _ packed: PackedWeights) {
    let (x, result) = (call.input, call.result)
    var problem = ck_linear_problem(
      type: x.kernelType, output_type: result.kernelType, source: pointer(x),
      residual: call.residual.map { UnsafeRawPointer(pointer($0)) },
      destination: pointer(result), rows: x.rows, inputs: x.channels,
      outputs: call.isGated ? 2 * result.channels : result.channels, gated: call.isGated,
      weight_type: packed.values.kernelType, weights: pointer(packed.values),
      bias: call.bias.map { floats($0) })
    ck_linear(&problem, threads)
  }
}
