import HandwrittenText
import TensorCore

/// A model, or a file of one, that cannot be used as asked.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file it is about, as the caller named it; `nil` if it is about no single file.
  public let path: String?
  /// What is wrong.
  public let problem: Problem

  /// What is wrong with a model.
  public enum Problem: Sendable, Hashable {
    /// The weights are of neither network; `groups` says where weights stand and how many.
    case unknownNetwork(keys: [String], groups: [String])
    /// The file is the state of a training, and nobody said which of its weights are meant.
    case trainingState(wrappers: [String])
    /// The file is of the other network than asked for.
    case otherNetwork(expected: NetworkKind, found: NetworkKind)
    /// The shapes of the weights do not add up to a network.
    case structure(String)
    /// A configuration file says something else than the weights.
    case disagreement(file: String, setting: String, stated: String, weights: String)
    /// Two places that state a setting do not agree.
    case contradiction(file: String, setting: String, stated: String, other: String, says: String)
    /// A configuration file states what the engine cannot compute with.
    case unsupportedSetting(file: String, setting: String, stated: String, expected: String)
    /// A configuration file cannot be read or misses what is needed.
    case configuration(file: String, reason: String)
    /// The autoencoder and the denoiser are for latents of different shapes.
    case unfit(autoencoder: PlaneGeometry, denoiser: PlaneGeometry)
    /// A latent has another shape than the model's.
    case latentShape(found: [Int], expected: PlaneGeometry)
    /// A file of latents misses something.
    case latentFile(reason: String)
    /// The denoiser takes no condition, so it cannot continue anything.
    case unconditional
    /// The denoiser was distilled for a number of steps, and others were asked for.
    case distilled(steps: Int)
    /// The steps of a distilled denoiser were asked for, and there is none.
    case notDistilled(steps: Int)
    /// The network that is needed was not loaded.
    case notLoaded(NetworkKind)
    /// A setting of a run is out of range.
    case setting(name: String, found: String, expected: String)
    /// A saved run does not fit what is asked.
    case savedRun(reason: String)
    /// A graphics processor that was chosen cannot be used.
    case device(name: String, reason: String)
    /// What is to compute cannot multiply in a precision, or not at a useful speed.
    case precision(ProductPrecision, processor: String)
    /// A weight cannot be used.
    case parameter(String)
  }

  /// Describes a problem.
  public init(path: String? = nil, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }

  public var description: String { (path.map { "\($0): " } ?? "") + problem.description }
}

extension ModelError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownNetwork(let keys, let groups):
      "holds neither an autoencoder nor a denoiser of PVDM, but \(groups.joined(separator: ", ")); "
        + "its first weights are \(keys.joined(separator: ", "))"
    case .trainingState(let wrappers):
      "is the state of a training; its networks are under \(wrappers.joined(separator: " and "))"
    case .otherNetwork(let expected, let found):
      "holds \(found.phrase), but \(expected.phrase) is needed here"
    case .structure(let reason): "the weights do not make up a network: \(reason)"
    case .disagreement(let file, let setting, let stated, let weights):
      "\(file) says \(setting) is \(stated), but the weights say \(weights)"
    case .contradiction(let file, let setting, let stated, let other, let says):
      "\(file) says \(setting) is \(stated), but \(other) says \(says)"
    case .unsupportedSetting(let file, let setting, let stated, let expected):
      "\(file): \(setting) is \(stated); expected \(expected)"
    case .configuration(let file, let reason): "\(file): \(reason)"
    case .unfit(let autoencoder, let denoiser):
      """
      the autoencoder writes latents of \(autoencoder.text), the denoiser makes latents of \
      \(denoiser.text)
      """
    case .latentShape(let found, let expected):
      """
      the latent is \(found.map(String.init).joined(separator: " x ")), the model's is \
      \(PlaneGeometry.channels) x \(expected.tokenCount)
      """
    case .latentFile(let reason): "is no usable file of latents: \(reason)"
    case .unconditional:
      "the denoiser was trained without a previous clip, so it can make one clip and extend none"
    case .distilled(let steps):
      "the denoiser was distilled for \(counted(steps, "step")) of the sampler "
        + "distilled in published spacing, and can take no others"
    case .notDistilled(let steps):
      "the denoiser was not distilled, so it cannot sample in "
        + "the \(counted(steps, "step")) of the sampler distilled"
    case .notLoaded(let kind): "\(kind.phrase) is needed and none was given"
    case .setting(let name, let found, let expected):
      "\(name) is \(found); expected \(expected)"
    case .savedRun(let reason): "the saved run cannot be continued: \(reason)"
    case .device(let name, let reason): "\(name) cannot be used: \(reason)"
    case .precision(.tensorFloat32, let processor):
      "graphics processors alone compute in tf32, and this is to be computed by a processor with \(processor)"
    case .precision(_, let processor):
      "training in bf16 needs a processor with AVX-512; this one has \(processor)"
    case .parameter(let text): text
    }
  }
}

extension PlaneGeometry {
  var text: String { "\(side) x \(side) with \(frames) frames (\(tokenCount) tokens)" }
}

/// The two networks of a model.
public enum NetworkKind: String, Sendable, Hashable, Codable, CaseIterable {
  case autoencoder
  case denoiser

  var phrase: String { self == .autoencoder ? "an autoencoder" : "a denoiser" }
}
