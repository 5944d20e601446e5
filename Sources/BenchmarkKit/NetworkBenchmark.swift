import Foundation
import MessagePassing
import RunKit

/// What transfers between ranks cost, and what that lets a training reach on more of them.
public struct NetworkBenchmark: Sendable {
  /// Ranks that took part.
  public let rankCount: Int
  /// What carried the transfers.
  public let library: String
  /// Seconds in which all ranks tell all a number.
  public let latency: Double
  /// Bytes a second that leave each rank while all exchange parts of large buckets.
  public let exchangeRate: Double
  /// The same while all gather the whole of what each has.
  public let gatherRate: Double

  /// Bytes of what a rank has in memory of a bucket, as a training's are.
  private static let bucketBytes = 16 << 20
  /// Tells of a number that are timed together.
  private static let tells = 100

  /// Describes what was measured.
  public init(
    rankCount: Int, library: String, latency: Double, exchangeRate: Double, gatherRate: Double
  ) {
    self.rankCount = rankCount
    self.library = library
    self.latency = latency
    self.exchangeRate = exchangeRate
    self.gatherRate = gatherRate
  }

  /// Measures; all ranks do so together, and have the same result.
  ///
  /// - Parameter runs: Transfers of each kind that are timed, after one that is not.
  /// - Throws: `CommunicationError`.
  public static func run(_ ranks: any Communicator, runs: Int) async throws -> NetworkBenchmark {
    let count = ranks.size
    // What goes to oneself does not leave.
    let leaving = Double(count - 1) / Double(count)
    let part = (bucketBytes + count - 1) / count
    let (own, all) = (
      RankMemory(byteCount: part * count), RankMemory(byteCount: part * count)
    )
    let piece = RankMemory(byteCount: part)
    let exchange = try await seconds(ranks, runs) {
      try await ranks.exchange(UnsafeRawBufferPointer(own.bytes), into: all.bytes).finished()
    }
    let gather = try await seconds(ranks, runs) {
      try await ranks.gather(UnsafeRawBufferPointer(piece.bytes), into: all.bytes).finished()
    }
    let (number, numbers) = (RankMemory(byteCount: 8), RankMemory(byteCount: 8 * count))
    let tells = try await seconds(ranks, runs) {
      for _ in 0..<Self.tells {
        try await ranks.gather(UnsafeRawBufferPointer(number.bytes), into: numbers.bytes)
          .finished()
      }
    }
    let bytes = Double(part * count) * leaving
    return NetworkBenchmark(
      rankCount: count, library: ranks.library, latency: tells / Double(Self.tells),
      exchangeRate: bytes / exchange, gatherRate: bytes / gather)
  }

  /// The median over runs of what the slowest rank took.
  private static func seconds(
    _ ranks: any Communicator, _ runs: Int, _ body: () async throws -> Void
  ) async throws -> Double {
    var samples: [Double] = []
    for run in 0...runs {
      try await ranks.meet()
      let start = ContinuousClock.now
      try await body()
      let own = (ContinuousClock.now - start) / .seconds(1)
      let slowest = try await ranks.gathered(own).max() ?? own
      if run > 0 { samples.append(slowest) }
    }
    return samples.median
  }

  /// All of it as one flat object: `network.ranks`, `.latency.seconds`, `.exchange.gbps` and `.gather.gbps`, in
  /// 10^9 bytes.
  public var fields: [String: JSONValue] {
    [
      "network.ranks": .integer(rankCount), "network.library": .string(library),
      "network.latency.seconds": .number(latency),
      "network.exchange.gbps": .number(exchangeRate / 1e9),
      "network.gather.gbps": .number(gatherRate / 1e9),
    ]
  }
}

/// What share of its time a training on several ranks computes, where each has as much to do as one alone:
/// its weak scaling, from what a step and transfers take.
public struct ScalingPrediction: Sendable {
  /// The training's name, such as `train.denoiser.published.f32`.
  public let name: String
  /// Numbers that are trained.
  public let parameterCount: Int
  /// Seconds of one batch on one rank.
  public let batchSeconds: Double
  /// What transfers cost.
  public let network: NetworkBenchmark

  /// Of a pass with gradients, the way back takes two thirds; buckets leave meanwhile.
  private static let wayBack = 2.0 / 3
  /// Transfers of a step that carry few bytes: of losses, flags and counts.
  private static let smallTransfers = 7.0
  /// The share that is worth aiming at.
  public static let goodShare = 0.9
  private static let accumulations = [1, 2, 4, 8, 16, 32, 64, 128, 256]

  /// Describes a training.
  public init(
    name: String, parameterCount: Int, batchSeconds: Double, network: NetworkBenchmark
  ) {
    self.name = name
    self.parameterCount = parameterCount
    self.batchSeconds = batchSeconds
    self.network = network
  }

  /// The share of the time that is computed in, 0 to 1.
  ///
  /// - Parameters:
  ///   - ranks: How many there are.
  ///   - gradients: The precision in which gradients are sent.
  ///   - accumulation: Batches that a rank takes in a step.
  public func share(ranks: Int, gradients: GradientPrecision, accumulation: Int) -> Double {
    let leaving = Double(parameterCount) * Double(ranks - 1) / Double(ranks)
    let exchange = leaving * Double(gradients.elementType.byteCount) / network.exchangeRate
    let gather = leaving * 4 / network.gatherRate
    let computed = Double(accumulation) * batchSeconds
    let exposed = max(0, exchange - Self.wayBack * batchSeconds)
    return computed / (computed + exposed + gather + Self.smallTransfers * network.latency)
  }

  /// The fewest batches that a rank takes in a step with a good share; `nil` where none would do.
  public func accumulation(ranks: Int, gradients: GradientPrecision) -> Int? {
    Self.accumulations.first {
      share(ranks: ranks, gradients: gradients, accumulation: $0) >= Self.goodShare
    }
  }

  /// What to set for so many ranks: a sentence without a full stop.
  public func advice(ranks: Int) -> String {
    let exact = accumulation(ranks: ranks, gradients: .float32)
    let short = accumulation(ranks: ranks, gradients: .bfloat16)
    let goal = "\(Int(Self.goodShare * 100)) %"
    switch (exact, short) {
    case (1?, _): return "one batch a rank computes \(goal) of the time or more"
    case (_, 1?): return "gradient_type=bf16 brings one batch a rank to \(goal)"
    case (let exact?, let short?):
      return exact == short
        ? "\(exact) batches a rank are needed for \(goal) (accumulation=\(exact * ranks))"
        : "\(exact) batches a rank are needed for \(goal) (accumulation=\(exact * ranks)), \(short) with "
          + "gradient_type=bf16"
    case (nil, let short?):
      return "\(short) batches a rank and gradient_type=bf16 are needed for \(goal) "
        + "(accumulation=\(short * ranks))"
    case (_, nil): return "this network is too slow for \(goal): larger batches, or fewer ranks"
    }
  }
}
