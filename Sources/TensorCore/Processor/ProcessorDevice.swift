internal import CDNNL
internal import CKernels
import Glibc

/// This machine's processor, with oneDNN, this package's own kernels and one team of threads for both.
/// Whatever it is asked for has happened when the call returns.
///
/// It serves the thread that calls it: the team's threads belong to that one.
final class ProcessorDevice: ComputeDevice {
  let threadCount: Int
  /// Enough rows for the matrix product to be efficient, few enough for the second-level cache.
  var rowChunk: Int? { 512 }
  let library: OneDNN
  private let pool = HostMemory()

  /// - Parameter threadCount: Threads to use, at least 1; `nil` takes every processor the process may
  ///   run on.
  /// - Throws: ``TensorError`` if oneDNN cannot start.
  init(threadCount: Int? = nil) throws {
    self.threadCount = max(1, threadCount ?? Processor.availableCount)
    library = try OneDNN(threadCount: self.threadCount)
  }

  var memory: any DeviceMemory { pool }
  var name: String { Processor.libraryInstructionSet }
  /// Threads as the kernels take them.
  var threads: Int32 { Int32(threadCount) }

  func supports(_ elementType: ElementType) -> Bool {
    elementType == .float32 || elementType == .bfloat16
  }

  /// Gradients of products are oneDNN's.
  func trains(_ elementType: ElementType) -> Bool {
    elementType == .float32 || (elementType == .bfloat16 && Processor.canComputeBFloat16)
  }

  func measurePeak(_ elementType: ElementType, seconds: Double) -> Double? {
    switch elementType {
    case .float32: Processor.measureFloat32Peak(threads: threadCount, seconds: seconds)
    // Without such products bfloat16 numbers are widened, and float32's are what computes.
    case .bfloat16:
      Processor.measureBFloat16Peak(threads: threadCount, seconds: seconds)
        ?? Processor.measureFloat32Peak(threads: threadCount, seconds: seconds)
    default: nil
    }
  }

  /// Memory of the processor's own.
  func makeStorage(byteCount: Int) throws -> TensorStorage {
    try TensorStorage(byteCount: byteCount, pool)
  }

  /// A tensor of the processor's own, whose elements are not set yet.
  func makeTensor(_ shape: [Int], _ elementType: ElementType) throws -> Tensor {
    Tensor(
      shape: shape, elementType: elementType,
      storage: try makeStorage(byteCount: shape.reduce(1, *) * elementType.byteCount))
  }

  func run(_ operation: DeviceOperation) throws {
    try carryOut(operation)
    // A kernel that finds no memory for what it keeps in between writes nothing.
    let missingBytes = ck_take_missing_bytes()
    guard missingBytes == 0 else {
      throw TensorError(
        operation: operation.name, reason: "no memory for \(missingBytes) bytes")
    }
  }

  private func carryOut(_ operation: DeviceOperation) throws {
    switch operation {
    case .linear(let call): try linear(call)
    case .linearInputGradient(let gradient, let weight, let result):
      try linearInputGradient(gradient, weight, into: result)
    case .linearWeightGradient(let gradient, let input, let result):
      try linearWeightGradient(gradient, input, into: result)
    case .stackedConvolution(let call): try stackedConvolution(call)
    case .spatialConvolution(let problem, let x, let weight, let bias, let result):
      try spatialConvolution(problem, x, weight, bias, into: result)
    case .spatialInputGradient(let problem, let gradient, let weight, let result):
      try spatialInputGradient(problem, gradient, weight, into: result)
    case .spatialWeightGradient(let problem, let gradient, let input, let result):
      try spatialWeightGradient(problem, gradient, input, into: result)
    case .volumeConvolution(let problem, let x, let weight, let bias, let result):
      try volumeConvolution(problem, x, weight, bias, into: result)
    case .volumePooling(let problem, let x, let result):
      try volumePooling(problem, x, into: result)

    case .attention(let call, let patterns): attention(call, patterns)
    case .attentionGradient(let call, let patterns, let gradient, let result):
      attentionGradient(call, patterns, gradient, into: result)
    case .groupNorm(let call, let result): groupNorm(call, into: result)
    case .groupNormGradient(let call, let gradient, let results):
      groupNormGradient(call, gradient, into: results)
    case .layerNorm(let x, let parameters, let result): layerNorm(x, parameters, into: result)
    case .layerNormGradient(
      let gradient, let x, let parameters, let result, let toWeight, let toBias):
      layerNormGradient(gradient, x, parameters, into: result, toWeight, toBias)

    case .gatedGELU(let x, let result):
      ck_gated_gelu(
        x.kernelType, pointer(x), pointer(result), x.rows, x.channels / 2, threads)
    case .gatedGELUGradient(let gradient, let x, let result):
      ck_gated_gelu_gradient(
        x.kernelType, pointer(x), pointer(gradient), pointer(result), x.rows, x.channels / 2,
        threads)
    case .gelu(let x, let result):
      memcpy(pointer(result), pointer(x), x.byteCount)
      ck_gelu(x.kernelType, pointer(result), x.count, threads)
    case .geluGradient(let gradient, let x, let result):
      ck_gelu_gradient(
        x.kernelType, pointer(x), pointer(gradient), pointer(result), x.count, threads)
    case .silu(let x, let result): ck_silu(floats(x), floats(result), x.count)
    case .siluGradient(let gradient, let x, let result):
      ck_silu_gradient(floats(x), floats(gradient), floats(result), x.count)
    case .tanh(let x, let scale, let result):
      ck_scaled_tanh(floats(x), floats(result), scale, x.count)
    case .tanhGradient(let gradient, let y, let scale, let result):
      ck_tanh_gradient(floats(y), floats(gradient), floats(result), scale, y.count)
    case .leakyReLU(let x, let slope, let result):
      ck_leaky_relu(x.kernelType, pointer(x), pointer(result), slope, x.count, threads)
    case .leakyReLUGradient(let gradient, let y, let slope, let result):
      ck_leaky_relu_gradient(
        y.kernelType, pointer(y), pointer(gradient), pointer(result), slope, y.count, threads)
    case .add(let a, let b, let result):
      ck_add(a.kernelType, pointer(a), pointer(b), pointer(result), a.count, threads)
    case .addRows(let x, let row, let result):
      ck_add_rows(
        x.kernelType, pointer(x), floats(row), pointer(result), x.shape[0], x.shape[1],
        x.channels, threads)
    case .scale(let x, let factor, let result): scale(x, by: factor, into: result)
    case .scaleByNumber(let x, let number, let result):
      scale(x, by: floats(number)[0], into: result)
    case .convert(let x, let result): convert(x, into: result)
    case .sumRows(let x, let batch, let result):
      ck_sum_rows(
        x.kernelType, pointer(x), floats(result), batch, x.rows / batch, x.channels, threads)
    case .sumAxis(let x, let outer, let extent, let result):
      ck_sum_axis(
        x.kernelType, pointer(x), pointer(result), outer, extent, x.count / (outer * extent),
        threads)

    case .concatenateChannels(let a, let b, let result):
      ck_concatenate(
        a.kernelType, pointer(a), a.channels, pointer(b), b.channels, pointer(result), a.rows,
        threads)
    case .splitChannels(let x, let a, let b):
      ck_split(
        x.kernelType, pointer(x), pointer(a), a.channels, pointer(b), b.channels, x.rows, threads)
    case .transpose(let x, let outer, let first, let second, let result):
      ck_swap_axes(
        pointer(x), pointer(result), outer, first, second, x.count / (outer * first * second),
        x.elementType.byteCount, threads)
    case .gather(let x, let indices, let result):
      let (source, target) = (floats(x), floats(result))
      for (i, index) in indices.enumerated() { target[i] = source[Int(index)] }
    case .scatter(let x, let indices, let result):
      let (source, sums) = (floats(x), floats(result))
      memset(sums, 0, result.byteCount)
      for (i, index) in indices.enumerated() { sums[Int(index)] += source[i] }
    case .resample(let kind, let x, let source, let destination, let result):
      resample(kind, x, from: source, to: destination, into: result)
    case .maximumPool(let x, let height, let width, let result):
      ck_max_pool(
        x.kernelType, pointer(x), pointer(result), x.shape[0], height, width, x.channels, threads)
    case .maximumPoolGradient(let gradient, let x, let height, let width, let result):
      ck_max_pool_gradient(
        x.kernelType, pointer(x), pointer(gradient), pointer(result), x.shape[0], height, width,
        x.channels, threads)
    case .sumPlanes(let front, let side, let top, let volume, let result):
      ck_sum_planes(
        front.kernelType, pointer(front), pointer(side), pointer(top), pointer(result),
        volume.depth, volume.height, volume.width, front.channels, threads)
    case .gatherSequences(let x, let pattern, let token, let positions, let result):
      ck_gather_sequences(
        x.kernelType, pointer(x), pointer(result), pattern.sequences, pattern.inner,
        pattern.outerStride, pattern.innerStride, pattern.tokenStep, pattern.length, x.channels,
        floats(token), floats(positions), threads)
    case .scatterSequences(let x, let pattern, let result):
      ck_scatter_sequences(
        x.kernelType, pointer(x), pointer(result), pattern.sequences, pattern.inner,
        pattern.outerStride, pattern.innerStride, pattern.tokenStep, pattern.length, x.channels,
        threads)

    case .meanDistance(let call, let result): meanDistance(call, into: result)
    case .meanDistanceGradient(let call, let gradient, let result):
      meanDistanceGradient(call, gradient, into: result)
    case .mean(let function, let x, let result): mean(function, x, into: result)
    case .meanGradient(let function, let gradient, let x, let result):
      meanGradient(function, gradient, x, into: result)
    case .featureDistance(let call): try featureDistance(call)
    case .finiteDifference(let x, let target, let neighbors, let result, let gradient):
      finiteDifference(x, target, neighbors, into: result, gradient)
    case .gradientNorm(let parameters, let result): gradientNorm(parameters, into: result)
    case .adamW(let parameters, let step): adamW(parameters, step)
    }
  }

  private func scale(_ x: Tensor, by factor: Float, into result: Tensor) {
    ck_scale(x.kernelType, pointer(x), pointer(result), factor, x.count, threads)
  }

  func convert(_ x: Tensor, into result: Tensor) {
    switch (x.elementType, result.elementType) {
    case (.float32, .bfloat16):
      ck_float32_to_bfloat16(
        floats(x), pointer(result).assumingMemoryBound(to: UInt16.self), x.count)
    case (.bfloat16, .float32):
      ck_bfloat16_to_float32(
        pointer(x).assumingMemoryBound(to: UInt16.self), floats(result), x.count)
    default: preconditionFailure("no conversion of \(x.elementType) to \(result.elementType)")
    }
  }

  private func resample(
    _ kind: DeviceOperation.Resampling, _ x: Tensor, from source: ImageStack,
    to destination: ImageStack, into result: Tensor
  ) {
    let images = source.heights.indices.map { image in
      ck_stacked_image(
        source_row: source.firstRow(of: image), destination_row: destination.firstRow(of: image),
        height: source.heights[image])
    }
    let kernel =
      switch kind {
      case .averagePool: ck_average_pool
      case .upsample: ck_upsample
      case .copy: ck_copy_stacked
      }
    kernel(
      x.kernelType, pointer(x), pointer(result), x.shape[0], source.rowCount,
      destination.rowCount, source.width, x.channels, images, Int32(images.count), threads)
  }
}

extension Tensor {
  /// The element type as the kernels name it.
  var kernelType: ck_type { elementType.kernelType }
}

extension ElementType {
  /// The element type as the kernels name it.
  var kernelType: ck_type { self == .bfloat16 ? CK_BFLOAT16 : CK_FLOAT32 }
}

/// Whether every number is finite.
public func allFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
  guard let base = values.baseAddress else { return true }
  return ck_all_finite(base, values.count)
}
