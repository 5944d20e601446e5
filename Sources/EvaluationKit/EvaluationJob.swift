import CheckpointIO
import Foundation
import MediaIO
import OutputFiles
import RunKit
import TensorCore
import TrainingData
import VideoDiffusion

/// An evaluation to be done: what is measured, on what, and where the result goes.
public struct EvaluationJob: Sendable {
  /// Where generated videos come from.
  public enum Source: Sendable {
    /// A model makes them; the request's seed is the first one's and its batch how many are made at
    /// once.
    case model(ModelFiles, GenerationRequest)
    /// They lie in a folder.
    case folder(String)
  }

  /// What is measured.
  public var metric: Metric
  /// Where generated videos come from.
  public var source: Source
  /// What people call the model; `nil` takes the name that its files give.
  public var modelName: String?
  /// The folder of real videos, where some are needed.
  public var dataPath: String?
  /// The part of the real videos; `nil` for all.
  public var split: DatasetSplit?
  /// Clips of each set, at least 1; where a folder has fewer, all of them.
  public var clips: Int
  /// Chooses the clips of folders: which videos, and where in them.
  public var clipSeed: UInt64 = 0
  /// Frames of each clip, at least 2.
  public var frames: Int
  /// Side that frames are cropped and resized to; `nil` takes the model's, or frames as they are.
  public var resolution: Int?
  /// Weights of I3D, or of C3D for an inception score.
  public var featureWeights: String?
  /// Weights of the perceptual distance (LPIPS), where it is wanted of reconstructions.
  public var perceptualWeights: String?
  /// VGG16's weights for it; `nil` if they are in the same file.
  public var perceptualFeatures: String?
  /// Splits of an inception score.
  public var splits = 10
  /// Precision of the model.
  public var precision = Precision.float32
  /// What computes the model that is judged and the networks that judge.
  public var device = DeviceChoice.automatic
  /// Threads; `nil` for all processors.
  public var threadCount: Int?
  /// Where features are kept, so that a stopped evaluation goes on.
  public var cacheFolder: String
  /// The folder for the report.
  public var outputFolder: String
  /// Whether a report that is there is replaced.
  public var overwrites = false

  /// Describes an evaluation with as many clips and frames as are usual.
  public init(
    _ metric: Metric, of source: Source, cacheFolder: String, outputFolder: String
  ) {
    self.metric = metric
    clips = metric.usualClips
    frames = metric.usualFrames
    self.source = source
    self.cacheFolder = cacheFolder
    self.outputFolder = outputFolder
  }

  /// Frames of a clip where no model says it.
  static let usualClipFrames = 16

  static func tooShort(frames: Int, least: Int) -> StudioError {
    StudioError(
      nil,
      .option(
        name: "the number of frames", found: "\(frames)",
        expected: "\(least) or more: two clips"))
  }

  /// Takes the weights that the user fetched where none are named: I3D's where the metric cannot do without, those
  /// of LPIPS where the frames are such as it takes, and VGG16's where what is named of LPIPS lacks them.
  public mutating func takeFetchedWeights(from library: WeightLibrary = WeightLibrary()) {
    if featureWeights == nil, metric.takesFetched(.i3d) { featureWeights = library.found(.i3d) }
    guard metric.takesFetched(.perceptualWeights) else { return }
    var side: Int?
    if case .model(let files, _) = source,
      case .autoencoder(let network)? = files.autoencoder?.network
    {
      side = network.resolution
    }
    (perceptualWeights, perceptualFeatures) = library.completing(
      (perceptualWeights, perceptualFeatures), side: side)
  }

  /// What people call the source.
  public var sourceName: String {
    switch source {
    case .model(let model, _): modelName ?? model.name
    case .folder(let path): URL(filePath: path).lastPathComponent
    }
  }

  /// Does the evaluation and writes its report.
  ///
  /// - Parameters:
  ///   - stop: Ends it early; features that were computed are kept.
  ///   - report: Called in order with what happens. Work goes on meanwhile.
  ///   - now: The time, for the report's date.
  /// - Throws: ``EvaluationStopped`` when it was stopped, else what ``Explanation`` puts in words.
  ///   No report is left then.
  public func run(
    stop: StopSignal = StopSignal(),
    report: @escaping @Sendable (EvaluationEvent) -> Void = { _ in },
    now: () -> Date = { Date() }
  ) async throws -> EvaluationReport {
    try checkSettings()
    let output = EvaluationOutput(folder: outputFolder)
    let isNew = !FileManager.default.fileExists(atPath: outputFolder)
    try output.check(overwrites: overwrites)
    // One that cannot be taken leaves no folder that was not there: the system removes empty ones alone.
    defer { if isNew { rmdir(outputFolder) } }
    let start = ContinuousClock.now
    let run = EvaluationRun(job: self, stop: stop, report: report)
    var result = EvaluationReport(
      metric: metric, protocol: EvaluationProtocol(source: sourceName), scores: [],
      date: .distantPast, seconds: 0)
    do {
      try await metric.measure(run, &result)
    } catch is CancellationError where stop.moment > .never {
      throw EvaluationStopped(stage: metric.title, saved: 0, total: 1)
    }
    // Stored as text with whole seconds.
    result.date = Date(timeIntervalSince1970: now().timeIntervalSince1970.rounded(.down))
    result.seconds = (ContinuousClock.now - start) / .seconds(1)
    try output.write(result, overwrites: overwrites)
    return result
  }

  private func checkSettings() throws {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
      guard range.contains(value) else {
        throw StudioError(
          nil,
          .option(
            name: name, found: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)"))
      }
    }
    try check("the number of clips", clips, 1...1_000_000)
    try check("the number of frames", frames, 2...4096)
    try check("the number of splits", splits, 1...1000)
    if let resolution { try check("the resolution", resolution, 16...1024) }
    if case .model(_, let request) = source { try request.validate() }
  }
}

/// Where a report goes: a folder with the report as JSON and as text, and its curves as a picture.
struct EvaluationOutput {
  let folder: String

  private var json: String { folder + "/" + EvaluationReport.fileName }
  private var text: String { folder + "/report.txt" }
  private var curves: String { folder + "/curves.png" }
  /// Something of another report, or of the user's, that stands where this one is to go.
  private var standing: String? {
    [json, text, curves].first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Sees to it before the work begins that the report can be written after it.
  func check(overwrites: Bool) throws {
    if !overwrites, let standing { throw StudioError(standing, .exists) }
    do {
      try DurableFolder.make(folder)
    } catch {
      throw StudioError.unmakable(folder, error)
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw StudioError(folder, .output(reason: "the folder is not writable"))
    }
  }

  /// Writes everything; the report itself, which says that the rest is there, last. Where another report
  /// appeared meanwhile, the new one goes to a folder of its own.
  ///
  /// - Throws: ``StudioError`` if that was so; what writing throws.
  func write(_ report: EvaluationReport, overwrites: Bool) throws {
    guard !overwrites, let standing else {
      return try writeFiles(report, overwrites: overwrites)
    }
    var number = 2
    while FileManager.default.fileExists(atPath: "\(folder)-\(number)") { number += 1 }
    let other = EvaluationOutput(folder: "\(folder)-\(number)")
    try other.check(overwrites: false)
    try other.writeFiles(report, overwrites: false)
    throw StudioError(
      standing,
      .output(
        reason: "appeared meanwhile and is left as it is; the new report is kept in \(other.folder)"
      ))
  }

  private func writeFiles(_ report: EvaluationReport, overwrites: Bool) throws {
    // What cannot be written down leaves nothing behind.
    let (reportText, reportJSON) = (report.text, try report.json)
    if report.series.isEmpty {
      // Those of the report that is replaced.
      if overwrites { try? FileManager.default.removeItem(atPath: curves) }
    } else {
      try PNGFile.write(SeriesPlot(report.series).image, to: curves, overwrite: overwrites)
    }
    try AtomicFile.write(to: text, replaces: overwrites) { try $0.write(Array(reportText.utf8)) }
    try AtomicFile.write(to: json, replaces: overwrites) { try $0.write(Array(reportJSON.utf8)) }
  }
}
