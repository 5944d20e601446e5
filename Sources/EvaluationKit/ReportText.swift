import Foundation
import HandwrittenText
import VideoDiffusion

extension EvaluationReport {
  /// The report as a table for people: the scores, then how they were taken.
  public var text: String { ReportText(report: self).text }
}

extension EvaluationReport.Score {
  /// The value with its deviation and unit, in as many digits as mean something.
  public var text: String { ReportText.value(self) }
}

/// A report as a table for people.
struct ReportText {
  let report: EvaluationReport

  /// All of it.
  var text: String {
    var lines = ["\(report.metric.title): \(PrintableText.field(report.protocol.source))", ""]
    lines += Self.aligned(report.scores.map { ($0.name, Self.value($0)) })
    lines += ["", report.badge + (report.differences.isEmpty ? "" : ":")]
    lines += report.differences.map { "  - " + PrintableText.field($0) }
    lines.append("")
    lines += Self.aligned(report.protocol.fields)
    if !report.series.isEmpty { lines += [""] + seriesLines }
    if !report.notes.isEmpty {
      lines += [""] + report.notes.map { "note: " + PrintableText.field($0) }
    }
    lines += [
      "",
      "measured \(report.date.formatted(.iso8601)) in \(Self.time(report.seconds)), "
        + "pvdm \(report.version)",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  /// A value with its deviation, bounds and unit, in as many digits as mean something.
  static func value(_ score: EvaluationReport.Score) -> String {
    let digits = abs(score.value) >= 1000 ? 1 : abs(score.value) >= 1 ? 3 : 5
    var text = String(format: "%.\(digits)f", score.value)
    if let deviation = score.standardDeviation {
      text += String(format: " ± %.\(digits)f", deviation)
    }
    if let lower = score.lowerBound, let upper = score.upperBound {
      text += String(format: " (95 %%: %.\(digits)f to %.\(digits)f)", lower, upper)
    }
    return score.unit.isEmpty ? text : text + " " + score.unit
  }

  /// One row for each clip.
  private var seriesLines: [String] {
    let last = report.series.map { $0.firstClip + $0.values.count }.max() ?? 0
    let header = ["clip"] + report.series.map(\.name)
    let rows = (0..<last).map { clip in
      ["\(clip + 1)"]
        + report.series.map { series in
          let index = clip - series.firstClip
          return series.values.indices.contains(index)
            ? String(format: "%.4f", series.values[index]) : ""
        }
    }
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([header] + rows).map { row in
      zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }
        .joined(separator: "  ")
    }
  }

  private static func aligned(_ rows: [(String, String)]) -> [String] {
    let rows = rows.map { (PrintableText.field($0), PrintableText.field($1)) }
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { $0 + String(repeating: " ", count: width - $0.count) + "  " + $1 }
  }

  private static func time(_ seconds: Double) -> String {
    seconds < 60
      ? String(format: "%.1f s", seconds)
      : "\(Int(seconds) / 3600) h \(Int(seconds) / 60 % 60) min"
  }
}

extension EvaluationProtocol {
  /// What is known, as names and values for people.
  public var fields: [(String, String)] {
    var fields: [(String, String)] = []
    func add(_ name: String, _ value: String?) {
      if let value { fields.append((name, value)) }
    }
    add("source", source)
    add("denoiser", denoiser?.text)
    add("autoencoder", autoencoder?.text)
    if denoiser != nil {
      add("moving average", usesMovingAverage.map { $0 ? "yes" : "no" } ?? "not known")
    }
    if let request {
      add("sampler", Self.text(request.firstSampler))
      add("later clips", Self.text(request.laterSampler))
      add("guidance", "\(request.guidanceScale)")
      if request.guidanceInterval != .all {
        add(
          "guided steps",
          "\(request.guidanceInterval.start) to \(request.guidanceInterval.end) of them")
      }
      add("first seed", "\(request.seed)")
      if request.reencodesCondition { add("condition", "encoded again") }
      if request.seamFade > 0 { add("seams", "faded over \(request.seamFade) frames") }
      add("variation", request.variation?.text)
      if request.ordersPlanes { add("planes", "put right where they came out exchanged") }
    }
    add("precision", precision)
    add("device", device)
    add("data", data)
    add("layout", dataLayout)
    add("part", split)
    add("real clips", realClips.map(String.init))
    add("chosen", realClipSeed.map { "at random, seed \($0)" })
    add("clips", generatedClips.map(String.init))
    add("frames", frames.map(String.init))
    add("resolution", resolution.map { "\($0) x \($0)" })
    add("looked at by", featureNetwork?.text)
    add("LPIPS by", perceptualWeights?.text)
    add("LPIPS features", perceptualFeatures?.text)
    add("splits", splits.map(String.init))
    add("machine", machine)
    return fields
  }

  private static func text(_ sampler: SamplerConfiguration) -> String {
    let start =
      "\(sampler.method.rawValue), \(sampler.steps) steps, \(sampler.spacing.rawValue) spacing"
    guard sampler.method.usesEta else { return start }
    return start + ", eta \(sampler.eta)" + (sampler.recomputesNoise ? ", noise recomputed" : "")
  }
}

extension EvaluationProtocol.WeightFile {
  /// The name with the beginning of the hash.
  var text: String { "\(name) (\(hash.prefix(12)))" }
}
