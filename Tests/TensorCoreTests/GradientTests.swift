import TensorCore
import TestSupport
import Testing

/// Every operation's gradient against central differences.
@Suite(.onEveryDevice)
struct GradientTests {
  private static let stack = ImageStack(width: 4, heights: [4, 2, 6])

  private func input(
    _ name: String, _ shape: [Int], seed: UInt64, scale: Float = 1, around centre: Float = 0
  ) -> GradientCheck.Input {
    var numbers = SeededNumbers(seed, name: name)
    return GradientCheck.Input(
      name: name, values: numbers.floats(shape.reduce(1, *), scale: scale, around: centre),
      shape: shape)
  }

  /// A feature on stacked images, with zeros between them.
  private func feature(
    _ name: String, _ channels: Int, on stack: ImageStack = stack, batch: Int = 2,
    readsGaps: Bool = false
  ) -> GradientCheck.Input {
    let inside = stack.membership
    return GradientCheck.Input(
      name: name, values: stack.randomValues(batch: batch, channels: channels, seed: 3),
      shape: [batch, stack.tokenCount, channels],
      isRead: (0..<(batch * stack.tokenCount * channels)).map {
        readsGaps || inside[$0 / channels % stack.tokenCount]
      })
  }

  /// Which elements of a feature belong to images.
  private func imageElements(_ stack: ImageStack, channels: Int, batch: Int = 2) -> [Bool] {
    let inside = stack.membership
    return (0..<(batch * stack.tokenCount * channels)).map {
      inside[$0 / channels % stack.tokenCount]
    }
  }

  /// A target from which every element of an input is at least 1.5 away, on either side.
  private static func farFrom(_ input: GradientCheck.Input) -> [Float] {
    input.values.map { $0 > 0 ? -1.5 : 1.5 }
  }

  @Test func linear() throws {
    try GradientCheck([
      input("x", [7, 5], seed: 1), input("weight", [6, 5], seed: 2), input("bias", [6], seed: 3),
      input("residual", [7, 6], seed: 4),
    ]) {
      try $1.linear(
        $0[0], $1.trainedLinear($0[1], bias: $0[2], elementType: .float32), adding: $0[3])
    }.run()
  }

  @Test func linearWithoutBiasOnLeadingAxes() throws {
    try GradientCheck([input("x", [2, 3, 33], seed: 1), input("weight", [17, 33], seed: 2)]) {
      try $1.linear($0[0], $1.trainedLinear($0[1], bias: nil, elementType: .float32))
    }.run()
  }

  @Test func convolution() throws {
    var check = try GradientCheck([
      feature("x", 3), input("weight", [5, 3, 3, 3], seed: 2), input("bias", [5], seed: 3),
      feature("residual", 5),
    ]) {
      let weight = try $1.trainedConvolution(
        $0[1], bias: $0[2], on: Self.stack, elementType: .float32)
      return try $1.convolution($0[0], weight, on: Self.stack, adding: $0[3], overwriting: true)
    }
    check.isMeaningful = imageElements(Self.stack, channels: 5)
    try check.run()
  }

  @Test func stridedConvolution() throws {
    var check = try GradientCheck([
      feature("x", 3), input("weight", [5, 3, 3, 3], seed: 2), input("bias", [5], seed: 3),
    ]) {
      let weight = try $1.trainedConvolution(
        $0[1], bias: $0[2], stride: 2, on: Self.stack, elementType: .float32)
      return try $1.stridedConvolution($0[0], weight, on: Self.stack)
    }
    check.isMeaningful = imageElements(Self.stack.halved, channels: 5)
    try check.run()
  }

  @Test(arguments: [[5, 6], [3, 5, 4]])
  func kernelConvolution(_ sides: [Int]) throws {
    for stride in [1, 2] {
      try GradientCheck([
        input("x", [2] + sides + [3], seed: 1),
        input("weight", [5, 3] + sides.map { _ in 4 }, seed: 2), input("bias", [5], seed: 3),
      ]) {
        try $1.convolution(
          $0[0],
          $1.trainedKernelConvolution(
            $0[1], bias: $0[2], stride: stride, padding: 2, elementType: .float32))
      }.run("stride \(stride)")
    }
  }

  @Test(arguments: [ComputeContext.GroupStatistics.perImage, .joint], [false, true])
  func groupNorm(_ statistics: ComputeContext.GroupStatistics, activated: Bool) throws {
    var check = try GradientCheck([
      feature("x", 20), input("weight", [20], seed: 2, scale: 0.5, around: 1),
      input("bias", [20], seed: 3), input("modulation", [2, 40], seed: 4, scale: 0.5),
    ]) {
      try $1.groupNorm(
        $0[0], NormalizationWeight(weight: $0[1], bias: $0[2]), groups: 4, on: Self.stack,
        statistics: statistics, modulation: $0[3], activated: activated)
    }
    try check.run()
    check = try GradientCheck([
      feature("x", 20), input("weight", [20], seed: 2, scale: 0.5, around: 1),
      input("bias", [20], seed: 3),
    ]) {
      try $1.groupNorm(
        $0[0], NormalizationWeight(weight: $0[1], bias: $0[2]), groups: 10, on: Self.stack,
        statistics: statistics, activated: activated)
    }
    try check.run("without modulation")
  }

  @Test(arguments: [3, 40])
  func layerNorm(_ channels: Int) throws {
    try GradientCheck([
      input("x", [70, channels], seed: 1), input("weight", [channels], seed: 2, around: 1),
      input("bias", [channels], seed: 3),
    ]) {
      try $1.layerNorm($0[0], NormalizationWeight(weight: $0[1], bias: $0[2]))
    }.run(step: 3e-3, tolerance: 0.02)
  }

  @Test func batchNorm() throws {
    try GradientCheck([
      input("x", [2, 3, 4, 5], seed: 1), input("weight", [5], seed: 2, around: 1),
      input("bias", [5], seed: 3),
    ]) {
      try $1.batchNorm($0[0], NormalizationWeight(weight: $0[1], bias: $0[2]))
    }.run()
  }

  @Test func gatedFeedForward() throws {
    try GradientCheck([
      input("x", [20, 6], seed: 1), input("scale", [6], seed: 2, scale: 0.3, around: 1),
      input("shift", [6], seed: 3, scale: 0.3), input("expand", [24, 6], seed: 4, scale: 0.5),
      input("expandBias", [24], seed: 5), input("contract", [6, 12], seed: 6, scale: 0.5),
      input("contractBias", [6], seed: 7),
    ]) {
      try $1.gatedFeedForward(
        $0[0], NormalizationWeight(weight: $0[1], bias: $0[2]),
        expand: $1.trainedLinear($0[3], bias: $0[4], elementType: .float32),
        contract: $1.trainedLinear($0[5], bias: $0[6], elementType: .float32))
    }.run(tolerance: 0.02)
  }

  @Test func elementwiseFunctions() throws {
    let x = input("x", [5, 34], seed: 1, scale: 3)
    try GradientCheck([x]) { try $1.gelu($0[0]) }.run("gelu")
    try GradientCheck([x]) { try $1.gatedGELU($0[0]) }.run("gated gelu")
    try GradientCheck([x]) { try $1.silu($0[0]) }.run("silu")
    try GradientCheck([x]) { try $1.tanh($0[0], scale: 0.5) }.run("tanh")
    try GradientCheck([x]) { try $1.leakyReLU($0[0], slope: 0.2) }.run(step: 1e-3, "leaky")
    try GradientCheck([x, input("y", [5, 34], seed: 2)]) { try $1.add($0[0], $0[1]) }.run("add")
    try GradientCheck([input("x", [2, 9, 20], seed: 1), input("row", [2, 20], seed: 2)]) {
      try $1.addRows($0[0], $0[1])
    }.run("addRows")
  }

  @Test func aTensorThatIsUsedTwiceGetsBothGradients() throws {
    try GradientCheck([input("x", [4, 18], seed: 1)]) {
      try $1.add($1.silu($0[0]), $1.add($0[0], $0[0]))
    }.run()
  }

  @Test func movement() throws {
    try GradientCheck([input("a", [2, 5, 3], seed: 1), input("b", [2, 5, 18], seed: 2)]) {
      try $1.concatenateChannels($0[0], $0[1])
    }.run("concatenation")
    try GradientCheck([input("x", [3, 5, 7], seed: 1)]) {
      // With everything else of no influence, differences elsewhere are zero.
      try $1.firstTokens($0[0])
    }.run("first tokens")
    try GradientCheck([input("x", [4, 6], seed: 1)]) { try $1.slice($0[0], 1..<3) }.run("slice")
    try GradientCheck([input("a", [2, 6], seed: 1), input("b", [2, 6], seed: 2)]) {
      try $1.stacked([$0[0], $0[1], $0[0]])
    }.run("stacking")
    try GradientCheck([input("x", [2, 3, 4, 5], seed: 1)]) {
      try $1.transpose($0[0], outer: 2, first: 3, second: 4, to: [2, 4, 3, 5])
    }.run("swapped axes")
    try GradientCheck([input("x", [4], seed: 1)]) {
      try $1.gather($0[0], [3, 0, 0, 1, 2, 3], shape: [2, 3])
    }.run("picking")
  }

  @Test func resampling() throws {
    for channels in [3, 20] {
      try GradientCheck([feature("x", channels)]) {
        try $1.averagePool($0[0], on: Self.stack)
      }.run("pooling")
      try GradientCheck([feature("x", channels)]) {
        try $1.upsample($0[0], on: Self.stack)
      }.run("upsampling")
      try GradientCheck([input("x", [2, 24, channels], seed: 1)]) {
        try $1.maximumPool($0[0], height: 4, width: 6)
      }.run(step: 1e-4, tolerance: 0.05, "maximum pooling")
    }
  }

  @Test func volumes() throws {
    let volume = TokenVolume(depth: 3, height: 4, width: 5)
    try GradientCheck([
      input("front", [20, 18], seed: 1), input("side", [15, 18], seed: 2),
      input("top", [12, 18], seed: 3),
    ]) {
      try $1.sumPlanes(front: $0[0], side: $0[1], top: $0[2], over: volume)
    }.run()
    for axis in [TokenVolume.Axis.depth, .height, .width] {
      for extra in [1, 3] {
        let positions = input("positions", [volume.extent(axis) + extra, 18], seed: 3)
        try GradientCheck([
          input("x", [60, 18], seed: 1), input("token", [18], seed: 2), positions,
        ]) {
          try $1.gatherSequences(
            $0[0], of: volume, along: axis, token: $0[1], positions: $0[2])
        }.run("\(axis)")
      }
    }
  }

  @Test func losses() throws {
    // A loss is one number in single precision, and an element's share of it is small: over a short step
    // the difference would drown in its rounding. These are of first or second degree as long as no
    // difference crosses zero, so that a long step is exact.
    let step: Float = 0.1
    for distance in Distance.allCases {
      let x = input("x", [6, 20], seed: 1)
      try GradientCheck([x]) {
        try $1.meanDistance($0[0], $1.tensor(Self.farFrom(x), shape: x.shape), distance)
      }.run(step: step, "\(distance)")
      let stacked = feature("x", 4)
      try GradientCheck([stacked]) {
        try $1.meanDistance(
          $0[0], $1.tensor(Self.farFrom(stacked), shape: stacked.shape), distance, on: Self.stack)
      }.run(step: step, "\(distance) on a stack")
    }
    // Neighbours whose changes differ from those of zeros by more than a step either way.
    let pixels = GradientCheck.Input(
      name: "x", values: (0..<72).map { Float($0 * 29 % 73) / 4 }, shape: [2, 3, 4, 3])
    try GradientCheck([pixels]) { x, context in
      try context.gradientDifference(
        x[0], context.tensor([Float](repeating: 0, count: 72), shape: [2, 3, 4, 3]))
    }.run(step: step, "gradient difference")
    let frames = GradientCheck.Input(name: "x", values: pixels.values, shape: [6, 2, 2, 3])
    try GradientCheck([frames]) { x, context in
      try context.temporalDifference(
        x[0], context.tensor([Float](repeating: 0, count: 72), shape: [6, 2, 2, 3]), lags: [1, 3])
    }.run(step: step, "temporal difference")
    // On both sides of the margin, and none so close to it that a step would cross.
    let logits = GradientCheck.Input(
      name: "x", values: (0..<18).map { Float($0 * 5 % 18) / 4 - 1.1 }, shape: [2, 3, 3, 1])
    try GradientCheck([logits]) { try $1.mean($0[0]) }.run("mean")
    for sign: Float in [-1, 1] {
      try GradientCheck([logits]) { try $1.meanHinge($0[0], sign: sign) }.run("hinge")
    }
    try GradientCheck([input("x", [2, 3, 32], seed: 1)]) { x, context in
      var numbers = SeededNumbers(4)
      let target = try context.tensor(numbers.floats(192), shape: [2, 3, 32])
      let weight = try context.tensor(numbers.floats(32, scale: 0.5, around: 1), shape: [32])
      return try context.featureDistance(x[0], target, weight: weight).mean
    }.run("features")
  }
}
