internal import CKernels
import Glibc

/// How this package computes a 3x3 convolution.
enum ConvolutionMethod: Sendable, CaseIterable {
  /// The implicit GEMM: nine matrix products, one for each tap of the kernel; every weight is read once.
  case implicitGEMM
  /// Winograd's F(2x2, 3x3) (Lavin and Gray 2016): 16 products for four outputs, where the direct sum takes 36.
  case winograd2
  /// Winograd's F(4x4, 3x3): 36 products for sixteen outputs, where the direct sum takes 144.
  case winograd4

  /// The best method for the images of a stack, at a batch of 1.
  ///
  /// The time is that of reading the transformed weights and of multiplying them with every tile. A
  /// byte that comes from memory costs as much as 6 multiply-adds (25 GB/s against 300 GFLOP/s; other
  /// machines are near enough), so large images want large tiles, and small ones few weights. In
  /// bfloat16, 4x4 tiles are left to images with many of them: elsewhere they would save a tenth of the
  /// time for 4.5 times the memory, because their weights stay float32.
  init(for stack: ImageStack, elementType: ElementType) {
    let candidates = Self.allCases.filter {
      $0 != .winograd4 || elementType == .float32 || $0.tileCount(of: stack) >= 64
    }
    func cost(_ method: Self) -> Int {
      let bytes = method.weightType(in: elementType).byteCount
      return ck_convolution_points(method.kernelMethod)
        * (method.tileCount(of: stack) + 6 * bytes)
    }
    self = candidates.min { cost($0) < cost($1) } ?? .implicitGEMM
  }

  /// How the weights of a layer are stored. The transform for 4x4 tiles multiplies rounding errors by
  /// five (measured), so its weights stay float32; that for 2x2 tiles by 1.7, which is within
  /// the rounding of a bfloat16 layer.
  func weightType(in elementType: ElementType) -> ElementType {
    self == .winograd4 ? .float32 : elementType
  }

  private func tileCount(of stack: ImageStack) -> Int {
    let side = tileSide
    let across = (stack.width + side - 1) / side
    return stack.heights.reduce(0) { $0 + ($1 + side - 1) / side * across }
  }

  /// Outputs along one side of a tile.
  private var tileSide: Int {
    switch self {
    case .implicitGEMM: 1
    case .winograd2: 2
    case .winograd4: 4
    }
  }

  var kernelMethod: ck_convolution_method {
    switch self {
    case .implicitGEMM: CK_IMPLICIT_GEMM
    case .winograd2: CK_WINOGRAD_2
    case .winograd4: CK_WINOGRAD_4
    }
  }
}

extension ProcessorDevice {
  /// Packs `[outputs, inputs, 3, 3]`.
  func packConvolution(
    _ weight: UnsafePointer<Float>, inputs: Int, outputs: Int, method: ConvolutionMethod,
    elementType: ElementType
  ) throws -> PackedWeights {
    let values = try makeTensor(
      [ck_convolution_points(method.kernelMethod), outputs, inputs],
      method.weightType(in: elementType))
    ck_pack_convolution(
      weight, inputs, outputs, method.kernelMethod, values.kernelType, pointer(values), threads)
    return PackedWeights(values: values)
  }

  func packedConvolution(
    _ call: StackedConvolutionCall, _ packed: PackedWeights, _ method: ConvolutionMethod
  ) {
    let (x, result, stack) = (call.input, call.result, call.stack)
    let images = stack.heights.indices.map { image in
      ck_image_rows(first_row: stack.firstRow(of: image), height: stack.heights[image])
    }
    images.withUnsafeBufferPointer { images in
      var problem = ck_convolution_problem(
        type: x.kernelType, output_type: result.kernelType, source: pointer(x),
        residual: call.residual.map { UnsafeRawPointer(pointer($0)) },
        destination: pointer(result), batch: x.shape[0], tokens: x.shape[1], width: stack.width,
        images: images.baseAddress, image_count: Int32(images.count), inputs: x.channels,
        outputs: result.channels, method: method.kernelMethod,
        weight_type: packed.values.kernelType, weights: pointer(packed.values),
        bias: floats(call.bias))
      ck_convolution(&problem, threads)
    }
    clearBetweenImages(of: result, on: stack)
  }

  /// Zeros between the images, which no kernel has written: what was in the memory before may not be
  /// finite.
  private func clearBetweenImages(of x: Tensor, on stack: ImageStack) {
    let bytes = x.channels * x.elementType.byteCount
    for sample in 0..<x.shape[0] {
      for image in stack.heights.indices.dropLast() {
        let first = sample * stack.tokenCount + stack.tokens(of: image).upperBound
        memset(pointer(x) + first * bytes, 0, stack.gap * stack.width * bytes)
      }
    }
  }
}
