import CheckpointIO
import Foundation
import HandwrittenText
import OutputFiles
import RunKit
import TensorCore

/// What a training run began with: the file `run.json` in its folder.
public struct TrainingRecord: Sendable, Hashable, Codable {
  /// The stage.
  public var stage: TrainingStage
  /// The folder of videos, as an absolute path.
  public var data: String
  /// The autoencoder whose latents the denoiser learns, as an absolute path.
  public var autoencoder: String?
  /// SHA-256 of its file.
  public var autoencoderHash: String?
  /// The network that the run began with in place of random parameters, as an absolute path.
  public var initial: String?
  /// SHA-256 of its file, where it goes on teaching: see `distilled_steps`.
  public var initialHash: String?
  /// Weights of LPIPS.
  public var perceptualWeights: String?
  /// Weights of VGG16, if they are in another file.
  public var perceptualFeatures: String?
  /// SHA-256 of both files.
  public var perceptualHashes: [String]?
  /// The folder of latents and of what was found out about videos, as an absolute path; `nil` for the
  /// user's.
  public var cache: String?
  /// Threads; the same number gives the same weights.
  public var threads: Int
  /// What computes, as options name it (`cuda:0`), and what its maker calls it; `nil` for the processor.
  public var device: String?
  public var deviceName: String?
  /// Version of the program.
  public var version: String
  /// When it began.
  public var created: Date
}

extension TrainingRecord {
  /// What computes.
  ///
  /// - Throws: ``TrainingError`` if it is said in words that are none.
  func deviceChoice(in folder: String) throws -> DeviceChoice {
    guard let device else { return .processor }
    guard let choice = DeviceChoice(device) else {
      throw TrainingError(
        folder,
        .damaged(
          file: TrainingRunFolder(path: folder).record, reason: "names no device: \(device)"))
    }
    return choice
  }
}

/// The folder of a training run.
///
/// `config.toml` and `run.json` say what the run is; `metrics.csv`, `scores.csv`, `log.txt` and
/// `log.jsonl` what happened; `samples` holds videos, `checkpoints` the states to go on from; and
/// `autoencoder.safetensors`, for the second stage also `denoiser.safetensors`, is the model by now.
public struct TrainingRunFolder: Sendable {
  let path: String

  /// Names a folder, which need not be there.
  public init(path: String) { self.path = path }

  /// More bytes than a configuration or a record has.
  private static let descriptionLimit = 1 << 20

  package var configuration: String { path + "/config.toml" }
  package var record: String { path + "/run.json" }
  package var metrics: String { path + "/metrics.csv" }
  package var scores: String { path + "/scores.csv" }
  var textLog: String { path + "/log.txt" }
  var eventLog: String { path + "/log.jsonl" }
  package var samples: String { path + "/samples" }
  package var checkpoints: String { path + "/checkpoints" }
  package var lock: String { path + "/.lock" }

  /// The network by now.
  package func network(_ stage: TrainingStage) -> String {
    path + "/\(stage.network.rawValue).safetensors"
  }

  /// The state after a step. Names sort by step.
  package func checkpoint(_ step: Int) -> String {
    "\(checkpoints)/step-\(Self.digits(step)).safetensors"
  }

  /// The samples after a step.
  package func video(_ step: Int) -> String { "\(samples)/step-\(Self.digits(step)).mp4" }

  private static func digits(_ step: Int) -> String {
    String(repeating: "0", count: max(0, 8 - String(step).count)) + String(step)
  }

  /// The steps of the checkpoints that are there, ascending.
  package var checkpointSteps: [Int] { Self.steps(in: checkpoints, ending: ".safetensors") }

  /// The steps of the samples that are there, ascending.
  var sampleSteps: [Int] { Self.steps(in: samples, ending: ".mp4") }

  private static func steps(in folder: String, ending: String) -> [Int] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(ending) else { return nil }
      return Int(name.dropFirst(5).dropLast(ending.count))
    }.sorted()
  }

  /// Whether the folder holds a run.
  public var holdsRun: Bool { FileManager.default.fileExists(atPath: record) }

  /// - Throws: ``TrainingError`` if there is a run already.
  package func checkHoldsNoRun() throws {
    if holdsRun { throw TrainingError(path, .exists(step: checkpointSteps.last)) }
  }

  /// Prepares the folder for a new run. One that was given up before it began is taken over, once
  /// ``removeBeginnings(for:)`` was called under the run's lock.
  ///
  /// - Throws: ``TrainingError`` if it holds a run or anything else, ``StudioError`` if it cannot be
  ///   made.
  func prepare(_ configuration: TrainingConfiguration) throws {
    try checkHoldsNoRun()
    let others =
      Set(contents(path)).subtracting(frame).subtracting(beginnings(for: configuration))
      .sorted() + contents(samples) + contents(checkpoints)
    if let other = others.first { throw TrainingError(path, .foreign(other)) }
    try makeFolders()
  }

  /// Makes the folders of what a run writes, those that are missing: somebody may have removed them meanwhile.
  ///
  /// - Throws: ``StudioError`` if one cannot be made.
  func makeFolders() throws {
    for folder in [path, samples, checkpoints] {
      do {
        try DurableFolder.make(folder)
      } catch {
        throw StudioError.unmakable(folder, error)
      }
    }
  }

  /// Removes the folder, if nothing was written into it.
  func removeIfUnused() {
    for folder in [samples, checkpoints] { rmdir(folder) }
    guard contents(path).allSatisfy({ $0.hasPrefix(Self.name(lock)) }) else { return }
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Removes what a run left that ended while its description was written. Call it with the lock held:
  /// a run that is just beginning looks the same.
  ///
  /// - Throws: ``TrainingError`` if the other run has its description by now.
  func removeBeginnings(for configuration: TrainingConfiguration) throws {
    try checkHoldsNoRun()
    for name in beginnings(for: configuration) where !name.hasPrefix(Self.name(lock)) {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
  }

  /// Names of what a run writes before its record, if it is one's that got no further: files that never
  /// got their names; the very configuration that is written now; and, where the lock and both folders
  /// are, which nobody else makes, any configuration of ours with the network that comes after it.
  private func beginnings(for wanted: TrainingConfiguration) -> Set<String> {
    let names = Set(contents(path))
    guard !holdsRun else { return [] }
    let text = try? SmallFile.text(of: configuration, limit: Self.descriptionLimit)
    let written = [configuration, network(.autoencoder), record].map(Self.name)
    var whole: Set<String> = text == wanted.fileText ? [Self.name(configuration)] : []
    if frame.isSubset(of: names), text?.hasPrefix(TrainingConfiguration.head) == true {
      whole = Set(written)
    }
    return names.filter { name in
      whole.contains(name) || name.hasPrefix(Self.name(lock) + ".")
        || written.contains { name.hasPrefix(".\($0).") && name.hasSuffix(".partial") }
    }
  }

  /// Names of what is made before anything is written.
  private var frame: Set<String> { Set([lock, samples, checkpoints].map(Self.name)) }

  private static func name(_ path: String) -> String { URL(filePath: path).lastPathComponent }

  private func contents(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  /// Reads what the run began with.
  ///
  /// - Throws: ``TrainingError`` if there is no run or its description is damaged.
  func readRecord() throws -> TrainingRecord {
    guard let data = try? SmallFile.contents(of: record, limit: Self.descriptionLimit) else {
      throw TrainingError(path, .noRun)
    }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    do {
      return try decoder.decode(TrainingRecord.self, from: data)
    } catch {
      throw TrainingError(
        path, .damaged(file: record, reason: "is not the description of a run"))
    }
  }

  /// Writes what the run is, the record last: with it the folder holds a run.
  ///
  /// - Parameter other: Writes what belongs to the description beside it, after the configuration, by
  ///   which a run is known that ends in between.
  /// - Throws: `CheckpointError` if a file cannot be written, and what `other` throws.
  package func write(
    _ record: TrainingRecord, _ configuration: TrainingConfiguration,
    _ other: () throws -> Void = {}
  ) throws {
    try write(configuration)
    try other()
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    let json = try encoder.encode(record)
    try AtomicFile.write(to: self.record) { try $0.write(Array(json) + [UInt8(ascii: "\n")]) }
  }

  /// Writes the configuration.
  ///
  /// - Throws: `CheckpointError` if it cannot be written.
  package func write(_ configuration: TrainingConfiguration) throws {
    let text = Array(configuration.fileText.utf8)
    try AtomicFile.write(to: self.configuration) { try $0.write(text) }
  }

  /// Removes all checkpoints but the newest.
  func removeCheckpoints(keeping count: Int) {
    // One that stays is no harm; the next checkpoint tries again.
    for step in checkpointSteps.dropLast(count) {
      try? FileManager.default.removeItem(atPath: checkpoint(step))
    }
  }
}
