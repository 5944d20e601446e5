import BenchmarkKit
import MessagePassing
import RunKit
import TestSupport
import Testing

@Suite("Transfers between ranks, and what they let a training reach")
struct NetworkBenchmarkTests {
  @Test("all ranks measure the same")
  func measures() async throws {
    let found = try await amongRanks(2) { try await NetworkBenchmark.run($0, runs: 1) }
    #expect(found.map(\.fields)[0] == found.map(\.fields)[1])
    #expect(found[0].rankCount == 2)
    #expect(found[0].latency > 0 && found[0].exchangeRate > 0 && found[0].gatherRate > 0)
  }

  /// 400 million parameters, a second a batch, half a gigabyte a second.
  private func prediction(
    batchSeconds: Double = 1, rate: Double = 5e8, parameters: Int = 400_000_000
  ) -> ScalingPrediction {
    ScalingPrediction(
      name: "train.denoiser.f32", parameterCount: parameters, batchSeconds: batchSeconds,
      network: NetworkBenchmark(
        rankCount: 2, library: "", latency: 0, exchangeRate: rate, gatherRate: rate))
  }

  @Test("what leaves while the way back goes on costs nothing, and the rest its time")
  func shares() {
    // Of 1.6 GB each of two ranks sends 0.8, in 1.6 s, of which 2/3 s are hidden; weights take 1.6 s more.
    let exact = prediction().share(ranks: 2, gradients: .float32, accumulation: 1)
    #expect(abs(exact - 1 / (1 + (1.6 - 2.0 / 3) + 1.6)) < 1e-12)
    let short = prediction().share(ranks: 2, gradients: .bfloat16, accumulation: 1)
    #expect(abs(short - 1 / (1 + (0.8 - 2.0 / 3) + 1.6)) < 1e-12)
    let many = prediction().share(ranks: 2, gradients: .float32, accumulation: 4)
    #expect(abs(many - 4 / (4 + (1.6 - 2.0 / 3) + 1.6)) < 1e-12)
    #expect(
      prediction(batchSeconds: 1000).share(ranks: 512, gradients: .float32, accumulation: 1) > 0.99)
  }

  @Test("the advice is the least that brings nine tenths")
  func advice() {
    #expect(prediction(rate: 1e12).advice(ranks: 8).hasPrefix("one batch"))
    let exact = prediction().accumulation(ranks: 2, gradients: .float32)
    let short = prediction().accumulation(ranks: 2, gradients: .bfloat16)
    #expect(exact == 32 && short == 16)
    #expect(prediction().advice(ranks: 2).contains("accumulation=64"))
    #expect(prediction().advice(ranks: 2).contains("16 with gradient_type=bf16"))
    #expect(prediction(rate: 1e5).advice(ranks: 512).contains("too slow"))
  }
}
