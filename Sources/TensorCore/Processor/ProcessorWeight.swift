internal import CDNNL

/// A weight as the processor keeps it: who computes with it, and the numbers as they are wanted.
final class ProcessorWeight: PreparedWeight, @unchecked Sendable {
  enum Form {
    /// In a layout of oneDNN.
    case library(LibraryWeights)
    /// Packed for this package's own matrix products.
    case packedLinear(PackedWeights)
    /// Packed for this package's own convolutions.
    case packedConvolution(PackedWeights, ConvolutionMethod)
    /// Trained, and the layout in which oneDNN reads them going forward; `nil` where it depends on the
    /// input.
    case trained(TrainedWeight, as: WeightLayout?)
  }

  let form: Form
  let fusesGatedGELU: Bool

  init(_ form: Form, fusesGatedGELU: Bool = false) {
    self.form = form
    self.fusesGatedGELU = fusesGatedGELU
  }
}

extension ProcessorDevice {
  /// A weight of this processor.
  func form(of weight: DeviceWeight) -> ProcessorWeight.Form {
    guard let weight = weight.prepared as? ProcessorWeight else {
      preconditionFailure("a weight of another device")
    }
    return weight.form
  }

  /// A weight of this processor in oneDNN's layout, up to date, for an operation whose layout does not
  /// depend on its input.
  func libraryWeights(_ weight: DeviceWeight) throws -> LibraryWeights {
    switch form(of: weight) {
    case .library(let weights): return weights
    case .trained(let trained, as: let layout?):
      return try trained.prepared(as: layout, version: weight.version, self)
    case .trained, .packedLinear, .packedConvolution:
      preconditionFailure("a weight that was prepared for another operation")
    }
  }

  /// A weight of this processor that is trained.
  func trained(_ weight: DeviceWeight) -> TrainedWeight {
    guard case .trained(let weight, _) = form(of: weight) else {
      preconditionFailure("a gradient through a weight that was prepared for inference")
    }
    return weight
  }

  func prepare(
    _ source: WeightSource, _ description: WeightDescription
  ) throws -> any PreparedWeight {
    switch source {
    case .fixed(let values):
      guard let base = values.baseAddress else {
        throw TensorError(operation: "prepare", reason: "an empty weight")
      }
      if let packed = try packed(base, description) { return packed }
      var description = description
      if !Processor.canComputeBFloat16 { description.elementType = .float32 }
      return try ProcessorWeight(
        .library(
          reordered(
            base, storedLayout(description),
            as: WeightLayout(preferredLayout(description), library))))
    case .trained(let master):
      return ProcessorWeight(
        .trained(
          TrainedWeight(master, WeightLayout(try storedLayout(description), library)),
          as: try trainedLayout(description)))
    }
  }

  /// The weight for this package's own kernels, where they serve it best.
  private func packed(
    _ weight: UnsafePointer<Float>, _ description: WeightDescription
  ) throws -> ProcessorWeight? {
    let (inputs, outputs) = (description.inputs, description.outputs)
    let type = description.elementType
    guard PackedWeights.fit(inputs: inputs, outputs: outputs, type) else { return nil }
    switch description.use {
    case .linear:
      return ProcessorWeight(
        .packedLinear(
          try packLinear(weight, inputs: inputs, outputs: outputs, elementType: type)),
        fusesGatedGELU: outputs % (2 * PackedWeights.panelWidth) == 0)
    case .stacked(let stack, stride: 1):
      let method = ConvolutionMethod(for: stack, elementType: type)
      return ProcessorWeight(
        .packedConvolution(
          try packConvolution(
            weight, inputs: inputs, outputs: outputs, method: method, elementType: type), method))
    case .stacked, .spatial, .volume: return nil
    }
  }

  /// How the numbers lie in PyTorch's order, as an operation sees them.
  private func storedLayout(_ description: WeightDescription) throws -> dnnl_memory_desc_t {
    let (inputs, outputs) = (description.inputs, description.outputs)
    switch description.use {
    case .linear: return try OneDNN.linearLayout(inputs, outputs, .float32)
    case .stacked: return try OneDNN.storedLayout([outputs, inputs, 3, 3])
    case .spatial(let kernel, let axes):
      return try OneDNN.storedLayout([outputs, inputs] + Array(repeating: kernel, count: axes))
    case .volume(let problem):
      return try OneDNN.storedLayout([outputs, inputs] + problem.window.size.axes)
    }
  }

  /// The layout that oneDNN prefers for a typical input.
  private func preferredLayout(_ description: WeightDescription) throws -> dnnl_memory_desc_t {
    let (inputs, outputs) = (description.inputs, description.outputs)
    let type = description.elementType
    let descriptor: dnnl_primitive_desc_t
    switch description.use {
    case .linear(let hasBias, _):
      descriptor = try library.describe(
        LinearProblem(
          rows: 512, inputs: inputs, outputs: outputs, inputType: type, outputType: type,
          hasBias: hasBias, addition: .none), weights: nil)
    case .stacked(let stack, let stride):
      descriptor = try library.describe(
        ConvolutionProblem(
          batch: 1, height: stack.rowCount, width: stack.width, inputs: inputs, outputs: outputs,
          stride: stride, inputType: type, outputType: type, addition: .none), weights: nil)
    case .volume(let problem): descriptor = try library.describe(problem, weights: nil)
    case .spatial: preconditionFailure("these convolutions are prepared for training alone")
    }
    defer { dnnl_primitive_desc_destroy(descriptor) }
    return try library.preferredWeightLayout(descriptor)
  }

  /// The layout in which a trained weight is read going forward, if it is the same for all inputs.
  private func trainedLayout(_ description: WeightDescription) throws -> WeightLayout? {
    switch description.use {
    case .linear:
      // The plain layout serves the product and its gradient alike; oneDNN is as fast with it.
      WeightLayout(
        try OneDNN.linearLayout(
          description.inputs, description.outputs, description.elementType), library)
    case .stacked: WeightLayout(try preferredLayout(description), library)
    case .spatial, .volume: nil
    }
  }
}
