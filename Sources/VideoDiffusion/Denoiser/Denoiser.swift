import NeuralLayers
import TensorCore

/// The UNet that predicts the noise in a clip's planes (PVDM, section 3.2): 2D blocks shared by the
/// three planes, and after each block one attention over all of them.
public struct Denoiser: Sendable {
  /// What was loaded.
  public let configuration: DenoiserConfiguration
  /// What the network is given where there is no condition: the buffer `zeros` of the authors' files,
  /// if it holds anything else than zeros; see ``Latent/planeCodes(_:)``.
  public let noCondition: Latent?

  private let timeEmbedding: TimeEmbedding
  private let firstConvolution: Convolution  // input_blocks.0.0
  private let inputs: [Block]
  private let middle: (ResidualBlock, TokenAttention, ResidualBlock)
  private let middleCrossAttention: TokenAttention  // mid_attn
  private let outputs: [Block]
  private let outputNorm: GroupNorm  // out.0
  private let outputConvolution: Convolution  // out.2
  private let pass = RepeatedWork()

  /// Takes the network's parameters; the scope's root has the names that the authors' files have
  /// after `diffusion_model.`.
  ///
  /// - Throws: ``ParameterError`` for a missing or misshapen weight, and what the source throws.
  public init(_ scope: ParameterScope, _ configuration: DenoiserConfiguration) throws {
    self.configuration = configuration
    noCondition = try Self.noCondition(scope, configuration)
    let plan = DenoiserPlan(configuration)
    timeEmbedding = try TimeEmbedding(scope["time_embed"], configuration)
    firstConvolution = try Convolution(
      scope["input_blocks"][0][0], configuration.inputChannels, plan.firstWidth,
      on: configuration.geometry.stack)
    inputs = try plan.inputs.map { stage in
      try Block(
        scope["input_blocks"][stage.index], crossAttention: scope["input_attns"][stage.index],
        stage, configuration)
    }
    let middleWidth = plan.middleWidth
    let stack = plan.middleStack
    let names = scope["middle_block"]
    middle = (
      try ResidualBlock(names[0], middleWidth, middleWidth, on: stack, configuration),
      try TokenAttention(names[1], middleWidth, reach: .plane, on: stack, configuration),
      try ResidualBlock(names[2], middleWidth, middleWidth, on: stack, configuration)
    )
    middleCrossAttention = try TokenAttention(
      scope["mid_attn"], middleWidth, reach: .crossPlane, on: stack, configuration)
    outputs = try plan.outputs.map { stage in
      try Block(
        scope["output_blocks"][stage.index], crossAttention: scope["output_attns"][stage.index],
        stage, configuration)
    }
    outputNorm = try GroupNorm(scope["out"][0], plan.firstWidth, statistics: .perImage)
    outputConvolution = try Convolution(
      scope["out"][2], plan.firstWidth, PlaneGeometry.channels, on: configuration.geometry.stack)
  }

  private static func noCondition(
    _ scope: ParameterScope, _ configuration: DenoiserConfiguration
  ) throws -> Latent? {
    // Some files leave it out, since the network of its shape can be told without.
    guard configuration.isConditional, scope.contains("zeros") else { return nil }
    let tokens = configuration.geometry.tokenCount
    let values = try scope.values("zeros", shape: [1, PlaneGeometry.channels, tokens])
    return values.allSatisfy { $0 == 0 } ? nil : Latent(values: values, tokenCount: tokens)
  }

  /// Predicts the noise.
  ///
  /// - Parameters:
  ///   - latents: Noisy latents.
  ///   - conditions: For each the previous clip's latent, or `nil` for none.
  ///   - step: The time step of all of them, in 0 ..< 1000.
  /// - Returns: The noise in each latent.
  public func callAsFunction(
    _ latents: [Latent], conditions: [Latent?], step: Float, _ context: ComputeContext
  ) throws -> [Latent] {
    precondition(latents.count == conditions.count)
    return try callAsFunction(
      latents, conditions: conditions, steps: Array(repeating: step, count: latents.count), context)
  }

  /// Predicts the noise in latents that may be at different time steps; otherwise like
  /// ``callAsFunction(_:conditions:step:_:)``.
  public func callAsFunction(
    _ latents: [Latent], conditions: [Latent?], steps: [Float], _ context: ComputeContext
  ) throws -> [Latent] {
    let geometry = configuration.geometry
    return try context.inPieces(Self.prediction, of: latents.count) { size in
      try stride(from: 0, to: latents.count, by: size).flatMap { start in
        let range = start..<min(start + size, latents.count)
        let x = try context.planeTokens(
          Array(latents[range]),
          conditions: configuration.isConditional ? Array(conditions[range]) : nil,
          noCondition: noCondition, geometry, elementType: firstConvolution.elementType)
        let predicted = try context.latents(
          fromPlaneTokens: predictedTokens(x, steps: Array(steps[range]), context), geometry)
        return zip(predicted, range).map { predicted, index in
          configuration.prediction.noise(predicted, in: latents[index], at: Int(steps[index]))
        }
      }
    }
  }

  private static let prediction = DividedWork("the denoiser", thing: "latent")

  /// Predicts what the network was trained to (``DenoiserConfiguration/prediction``) in tokens of the stacked
  /// planes, with everything staying on the device: what is trained.
  ///
  /// - Parameters:
  ///   - x: `[batch, stack.tokenCount, inputChannels]` in the network's precision, with zeros between
  ///     the planes.
  ///   - steps: The time step of each sample.
  /// - Returns: `[batch, stack.tokenCount, 4]` float32; between the planes the numbers have no meaning.
  func predictedTokens(_ x: Tensor, steps: [Float], _ context: ComputeContext) throws -> Tensor {
    let sinusoids = try context.inLayer("time_embed") {
      try timeEmbedding.sinusoids(steps, context)
    }
    return try context.repeating(pass, [x, sinusoids]) {
      [try predictedTokens($0[0], sinusoids: $0[1], context)]
    }[0]
  }

  private func predictedTokens(
    _ x: Tensor, sinusoids: Tensor, _ context: ComputeContext
  ) throws -> Tensor {
    let stack = configuration.geometry.stack
    let step = try context.inLayer("time_embed") { try timeEmbedding(sinusoids, context) }
    var h = try context.inLayer("input_blocks.0") {
      try firstConvolution(x, on: stack, context)
    }
    var skips = [h]
    for (index, block) in inputs.enumerated() {
      h = try context.inLayer("input_blocks.\(index + 1)") {
        try context.checkpointed { [h] in try block(h, step, context) }
      }
      skips.append(h)
    }
    let middleStack = inputs.last?.outputStack ?? stack
    h = try context.inLayer("middle_block") {
      try context.checkpointed { [h] in
        var h = h
        h = try middle.0(h, step, on: middleStack, context)
        h = try middle.1(h, on: middleStack, context)
        h = try middle.2(h, step, on: middleStack, context)
        return try middleCrossAttention(h, on: middleStack, context)
      }
    }
    for (index, block) in outputs.enumerated() {
      h = try context.inLayer("output_blocks.\(index)") {
        let skip = block.takesSkip ? skips.popLast() : nil
        return try context.checkpointed { [h] in
          let joined = try skip.map { try context.concatenateChannels(h, $0) } ?? h
          return try block(joined, step, context)
        }
      }
    }
    return try context.inLayer("out") {
      let last = try outputNorm(h, on: stack, activated: true, context)
      return try outputConvolution(last, on: stack, outputType: .float32, context)
    }
  }

  /// Precision of the network's input.
  var elementType: ElementType { firstConvolution.elementType }
}
