import EvaluationKit
import Foundation
import RunKit
import StudioKit
import TerminalUI

/// What a column of the table of scores tells.
enum ScoreColumn: Sendable, Hashable {
  case mark, number, metric, score, source, data, clips, frames, sampler, badge, date

  /// Those that a narrow pane has room for, and all of them.
  static let narrow: [ScoreColumn] = [.mark, .metric, .score, .source, .badge]
  static let wide: [ScoreColumn] = [
    .mark, .number, .metric, .score, .source, .data, .clips, .frames, .sampler, .badge, .date,
  ]

  var tableColumn: Table.Column {
    switch self {
    case .mark: .init("", width: .fixed(1))
    case .number: .init("#", width: .fixed(3), alignsRight: true)
    case .metric: .init("metric", width: .fixed(10))
    case .score: .init("score", width: .fixed(10), alignsRight: true)
    case .source: .init("source", width: .fill().limited(8))
    case .data: .init("data", width: .fill().limited(6))
    case .clips: .init("clips", width: .fixed(6), alignsRight: true)
    case .frames: .init("frames", width: .fixed(6), alignsRight: true)
    case .sampler: .init("sampler", width: .fill().limited(12))
    case .badge: .init("protocol", width: .fixed(10))
    case .date: .init("date", width: .fixed(10))
    }
  }

  func text(_ stored: StoredEvaluation, marked: EvaluationID?) -> String {
    let taken = stored.report.protocol
    return switch self {
    case .mark: stored.id == marked ? "*" : ""
    case .number: "\(stored.id.rawValue)"
    case .metric: stored.report.metric.shortTitle
    case .score: stored.report.leadingScore?.shortText ?? ""
    case .source: taken.source
    case .data: taken.data ?? ""
    case .clips: (taken.generatedClips ?? taken.realClips).map(String.init) ?? ""
    case .frames: taken.frames.map(String.init) ?? ""
    case .sampler: taken.request.map { GenerationSettings($0).shortText } ?? ""
    case .badge: stored.report.shortBadge
    case .date: stored.report.date.formatted(.iso8601.year().month().day())
    }
  }
}

extension EvaluationReport.Score {
  /// The value without its deviation, in four digits or so.
  var shortText: String {
    guard abs(value) >= 10 else { return EvaluationReport.Score(name, value, unit: unit).text }
    let number = FormValue.text(of: value, decimals: abs(value) >= 100 ? 1 : 2)
    return unit.isEmpty ? number : "\(number) \(unit)"
  }
}

extension EvaluationReport {
  /// `paper`, or in how many things it differs from the paper's protocol.
  var shortBadge: String {
    differences.isEmpty ? "paper" : "differs: \(differences.count)"
  }
}
