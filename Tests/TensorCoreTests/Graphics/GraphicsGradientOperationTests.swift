import TensorCore
import TestSupport
import Testing

/// Gradients of elementwise and moving operations, losses, and what an optimiser does, on a graphics processor
/// against the processor's.
struct GraphicsGradientOperationTests {
  private typealias Input = GraphicsGradients.Input
  private static let stack = ImageStack(width: 6, heights: [4, 6, 2])

  @Test("functions of every element", arguments: ElementType.kernelPrecisions)
  func elementwise(_ type: ElementType) throws {
    let x = Input([3, 37, 22], type, scale: 3)
    try GraphicsGradients.check(type, [x]) { try $1.gelu($0[0]) }
    try GraphicsGradients.check(type, [x]) { try $1.gatedGELU($0[0]) }
    try GraphicsGradients.check(type, [x]) { try $1.leakyReLU($0[0], slope: 0.2) }
    try GraphicsGradients.check(type, [x, x]) { try $1.add($0[0], $1.add($0[0], $0[1])) }
    try GraphicsGradients.check(type, [x, Input([3, 22])]) { try $1.addRows($0[0], $0[1]) }
    guard type == .float32 else { return }
    try GraphicsGradients.check(type, [x]) { try $1.silu($0[0]) }
    try GraphicsGradients.check(type, [x]) { try $1.tanh($0[0], scale: 0.5) }
    try GraphicsGradients.check(.bfloat16, [x]) {
      try $1.convert($1.convert($0[0], to: .bfloat16), to: .float32)
    }
  }

  @Test("movement", arguments: ElementType.kernelPrecisions)
  func movement(_ type: ElementType) throws {
    let x = Input([2, 35, 11], type)
    try GraphicsGradients.check(type, [x, Input([2, 35, 6], type)]) {
      try $1.concatenateChannels($0[0], $0[1])
    }
    try GraphicsGradients.check(type, [x]) {
      try $1.transpose($0[0], outer: 2, first: 5, second: 7, to: [2, 7, 5, 11])
    }
    try GraphicsGradients.check(type, [x]) { try $1.firstTokens($0[0]) }
    try GraphicsGradients.check(type, [x]) { try $1.slice($0[0], 1..<2) }
    try GraphicsGradients.check(type, [x, x]) { try $1.stacked([$0[0], $0[1], $0[0]]) }
    try GraphicsGradients.check(type, [Input([2, 6 * 10, 13], type)]) {
      try $1.maximumPool($0[0], height: 6, width: 10)
    }
    guard type == .float32 else { return }
    let places = (0..<700).map { Int32($0 * 31 % 41) }
    try GraphicsGradients.check(type, [Input([41])]) {
      try $1.gather($0[0], places, shape: [7, 100])
    }
  }

  @Test("resampling of stacked images", arguments: ElementType.kernelPrecisions)
  func resampling(_ type: ElementType) throws {
    let stack = Self.stack
    try GraphicsGradients.check(
      type, [.feature(13, on: stack, type)], on: stack, resultStack: stack.halved
    ) { try $1.averagePool($0[0], on: stack) }
    try GraphicsGradients.check(
      type, [.feature(13, on: stack, type)], on: stack, resultStack: stack.doubled
    ) { try $1.upsample($0[0], on: stack) }
  }

  @Test("planes and sequences of a volume", arguments: ElementType.kernelPrecisions)
  func volumes(_ type: ElementType) throws {
    let volume = TokenVolume(depth: 4, height: 5, width: 3)
    try GraphicsGradients.check(
      type, [Input([15, 11], type), Input([12, 11], type), Input([20, 11], type)]
    ) { try $1.sumPlanes(front: $0[0], side: $0[1], top: $0[2], over: volume) }
    for axis in [TokenVolume.Axis.depth, .height, .width] {
      try GraphicsGradients.check(
        type, [Input([60, 11], type), Input([11]), Input([8, 11])]
      ) {
        try $1.gatherSequences($0[0], of: volume, along: axis, token: $0[1], positions: $0[2])
      }
    }
  }

  @Test("losses", arguments: ElementType.kernelPrecisions)
  func losses(_ type: ElementType) throws {
    let stack = Self.stack
    func check(
      _ x: Input, on stack: ImageStack? = nil,
      _ loss: @escaping (Tensor, Tensor, ComputeContext) throws -> Tensor
    ) throws {
      try GraphicsComparison.check(type, on: stack) { context in
        var numbers = SeededNumbers(60)
        let target = try context.tensor(
          numbers.floats(x.shape.reduce(1, *)), shape: x.shape, as: x.type)
        return try [("loss", loss(x.tensor(40, context), target, context))]
          + GraphicsGradients.gradients([x], context) { try loss($0[0], target, $1) }
      }
    }
    for distance in Distance.allCases {
      try check(Input([3, 1700], type)) { try $2.meanDistance($0, $1, distance) }
      try check(.feature(70, on: stack, type), on: stack) {
        try $2.meanDistance($0, $1, distance, on: stack)
      }
    }
    try check(Input([2, 300], type)) { x, _, context in try context.mean(x) }
    for sign: Float in [-1, 1] {
      try check(Input([2, 300], type)) { x, _, context in try context.meanHinge(x, sign: sign) }
    }
    guard type == .float32 else { return }
    try check(Input([3, 11, 15, 3])) { try $2.gradientDifference($0, $1) }
    try check(Input([14, 11, 15, 3])) { try $2.temporalDifference($0, $1, lags: [1, 4, 12]) }
    try check(Input([2, 9, 48])) { x, target, context in
      let weight = try context.tensor((0..<48).map { Float($0 % 7) / 7 }, shape: [48])
      return try context.featureDistance(x, target, weight: weight).mean
    }
  }

  @Test("steps of AdamW with scaled gradients and a moving average")
  func optimizer() throws {
    try GraphicsComparison.check(.float32) { context in
      var numbers = SeededNumbers(70)
      let parameters = try [3, 5000, 64, 4096, 1, 9000].map { count in
        try OptimizedParameter(
          Parameter(name: "p", shape: [count], values: numbers.floats(count), context),
          averaged: count != 64, context)
      }
      var norms: [Float] = []
      for step in 1...3 {
        let tape = GradientTape()
        // The last parameter is left out once: then only its average follows.
        let used = step == 2 ? Array(parameters.dropLast()) : parameters
        let losses = try context.recording(on: tape) {
          try used.map {
            let values = $0.parameter.tensor
            return try context.meanDistance(
              values, context.tensor(numbers.floats(values.count), shape: values.shape), .squared)
          }
        }
        try context.backward(from: losses.map { ($0, 30) }, on: tape)
        norms.append(Float(try context.read(numbers: [context.gradientNorm(parameters)])[0]))
        try context.adamW(
          parameters,
          AdamWStep(
            learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1,
            number: step, gradientFactor: 0.5, averageDecay: step == 3 ? 1 : 0.75))
        for optimized in parameters { optimized.parameter.clearGradient() }
      }
      return [("norms", try context.tensor(norms, shape: [3]))]
        + parameters.enumerated().flatMap { index, optimized in
          [
            ("values \(index)", optimized.parameter.tensor),
            ("first moment \(index)", optimized.firstMoment),
            ("second moment \(index)", optimized.secondMoment),
          ] + (optimized.average.map { [("average \(index)", $0)] } ?? [])
        }
    }
  }
}
