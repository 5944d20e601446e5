import Foundation
import TensorCore
import VideoDiffusion

/// What made an output, as it is embedded in it: enough to make it again.
public struct RunSettings: Sendable, Hashable, Codable {
  /// Version of the program.
  public var version: String
  /// What was done: `sample`, `extend`, `bridge`, `retake`, `refine`, `decode` or `reconstruct`.
  public var command: String
  /// What people call the model.
  public var model: String
  /// The autoencoder's file name, where one was used.
  public var autoencoder: String?
  /// The denoiser's file name, where one was used.
  public var denoiser: String?
  /// `f32` or `bf16`.
  public var precision: String
  /// What computed: a graphics processor by its name; `nil` for the processor.
  public var device: String?
  /// Frames a second.
  public var framesPerSecond: Double
  /// What was generated, where something was.
  public var request: GenerationRequest?
  /// Seed of this video, where something was generated.
  public var seed: UInt64?
  /// File name of the video or latents that were worked on.
  public var source: String?
  /// First of the frames that were continued, where it was given.
  public var firstFrame: Int?
  /// Whether the new frames alone were written.
  public var onlyNew: Bool?
  /// Frames that stand before the first generated one.
  public var precedingFrames: Int?
  /// Frames over which the seams between the clips were faded that stand before the first generated one.
  public var precedingSeamFade: Int?
  /// Frames over which seams were faded, where latents were decoded.
  public var seamFade: Int?
  /// Pictures that stand at frames of what was made, as `still.png@15`.
  public var pins: [String]?
  /// The frames that were made between others.
  public var gap: FrameGap.Record?
  /// Sizes in bytes of the files that the run reads, by what they are: whether a resumed run meets
  /// the files that it began with.
  public var fileSizes: [String: Int]?
  /// What made a branch of the studio's, from its start.
  public var recipe: Recipe? {
    get { runs }
    set { runs = newValue }
  }
  /// The recipe, by the name that it has in outputs of all versions.
  private var runs: Recipe?

  /// The program's version.
  public static let programVersion = "0.1.0"

  /// Describes a run.
  public init(
    command: String, model: ModelFiles, precision: Precision,
    device: DeviceChoice, framesPerSecond: Double,
    request: GenerationRequest? = nil, source: String? = nil
  ) {
    func name(_ file: NetworkFile?) -> String? {
      file.map { URL(filePath: $0.path).lastPathComponent }
    }
    version = Self.programVersion
    self.command = command
    self.model = model.name
    autoencoder = name(model.autoencoder)
    denoiser = name(model.denoiser)
    self.precision = precision.rawValue
    self.device = Self.deviceName(device)
    self.framesPerSecond = framesPerSecond
    self.request = request
    self.source = source.map { URL(filePath: $0).lastPathComponent }
    var sizes: [String: Int] = [:]
    sizes["autoencoder"] = model.autoencoder?.checkpoint.fileSize
    sizes["denoiser"] = model.denoiser?.checkpoint.fileSize
    sizes["source"] = source.flatMap(Self.size(ofFile:))
    fileSizes = sizes
  }

  /// Takes note of what a run is told of its frames.
  mutating func note(_ pins: [PinnedFrame], _ gap: FrameGap?) {
    self.pins = pins.isEmpty ? nil : pins.map(\.text)
    self.gap = gap?.record
    for pin in pins { fileSizes?[pin.text] = Self.size(ofFile: pin.path) }
    if let gap, !gap.isRetake { fileSizes?["after"] = Self.size(ofFile: gap.after) }
  }

  private static func size(ofFile path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
  }

  /// Describes what was done with a model by its names.
  package init(
    command: String, model: String, autoencoder: String?, denoiser: String?,
    precision: Precision, device: DeviceChoice, framesPerSecond: Double
  ) {
    version = Self.programVersion
    self.command = command
    self.model = model
    self.autoencoder = autoencoder
    self.denoiser = denoiser
    self.precision = precision.rawValue
    self.device = Self.deviceName(device)
    self.framesPerSecond = framesPerSecond
  }

  /// Outputs of the processor say nothing, as they did before there were others.
  private static func deviceName(_ choice: DeviceChoice) -> String? {
    choice.resolved == .processor ? nil : choice.deviceName
  }

  /// The first thing in which a run that goes on differs from the one that was kept, in words: `--seed was 0`; `nil`
  /// if the two make the same frames. The number of clips may differ.
  package func difference(from saved: RunSettings) -> String? {
    func was<Value: Equatable>(
      _ name: String, _ value: KeyPath<RunSettings, Value>, _ text: String = "another"
    ) -> String? {
      self[keyPath: value] == saved[keyPath: value] ? nil : "\(name) was \(text)"
    }
    let differences: [String?] = [
      was("the command", \.command, saved.command),
      was("the autoencoder", \.autoencoder),
      was("the denoiser", \.denoiser),
      samplingDifference(from: saved),
      was("--precision", \.precision, saved.precision),
      was("the device", \.device),
      was("--fps", \.framesPerSecond, "\(saved.framesPerSecond)"),
      was("the input", \.source, saved.source ?? "none"),
      was("--from-frame", \.firstFrame, saved.firstFrame.map { "\($0)" } ?? "not given"),
      was("--only-new", \.onlyNew, saved.onlyNew == true ? "given" : "not given"),
      was("--pin", \.pins, saved.pins == nil ? "not given" : "another"),
      was("what is made between frames", \.gap, "something else"),
      was("the contents of the files", \.fileSizes, "something else"),
    ]
    return differences.lazy.compactMap { $0 }.first
  }

  private func samplingDifference(from saved: RunSettings) -> String? {
    var request = request
    request?.clipCount = saved.request?.clipCount
    guard request != saved.request else { return nil }
    guard let request, let before = saved.request else { return "sampling had no settings" }
    if request.sampleCount != before.sampleCount { return "--batch was \(before.sampleCount)" }
    let (now, then) = (GenerationSettings(request), GenerationSettings(before))
    guard let setting = GenerationSetting.all.first(where: { now[$0] != then[$0] }) else {
      return "the sampling settings were others"
    }
    return "--\(setting.optionName) was \(then[setting].plainText)"
  }

  /// The settings as one line of JSON with sorted keys.
  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// Reads settings that were embedded in an output.
  ///
  /// - Returns: `nil` if the text is not such settings.
  public init?(json: String) {
    guard let settings = try? JSONDecoder().decode(RunSettings.self, from: Data(json.utf8)) else {
      return nil
    }
    self = settings
  }

  /// Reads the settings that latents carry.
  ///
  /// - Returns: `nil` if they carry none.
  package init?(metadata: [String: String]) {
    guard let text = metadata[Self.metadataKey] else { return nil }
    self.init(json: text)
  }

  /// What latents carry of them.
  ///
  /// - Throws: `EncodingError`.
  package var metadata: [String: String] {
    get throws {
      [Self.metadataKey: try json, OutputSet.rateKey: String(framesPerSecond)]
    }
  }

  private static let metadataKey = "pvdm"
}
