import BenchmarkKit
import Foundation

/// A benchmark as tables for people.
enum BenchTables {
  /// The machine, what was measured, and the profiles.
  static func text(_ report: BenchmarkReport) -> ConsoleText {
    ([machine(report), measurements(report), previews(report)] + report.profiles.map(profile) + [
      notes(report.notes)
    ])
    .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  /// A long video's beginning against its end.
  static func text(_ result: LongVideoBenchmark) -> ConsoleText {
    let table = TextTable(
      header: ["of \(result.clipCount) clips", "a step", "memory"],
      rows: [
        ["the first tenth", seconds(result.firstStepSeconds), megabytes(result.firstByteCount)],
        ["the last tenth", seconds(result.lastStepSeconds), megabytes(result.lastByteCount)],
        ["growth", percent(result.timeGrowth), megabytes(result.byteGrowth)],
      ], rightAligned: [1, 2])
    return "\(table.text)\nin \(seconds(result.seconds)), \(result.stepCount) steps a clip"
  }

  /// How far work divides among threads.
  static func text(_ result: ScalingBenchmark) -> ConsoleText {
    let header = [
      "task", "size", "type", "threads", "as divided", "gain", "measured", "one thread alone",
      "regions", "pieces each", "weights GB/s",
    ]
    let rows = result.rows.map { row in
      let simulation = row.simulation
      return [
        row.task.rawValue, row.size.rawValue, row.precision.rawValue, String(row.threadCount),
        seconds(simulation.seconds), result.gain(of: row).map(times) ?? "",
        row.measuredSeconds.map(seconds) ?? "",
        percent(simulation.aloneSeconds / simulation.seconds), String(simulation.regionCount),
        fixed(Double(simulation.pieceCount) / Double(max(simulation.regionCount, 1)), 0),
        fixed(row.weightBandwidth, 1),
      ]
    }
    return TextTable(header: header, rows: rows, rightAligned: Set(3...10)).text
  }

  /// The time to load a checkpoint against the time to read it.
  static func text(_ result: LoadBenchmark) -> ConsoleText {
    TextTable(
      header: [megabytes(result.byteCount), "time", "beyond reading"],
      rows: [["read from the page cache", seconds(result.readSeconds), ""]]
        + result.loads.map {
          [
            "load in \($0.precision.rawValue)", seconds($0.seconds),
            seconds($0.seconds - result.readSeconds),
          ]
        }, rightAligned: [1, 2]
    ).text
  }

  private static func megabytes(_ count: Int) -> String { "\(fixed(Double(count) / 1e6, 1)) MB" }

  private static func machine(_ report: BenchmarkReport) -> ConsoleText {
    let facts = report.facts.sorted { $0.key < $1.key }.map { key, value in
      switch value {
      case .string(let text): [key, text]
      case .integer(let number) where key.hasSuffix("bytes"):
        [key, "\(fixed(Double(number) / 1e9, 2)) GB"]
      default: [key, value.number.map { fixed($0, 0) } ?? ""]
      }
    }
    return TextTable(rows: facts, rightAligned: []).text
  }

  private static func measurements(_ report: BenchmarkReport) -> ConsoleText {
    let header = [
      "task", "size", "type", "batch", "threads", "beside", "median", "spread", "GFLOP/s",
      "of peak",
      "slower",
    ]
    let rows = report.measurements.map { measurement in
      [
        measurement.task.rawValue, measurement.size.rawValue, measurement.precision.rawValue,
        String(measurement.batch), measurement.threadCount.map(String.init) ?? "all",
        String(measurement.neighbourCount), seconds(measurement.median),
        measurement.samples.count > 1 ? percent(measurement.spread) : "",
        measurement.rate.map { fixed($0, 0) } ?? "",
        measurement.shareOfPeak.map(percent) ?? "",
        report.slowdown(of: measurement).map(times) ?? "",
      ]
    }
    return TextTable(header: header, rows: rows, rightAligned: Set(3...10)).text
  }

  /// What a preview takes of a step.
  private static func previews(_ report: BenchmarkReport) -> ConsoleText {
    let rows = report.previewShares.filter { $0.linear != nil || $0.decoded != nil }.map {
      [
        $0.step.size.rawValue, $0.step.precision.rawValue,
        $0.step.threadCount.map(String.init) ?? "all", $0.linear.map(percent) ?? "",
        $0.decoded.map(percent) ?? "",
      ]
    }
    guard !rows.isEmpty else { return "" }
    let header = ["a preview of a step", "type", "threads", "linear", "decoded"]
    return TextTable(header: header, rows: rows, rightAligned: Set(2...4)).text
  }

  /// Training steps.
  static func text(_ report: TrainingBenchmark.Report) -> ConsoleText {
    let header = [
      "training step", "size", "type", "batch", "checkpointing", "beside", "median", "GFLOP/s",
      "of peak", "slower", "memory", "beside parameters",
    ]
    let rows = report.measurements.map { measurement in
      [
        measurement.network.rawValue, measurement.size.rawValue, measurement.precision.rawValue,
        String(measurement.batch), measurement.isCheckpointing ? "yes" : "no",
        String(measurement.neighbourCount), seconds(measurement.median),
        fixed(measurement.rate, 0), measurement.shareOfPeak.map(percent) ?? "",
        report.slowdown(of: measurement).map(times) ?? "",
        "\(fixed(Double(measurement.peakBytes) / 1e9, 2)) GB",
        "\(fixed(Double(measurement.bytesBesideParameters) / 1e9, 2)) GB",
      ]
    }
    let table = TextTable(header: header, rows: rows, rightAligned: [3, 5, 6, 7, 8, 9, 10, 11]).text
    return ([table] + report.profiles.map(profile) + [notes(report.notes)])
      .filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private static func profile(_ profile: ProfileSummary) -> ConsoleText {
    func table(_ title: String, _ rows: [ProfileSummary.Row]) -> ConsoleText {
      TextTable(
        header: [title, "calls", "time", "share", "GFLOP/s"],
        rows: rows.map { row in
          [
            row.name, String(row.calls), seconds(row.seconds),
            percent(row.seconds / profile.seconds),
            row.operations > 0 ? fixed(row.rate, 0) : "",
          ]
        }, rightAligned: Set(1...4)
      ).text
    }
    return """
      Profile of \(profile.name), \(seconds(profile.seconds))

      \(table("operation", profile.kinds))

      \(table("layer", profile.layers))

      \(table("longest shapes", profile.shapes))
      """
  }

  private static func notes(_ notes: [String]) -> ConsoleText {
    notes.map { ConsoleText($0) }.joined(separator: "\n")
  }

  private static func seconds(_ value: Double) -> String {
    if value >= 1 { return "\(fixed(value, 3)) s" }
    if value >= 1e-3 { return "\(fixed(value * 1e3, value < 0.1 ? 2 : 1)) ms" }
    return "\(fixed(value * 1e6, 1)) us"
  }

  private static func times(_ factor: Double) -> String { "\(fixed(factor, 2)) x" }

  private static func percent(_ share: Double) -> String { "\(fixed(share * 100, 1)) %" }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
