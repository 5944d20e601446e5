import VideoDiffusion

/// Which two checkpoints a run uses; enough to open them again.
public struct ModelReference: Sendable, Hashable, Codable {
  /// What people call the model.
  public var name: String
  /// Absolute path of the autoencoder's checkpoint.
  public var autoencoder: String?
  /// Absolute path of the denoiser's checkpoint.
  public var denoiser: String?
  /// Frames a second at which its videos look right.
  public var framesPerSecond: Double?

  /// Refers to a model.
  public init(
    name: String, autoencoder: String?, denoiser: String?, framesPerSecond: Double? = nil
  ) {
    self.name = name
    self.autoencoder = autoencoder
    self.denoiser = denoiser
    self.framesPerSecond = framesPerSecond
  }
}

/// A model that was found: what its headers tell, without loading weights.
public struct ModelEntry: Sendable, Hashable, Identifiable, Codable {
  /// Its checkpoints.
  public var reference: ModelReference
  /// The folder that holds it, or the checkpoint's own path.
  public var path: String
  /// A sentence or two about it.
  public var summary: String
  /// What the autoencoder's header tells.
  public var autoencoder: NetworkSummary?
  /// What the denoiser's header tells.
  public var denoiser: NetworkSummary?
  /// SHA-256 of each checkpoint in hexadecimal, once it has been computed.
  public var autoencoderHash: String?
  public var denoiserHash: String?
  /// Why it cannot be used, with what to do about it.
  public var problem: String?

  public var id: String { path }

  /// Whether videos can be made with it.
  public var canGenerate: Bool { problem == nil && autoencoder != nil && denoiser != nil }

  /// Describes a model.
  public init(
    reference: ModelReference, path: String, summary: String = "",
    autoencoder: NetworkSummary? = nil, denoiser: NetworkSummary? = nil, problem: String? = nil
  ) {
    self.reference = reference
    self.path = path
    self.summary = summary
    self.autoencoder = autoencoder
    self.denoiser = denoiser
    self.problem = problem
  }
}
