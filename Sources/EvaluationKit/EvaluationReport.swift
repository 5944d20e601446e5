import Foundation
import HandwrittenText
import RunKit

/// The result of an evaluation with everything that it depends on, as it is stored.
public struct EvaluationReport: Sendable, Hashable, Codable {
  /// One number.
  public struct Score: Sendable, Hashable, Codable {
    /// What it is, for example `FVD`.
    public var name: String
    /// The number, in `unit`.
    public var value: Double
    /// Its unit, or nothing.
    public var unit: String
    /// Its standard deviation, where several were taken.
    public var standardDeviation: Double?
    /// The bounds within which 95 of 100 resamplings of the clips lie, where it was resampled.
    public var lowerBound, upperBound: Double?

    /// Describes a number.
    public init(
      _ name: String, _ value: Double, unit: String = "", standardDeviation: Double? = nil,
      interval: ClosedRange<Double>? = nil
    ) {
      self.name = name
      self.value = value
      self.unit = unit
      self.standardDeviation = standardDeviation
      lowerBound = interval?.lowerBound
      upperBound = interval?.upperBound
    }
  }

  /// A number for each clip of a video.
  public struct Series: Sendable, Hashable, Codable {
    /// What it is, for example `contrast`.
    public var name: String
    /// Index of the first value's clip, from 0.
    public var firstClip: Int
    /// The values in the order of the clips.
    public var values: [Double]

    /// Describes a series.
    public init(_ name: String, firstClip: Int = 0, _ values: [Double]) {
      self.name = name
      self.firstClip = firstClip
      self.values = values
    }
  }

  /// What was measured.
  public var metric: Metric
  /// How it was measured.
  public var `protocol`: EvaluationProtocol
  /// The numbers, the most important first.
  public var scores: [Score]
  /// Numbers by clip index.
  public var series: [Series]
  /// What a reader should know.
  public var notes: [String]
  /// When it was finished.
  public var date: Date
  /// What the evaluation took, in seconds; of one that went on after a stop, the rest.
  public var seconds: Double
  /// Version of the program.
  public var version: String

  private enum CodingKeys: String, CodingKey {
    case metric, scores, series, notes, date, seconds, version
    // As reports have named it from the first on.
    case `protocol` = "procedure"
  }

  /// Describes a finished evaluation.
  public init(
    metric: Metric, `protocol`: EvaluationProtocol, scores: [Score],
    series: [Series] = [], notes: [String] = [], date: Date, seconds: Double
  ) {
    self.metric = metric
    self.protocol = `protocol`
    self.scores = scores
    self.series = series
    self.notes = notes
    self.date = date
    self.seconds = seconds
    version = RunSettings.programVersion
  }

  /// In what the evaluation differs from the paper's; empty if in nothing.
  public var differences: [String] { self.protocol.differences(from: metric) }

  /// `paper protocol` with the seed that chose the real clips, where there are some, or that it is
  /// another.
  public var badge: String {
    guard differences.isEmpty else { return "not the paper's protocol" }
    return "paper protocol"
      + (self.protocol.realClipSeed.map { ", real clips of seed \($0)" } ?? "")
  }

  /// The score that stands for the evaluation in a table.
  public var leadingScore: Score? {
    metric.leadingScore.flatMap { name in scores.first { $0.name.hasPrefix(name) } }
      ?? scores.first
  }
}

extension EvaluationReport {
  package static let fileName = "report.json"
  /// More bytes than any report with its curves.
  private static let longestFile = 64 << 20

  /// The report as JSON with sorted keys.
  ///
  /// - Throws: `EncodingError` for a score that is no finite number.
  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.dateEncodingStrategy = .iso8601
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
  }

  /// Reads a stored report.
  ///
  /// - Parameter path: The report's file, or the folder that it is in.
  /// - Throws: ``StudioError`` if there is none or it cannot be understood.
  public init(contentsOf path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw StudioError(path, .noSuchFile)
    }
    let file = isFolder.boolValue ? path + "/" + Self.fileName : path
    guard let data = try? SmallFile.contents(of: file, limit: Self.longestFile) else {
      throw StudioError(path, .noReport)
    }
    guard let report = EvaluationReport(json: data) else { throw StudioError(file, .noReport) }
    self = report
  }

  /// Understands a report's JSON; `nil` if it is none, or its numbers are none that can be shown.
  package init?(json: Data) {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let report = try? decoder.decode(EvaluationReport.self, from: json), report.isBounded
    else { return nil }
    self = report
  }

  /// Whether counts and times are such as a measurement has: a file may state any number.
  private var isBounded: Bool {
    StoredLimits.duration(seconds) == seconds
      && series.allSatisfy {
        (0...1_000_000).contains($0.firstClip) && $0.values.count <= 1_000_000
      }
  }
}
