import BenchmarkKit
import Foundation
import RunKit

extension BenchTables {
  /// Worlds for which a training's scaling is predicted.
  private static let worlds = [2, 4, 8, 64, 512]

  /// Transfers between ranks, and what they let trainings reach.
  static func text(
    _ network: NetworkBenchmark, _ predictions: [ScalingPrediction]
  ) -> ConsoleText {
    let transfers = TextTable(
      header: ["transfers", "measured"],
      rows: [
        ["ranks", "\(network.rankCount), by \(network.library)"],
        ["a number from all to all", String(format: "%.1f us", network.latency * 1e6)],
        ["exchange of gradients", gigabytes(network.exchangeRate)],
        ["gathering of weights", gigabytes(network.gatherRate)],
      ], rightAligned: []
    ).text
    let tables = predictions.map { prediction in
      let title = String(
        format: "%@: %.3f s a batch, %.1f million parameters", prediction.name,
        prediction.batchSeconds, Double(prediction.parameterCount) / 1e6)
      let table = TextTable(
        header: ["ranks", "f32", "bf16", "f32, 4 batches", "bf16, 4 batches", "advice"],
        rows: worlds.map { ranks in
          [String(ranks)]
            + [1, 4].flatMap { accumulation in
              GradientPrecision.allCases.map {
                percent(
                  prediction.share(ranks: ranks, gradients: $0, accumulation: accumulation))
              }
            } + [prediction.advice(ranks: ranks)]
        }, rightAligned: Set(0...4)
      ).text
      return "\(title)\n\n\(table)" as ConsoleText
    }
    return ([transfers] + tables).joined(separator: "\n\n")
  }

  /// The shares that are predicted, under flat names.
  static func fields(_ prediction: ScalingPrediction) -> [String: JSONValue] {
    var fields = ["\(prediction.name).seconds": JSONValue.number(prediction.batchSeconds)]
    for ranks in worlds {
      for gradients in GradientPrecision.allCases {
        fields["\(prediction.name).ranks\(ranks).\(gradients.rawValue).share"] = .number(
          prediction.share(ranks: ranks, gradients: gradients, accumulation: 1))
      }
    }
    return fields
  }

  private static func gigabytes(_ rate: Double) -> String {
    String(format: "%.2f GB/s from each rank", rate / 1e9)
  }

  private static func percent(_ share: Double) -> String {
    String(format: "%.0f %%", share * 100)
  }
}
