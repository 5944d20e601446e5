import CheckpointIO
import MessagePassing
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Ranks that train together have the bits of one process that takes the gradients of each rank's clips and
/// adds them up in the order of ranks.
@Suite("Training by several ranks", .timeLimit(.minutes(10)))
struct RankedTrainingTests {
  /// Batches of a step in each rank, and clips of a batch.
  private static let batches = 2
  private static let clips = 2
  private static let steps = 4

  // MARK: What both have

  private static let autoencoder = AutoencoderConfiguration(
    resolution: 16, patchSide: 4, width: 16, layers: 1)

  /// The clips of a step, each rank's in order.
  private static func clips(_ step: Int, rank: Int) -> [[AutoencoderExample]] {
    (0..<batches).map { batch in
      (0..<clips).map { clip in
        var numbers = SeededNumbers(UInt64(step), UInt64(rank), UInt64(batch), UInt64(clip))
        return AutoencoderExample(
          clip: PixelClip(frames: 16, side: 16, values: numbers.floats(16 * 16 * 16 * 3)),
          frame: numbers.whole(below: 16))
      }
    }
  }

  private static func pairs(_ step: Int, rank: Int) -> [[DenoiserExample]] {
    let geometry = GoldenNetwork.small.configuration.geometry
    return (0..<batches).map { batch in
      // Ranks differ in whether there is a condition, so that not all give all gradients.
      let isConditional = (rank + batch + step) % 2 == 0
      return (0..<clips).map { clip in
        var generator = TorchGenerator(seed: UInt64(1000 * step + 100 * rank + 10 * batch + clip))
        func latent() -> Latent {
          var latent = Latent(zerosFor: geometry)
          latent.values = generator.normals(count: latent.values.count)
          return latent
        }
        let clean = latent()
        let condition = isConditional ? latent() : nil
        return DenoiserExample(clean: clean, condition: condition, generator: &generator)
      }
    }
  }

  private static func denoiserPlan(checkpointing: Bool = false) -> DenoiserTrainer.Plan {
    var plan = DenoiserTrainer.Plan(
      GoldenNetwork.small.configuration, beginning: .random(seed: 1))
    plan.optimizer.maximumGradientNorm = 0.05
    plan.optimizer.averageDecay = 0.9
    plan.isCheckpointing = checkpointing
    plan.threadCount = 1
    return plan
  }

  private static func autoencoderPlan(checkpointing: Bool = false) -> AutoencoderTrainer.Plan {
    var plan = AutoencoderTrainer.Plan(autoencoder, beginning: .random(seed: 1))
    plan.weights.gradientDifference = 1
    plan.discriminatorSeed = 2
    plan.isCheckpointing = checkpointing
    plan.threadCount = 1
    return plan
  }

  // MARK: One alone

  /// Adds up gradients as ranks do.
  private struct RankSums {
    let parameters: ParameterSet
    let context: ComputeContext
    private var sums: [[Float]?]

    init(_ parameters: ParameterSet, _ context: ComputeContext) {
      self.parameters = parameters
      self.context = context
      sums = parameters.parameters.map { _ in nil }
    }

    /// Takes what has gathered as the next rank's.
    mutating func take() throws {
      for (index, parameter) in parameters.parameters.enumerated() {
        guard let gradient = try parameter.gradient.map({ try context.read($0) }) else { continue }
        sums[index] = sums[index].map { zip($0, gradient).map { $0 + $1 } } ?? gradient
      }
      parameters.clearGradients()
    }

    func put() throws {
      for (parameter, sum) in zip(parameters.parameters, sums) {
        if let sum { parameter.setGradient(try context.tensor(sum, shape: [sum.count])) }
      }
    }
  }

  /// The names and numbers of a group in a state's file.
  private static func group(
    _ name: String, _ parameters: ParameterSet, _ optimizer: Optimizer, _ context: ComputeContext
  ) throws -> [String: [Float]] {
    var result: [String: [Float]] = [:]
    for parameter in parameters.parameters {
      result["\(name).parameters.\(parameter.name)"] = try context.read(parameter.tensor)
    }
    for entry in optimizer.state { result["\(name).\(entry.name)"] = try entry.values() }
    return result
  }

  /// - Parameter norms: The gradients' norms as ranks have them: squares are added by their shares, in
  ///   float32 within each, so that the last digits differ.
  private func denoiserAlone(_ count: Int, norms: [Double]) throws -> [String: [Float]] {
    let plan = Self.denoiserPlan()
    let context = ComputeContext(try Device.open(threadCount: 1))
    let step = try DenoiserTrainingStep(
      InitialParameters(plan.configuration, seed: 1), plan.configuration, context)
    let optimizer = try Optimizer(step.parameters, plan.optimizer, context)
    for number in 1...Self.steps {
      var sums = RankSums(step.parameters, context)
      for rank in 0..<count {
        for batch in Self.pairs(number, rank: rank) {
          _ = try step.accumulate(batch, weight: 1 / Float(count * Self.batches))
        }
        try sums.take()
      }
      try sums.put()
      let norm = try context.read(numbers: [optimizer.gradientNorm()])[0]
      #expect(abs(norm - norms[number - 1]) < 1e-6 * norm)
      try optimizer.step(inRun: number, norm: norms[number - 1])
    }
    return try Self.group("network", step.parameters, optimizer, context)
  }

  /// - Parameter norms: As above, of the networks that learn in each step.
  private func autoencoderAlone(
    _ count: Int, norms: [[Double]]
  ) throws -> [String: [Float]] {
    let plan = Self.autoencoderPlan()
    let context = ComputeContext(try Device.open(threadCount: 1))
    let pair = try DiscriminatorPair(
      frameSource: InitialParameters(discriminator: .frame, seed: 2),
      clipSource: InitialParameters(discriminator: .clip, seed: 2), context)
    let step = try AutoencoderTrainingStep(
      InitialParameters(plan.configuration, seed: 1), plan.configuration, weights: plan.weights,
      discriminators: pair, context)
    let groups = [
      ("network", step.parameters, plan.optimizer),
      ("frame_discriminator", pair.frameParameters, .discriminator),
      ("clip_discriminator", pair.clipParameters, .discriminator),
    ].map { ($0.0, $0.1, $0.2) }
    let optimizers = try groups.map { try Optimizer($0.1, $0.2, context) }
    for number in 1...Self.steps {
      let isDiscriminators = number.isMultiple(of: 2)
      let learning = isDiscriminators ? [1, 2] : [0]
      var sums = learning.map { RankSums(groups[$0].1, context) }
      for rank in 0..<count {
        for batch in Self.clips(number, rank: rank) {
          let weight = 1 / Float(count * Self.batches)
          if isDiscriminators {
            _ = try step.accumulateDiscriminators(batch, weight: weight)
          } else {
            _ = try step.accumulate(batch, weight: weight)
          }
        }
        for index in sums.indices { try sums[index].take() }
      }
      for (place, index) in learning.enumerated() {
        try sums[place].put()
        let norm = try context.read(numbers: [optimizers[index].gradientNorm()])[0]
        #expect(abs(norm - norms[number - 1][place]) < 1e-6 * norm)
        try optimizers[index].step(inRun: number, norm: norms[number - 1][place])
      }
    }
    return try zip(groups, optimizers).reduce(into: [:]) { result, entry in
      let (name, parameters, _) = entry.0
      result.merge(try Self.group(name, parameters, entry.1, context)) { first, _ in first }
    }
  }

  // MARK: Together

  /// What a state's file holds of parameters and optimisers.
  private static func stored(_ path: String) throws -> [String: [Float]] {
    let checkpoint = try Checkpoint(contentsOf: path)
    var result: [String: [Float]] = [:]
    for entry in checkpoint.tensors where !entry.name.contains(".buffers.") {
      guard entry.name != "pvdm.sha256" else { continue }
      result[entry.name] = try checkpoint.float32Values(entry)
    }
    return result
  }

  @Test("the denoiser's has the bits of one alone", arguments: [1, 2, 4], [false, true])
  func denoiser(count: Int, checkpointing: Bool) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("state.safetensors")
    let network = folder.path("network.safetensors")
    let results = try await amongRanks(count) { ranks in
      var plan = Self.denoiserPlan(checkpointing: checkpointing)
      plan.sharing = GradientSharing(ranks, bucketCount: 10_000)
      let trainer = try await DenoiserTrainer.open(plan)
      var results: [TrainingStepResult] = []
      for number in 1...Self.steps {
        results.append(try await trainer.step(number, Self.pairs(number, rank: ranks.rank)))
      }
      try await trainer.writeState(to: ranks.rank == 0 ? path : nil)
      try await trainer.writeNetwork(to: ranks.rank == 0 ? network : nil)
      return results
    }
    #expect(results.allSatisfy { $0 == results[0] }, "all ranks know the same of a step")
    #expect(results[0].contains { $0.gradientNorm > 0.05 }, "gradients are to be clipped")
    let expected = try denoiserAlone(count, norms: results[0].map(\.gradientNorm))
    let found = try Self.stored(path)
    #expect(found.count == expected.count)
    for (name, values) in expected { #expect(found[name] == values, "\(name)") }
    let averages = try Self.stored(network)
    for (name, values) in expected where name.hasPrefix("network.average.") {
      let own = averages.first { $0.key.hasSuffix(name.dropFirst("network.average.".count)) }
      #expect(own?.value == values, "\(name)")
    }
  }

  @Test(
    "the autoencoder's has them against discriminators too", arguments: [1, 2, 4], [false, true])
  func autoencoder(count: Int, checkpointing: Bool) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("state.safetensors")
    let results = try await amongRanks(count) { ranks in
      var plan = Self.autoencoderPlan(checkpointing: checkpointing)
      plan.sharing = GradientSharing(ranks, bucketCount: 2_000)
      let trainer = try await AutoencoderTrainer.open(plan)
      var results: [TrainingStepResult] = []
      for number in 1...Self.steps {
        results.append(try await trainer.step(number, Self.clips(number, rank: ranks.rank)))
      }
      try await trainer.writeState(to: ranks.rank == 0 ? path : nil)
      return results
    }
    #expect(results.allSatisfy { $0 == results[0] }, "all ranks know the same of a step")
    let expected = try autoencoderAlone(count, norms: results[0].map(\.gradientNorms))
    let found = try Self.stored(path)
    #expect(found.count == expected.count)
    for (name, values) in expected { #expect(found[name] == values, "\(name)") }
  }

  @Test("gradients leave while others are still computed", arguments: [false, true])
  func overlaps(checkpointing: Bool) throws {
    let plan = Self.denoiserPlan()
    let context = ComputeContext(try Device.open(threadCount: 1))
    let step = try DenoiserTrainingStep(
      InitialParameters(plan.configuration, seed: 1), plan.configuration,
      checkpointing: checkpointing, context)
    let counting = CountingRank()
    let optimizer = try Optimizer(
      step.parameters, plan.optimizer, sharing: GradientSharing(counting, bucketCount: 10_000),
      context)
    var counts: [Int] = []
    // Only the last batch of a step lets gradients leave.
    let batches = Self.pairs(1, rank: 0)
    _ = try step.accumulate(batches[0])
    _ = try step.accumulate(batches[1]) {
      _ = try optimizer.sendGradients()
      counts.append(counting.exchanges)
    }
    #expect(try optimizer.sendGradients(), "nothing is awaited after the way back")
    let all = counting.exchanges
    #expect(all > 5)
    #expect(counts.first == 0 && counts.contains { $0 > 0 && $0 < all / 2 }, "\(counts)")
    try optimizer.addGradients()
    #expect(counting.exchanges == all, "nothing is sent twice")
  }

  @Test("ranks go on from the state of others, whatever their number")
  func otherWorld() async throws {
    let folder = try TemporaryFolder()
    // Two batches of each of two ranks are four of one: the same clips, with other sums.
    @Sendable func run(
      _ count: Int, _ steps: ClosedRange<Int>, from beginning: String?, to path: String
    ) async throws -> Double {
      let losses = try await amongRanks(count) { ranks in
        var plan = Self.denoiserPlan()
        if let beginning { plan.beginning = .state(try Checkpoint(contentsOf: beginning)) }
        plan.sharing = GradientSharing(ranks)
        let trainer = try await DenoiserTrainer.open(plan)
        var loss = 0.0
        for number in steps {
          let all = (0..<2).flatMap { Self.pairs(number, rank: $0) }
          let each = all.count / count
          let own = Array(all[(ranks.rank * each)..<((ranks.rank + 1) * each)])
          loss = try await trainer.step(number, own).losses[0].value
        }
        try await trainer.writeState(to: ranks.rank == 0 ? path : nil)
        return loss
      }
      return losses[0]
    }
    let first = folder.path("first.safetensors")
    _ = try await run(2, 1...2, from: nil, to: first)
    let two = try await run(2, 3...3, from: first, to: folder.path("two.safetensors"))
    let four = try await run(4, 3...3, from: first, to: folder.path("four.safetensors"))
    let one = try await run(1, 3...3, from: first, to: folder.path("one.safetensors"))
    // Losses come before the sums of the step.
    #expect(two == one && four == one)
    let whole = try await run(2, 1...3, from: nil, to: folder.path("whole.safetensors"))
    #expect(whole == two)
    #expect(
      try Self.stored(folder.path("whole.safetensors"))
        == Self.stored(folder.path("two.safetensors")))
  }
}

/// A rank alone that counts what it sends.
private final class CountingRank: Communicator, @unchecked Sendable {
  private let ranks = LocalWorld.ranks(1)[0]
  private(set) var exchanges = 0
  var rank: Int { 0 }
  var size: Int { 1 }
  var library: String { ranks.library }

  func exchange(
    _ sent: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer
  ) -> Transfer {
    exchanges += 1
    return ranks.exchange(sent, into: received)
  }

  func gather(
    _ sent: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer
  ) -> Transfer { ranks.gather(sent, into: received) }

  func abort(status: Int32) { ranks.abort(status: status) }
  func leave() async throws { try await ranks.leave() }
}
