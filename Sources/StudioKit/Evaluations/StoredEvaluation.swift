import EvaluationKit
import Foundation
import RunKit
import SessionStore

/// Names a stored score for as long as its data folder lives.
public struct EvaluationID: RawRepresentable, Sendable, Hashable, Codable, Comparable {
  public var rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (a: EvaluationID, b: EvaluationID) -> Bool { a.rawValue < b.rawValue }
}

/// A score as the database keeps it.
public struct StoredEvaluation: Sendable, Hashable, Identifiable, Codable {
  /// Its name.
  public let id: EvaluationID
  /// The score with everything that it depends on.
  public var report: EvaluationReport
  /// The folder that the report was written to; it may be gone.
  public var folder: String

  /// A stored score.
  public init(id: EvaluationID, report: EvaluationReport, folder: String) {
    self.id = id
    self.report = report
    self.folder = folder
  }

  /// A stored score; `nil` if another version of the program wrote what this one cannot read.
  init?(_ record: EvaluationRecord) {
    guard let id = record.id, let report = EvaluationReport(json: Data(record.content.utf8)) else {
      return nil
    }
    self.init(id: EvaluationID(rawValue: id), report: report, folder: record.folder)
  }
}

extension EvaluationRecord {
  /// The record of a report that was written to a folder.
  ///
  /// - Throws: `EncodingError` for a score that is no finite number.
  init(_ report: EvaluationReport, folder: String) throws {
    self.init(
      metric: report.metric.rawValue, source: report.protocol.source, content: try report.json,
      folder: URL(filePath: folder).standardizedFileURL.path,
      measured: report.date.timeIntervalSinceReferenceDate)
  }
}

extension SessionStore {
  /// The scores, the latest first. Those that another version of the program wrote and this one cannot
  /// read are left out.
  ///
  /// - Throws: ``SessionStoreError``.
  func evaluations() throws -> [StoredEvaluation] {
    try read { try $0.all(EvaluationRecord.self) }.compactMap(StoredEvaluation.init)
      .sorted { ($0.report.date, $0.id) > ($1.report.date, $1.id) }
  }
}

extension Sequence<StoredEvaluation> {
  /// The latest score of each metric that was taken of a model, by the order of the metrics.
  ///
  /// - Parameters:
  ///   - model: The model; where its hashes are known, scores of other weights under its name are left
  ///     out.
  ///   - settings: Scores that were taken with these sampler settings come before later ones.
  public func latest(of model: ModelEntry, settings: GenerationSettings?) -> [StoredEvaluation] {
    let own = filter { $0.report.isOf(model) }.sorted {
      ($0.report.date, $0.id) > ($1.report.date, $1.id)
    }
    return Metric.allCases.compactMap { metric in
      let scores = own.filter { $0.report.metric == metric }
      return settings.flatMap { settings in scores.first { $0.report.wasTaken(with: settings) } }
        ?? scores.first
    }
  }
}

extension EvaluationReport {
  /// Whether a model was judged: by the hash of its weights where that is known, else by its name.
  func isOf(_ model: ModelEntry) -> Bool {
    guard self.protocol.autoencoder != nil else { return false }
    // Encoding and decoding depends on the autoencoder alone.
    let (own, known) =
      metric.judged == .autoencoder
      ? (self.protocol.autoencoder?.hash, model.autoencoderHash)
      : (self.protocol.denoiser?.hash, model.denoiserHash)
    if let own, let known { return own == known }
    return self.protocol.source == model.reference.name
  }

  /// Whether the videos were generated with these settings; true where none were generated.
  public func wasTaken(with settings: GenerationSettings) -> Bool {
    guard let request = self.protocol.request else { return metric.judged == .autoencoder }
    let other = settings.request()
    let isLong = (self.protocol.frames ?? 0) > 16
    guard request.firstSampler == other.firstSampler, request.variation == other.variation else {
      return false
    }
    return !isLong
      || (request.laterSampler == other.laterSampler
        && request.guidanceScale == other.guidanceScale
        && request.guidanceInterval == other.guidanceInterval && request.seamFade == other.seamFade
        && request.reencodesCondition == other.reencodesCondition)
  }
}
