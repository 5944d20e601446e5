import Foundation
import VideoDiffusion

/// What made an output, as it is embedded in it: enough to make it again.
public struct RunSettings: Sendable, Hashable, Codable {
  /// Version of the program.
  public var version: String
  /// What was done: `sample`, `extend`, `decode` or `reconstruct`.
  public var command: String
  /// What people call the model.
  public var model: String
  /// The autoencoder's file name, where one was used.
  public var autoencoder: String?
  /// The denoiser's file name, where one was used.
  public var denoiser: String?
  /// `f32` or `bf16`.
  public var precision: String
  /// Frames a second.
  public var framesPerSecond: Double
  /// What was generated, where something was.
  public var request: GenerationRequest?
  /// Seed of this video, where something was generated.
  public var seed: UInt64?
  /// File name of the video or latents that were worked on.
  public var source: String?
  /// Frames that stand before the first generated one.
  public var precedingFrames: Int?

  /// The program's version.
  public static let programVersion = "0.1.0"

  /// Describes a run.
  public init(
    command: String, model: ModelFiles, precision: Precision, framesPerSecond: Double,
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
    self.framesPerSecond = framesPerSecond
    self.request = request
    self.source = source.map { URL(filePath: $0).lastPathComponent }
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
}
