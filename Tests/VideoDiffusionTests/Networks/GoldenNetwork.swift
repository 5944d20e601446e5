import CheckpointIO
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The networks of the golden files, with the settings that they were made with.
enum GoldenNetwork {
  /// A denoiser's folder in `golden` and its settings, as its `config.json` has them.
  struct DenoiserCase: Sendable, CustomTestStringConvertible {
    let folder: String
    let configuration: DenoiserConfiguration
    var testDescription: String { folder }

    /// Loads the denoiser, strictly.
    func load(_ context: ComputeContext, _ type: ElementType) throws -> Denoiser {
      try GoldenNetwork.load(
        "\(folder)/ema_model.pth", unused: ["zeros"], context, type
      ) { try Denoiser($0, configuration) }
    }

    /// Inputs and expected outputs.
    func forward() throws -> GoldenFile { try GoldenFile(named: "\(folder)/forward.safetensors") }
  }

  static let denoisers = [small, unconditional, publishedLayout]

  static let small = DenoiserCase(
    folder: "unet-8x16",
    configuration: DenoiserConfiguration(
      geometry: PlaneGeometry(side: 8), baseWidth: 32, widthMultipliers: [1, 2],
      residualBlocks: 1, attentionFactors: [1, 2], headCount: 4))

  static let unconditional = DenoiserCase(
    folder: "unet-8x16-uncond",
    configuration: DenoiserConfiguration(
      geometry: PlaneGeometry(side: 8), baseWidth: 32, widthMultipliers: [1, 2],
      residualBlocks: 1, attentionFactors: [1], headCount: 2, isConditional: false))

  static let publishedLayout = DenoiserCase(
    folder: "unet-32x16", configuration: DenoiserConfiguration(baseWidth: 32))

  /// An autoencoder's folder in `golden` and its settings.
  struct AutoencoderCase: Sendable, CustomTestStringConvertible {
    let folder: String
    let configuration: AutoencoderConfiguration
    var testDescription: String { folder }

    /// Loads the autoencoder, strictly.
    func load(_ context: ComputeContext, _ type: ElementType) throws -> Autoencoder {
      try GoldenNetwork.load("\(folder)/model.pth", unused: ["coords"], context, type) {
        try Autoencoder($0, configuration)
      }
    }

    /// Inputs and expected outputs.
    func inputsAndOutputs() throws -> GoldenFile {
      try GoldenFile(named: "\(folder)/io.safetensors")
    }
  }

  static let autoencoders = [64, 256].map {
    AutoencoderCase(
      folder: "ae-\($0)", configuration: AutoencoderConfiguration(resolution: $0, width: 32))
  }

  /// The parameters of a golden checkpoint.
  static func parameters(_ path: String) throws -> CheckpointParameters {
    let checkpoint = try GoldenFile(named: path).checkpoint
    return CheckpointParameters(
      checkpoint, try StateDictionary(in: checkpoint, networks: NetworkFile.weightNames()))
  }

  private static func load<Network>(
    _ path: String, unused: Set<String>, _ context: ComputeContext,
    _ type: ElementType, _ make: (ParameterScope) throws -> Network
  ) throws -> Network {
    let checkpoint = try GoldenFile(named: path).checkpoint
    let dictionary = try StateDictionary(
      in: checkpoint, networks: NetworkFile.weightNames())
    let scope = ParameterScope(
      CheckpointParameters(checkpoint, dictionary), context: context, elementType: type)
    let network = try make(scope)
    try scope.checkEverythingWasUsed(of: dictionary.tensors.map(\.name), except: unused)
    return network
  }
}
