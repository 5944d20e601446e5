import CheckpointIO
import InspectionKit
import NeuralLayers
import TensorCore
import VideoDiffusion

extension FuzzTarget {
  /// Containers, pickles and headers, and the elements of small tensors.
  static let checkpoint = FuzzTarget(name: "checkpoint") {
    try [torch(networks: [SmallNetwork.denoiser]), safetensors()]
  } run: { bytes in
    ScratchFile.with(bytes) { path in
      guard let checkpoint = try? Checkpoint(contentsOf: path) else { return }
      _ = "\(checkpoint.root)"
      for entry in checkpoint.tensors where entry.elementCount <= 1 << 12 {
        _ = try? checkpoint.float32Values(entry)
        _ = try? checkpoint.int64Values(entry)
      }
      try? checkpoint.verifyChecksums()
      let networks = NetworkFile.weightNames()
      _ = try? StateDictionary(in: checkpoint, networks: networks)
      _ = StateDictionary.availableWrappers(in: checkpoint, networks: networks)
    }
  }

  /// What `pvdm inspect`, `pvdm models` and the studio do with a file that they find.
  static let network = FuzzTarget(name: "network") {
    try [
      torch(networks: [SmallNetwork.denoiser]), torch(networks: [SmallNetwork.autoencoder]),
      safetensors(),
    ]
  } run: { bytes in
    ScratchFile.with(bytes, ending: ".pth") { path in
      _ = try? NetworkFile(path: path)
      guard let inspection = try? Inspection(of: path) else { return }
      _ = "\(inspection)"
    }
  }

  /// A run that was stopped, to go on with.
  static let savedRun = FuzzTarget(name: "saved-run") {
    try [savedRunBytes()]
  } run: { bytes in
    ScratchFile.with(bytes, ending: ".safetensors") { path in _ = try? SavedRun(contentsOf: path) }
  }

  /// A .pth file of random weights under the keys of the authors.
  private static func torch(networks: [RandomParameters]) throws -> [UInt8] {
    try written("seed.pth") { path in
      let sources = networks.flatMap { source in source.parameters.map { (source, $0) } }
      let tensors = sources.map {
        TensorDescription(name: $1.name, elementType: .float16, shape: $1.shape)
      }
      let byName = Dictionary(uniqueKeysWithValues: sources.map { ($1.name, $0) })
      try TorchWriter(tensors: tensors).write(to: path) { tensor, sink in
        let values = try byName[tensor.name]?.withValues(of: tensor.name) { Array($0) }
        try sink.append(converting: values ?? [])
      }
    }
  }

  private static func safetensors() throws -> [UInt8] {
    try written("seed.safetensors") { path in
      let tensors = ElementType.allCases.map {
        TensorDescription(name: "a.\($0.rawValue)", elementType: $0, shape: [2, 3])
      }
      try SafetensorsWriter(tensors: tensors, metadata: ["format": "pt"]).write(to: path) {
        tensor, sink in
        let ones = [UInt8](repeating: 1, count: 6 * tensor.elementType.byteCount)
        try ones.withUnsafeBytes { try sink.append($0) }
      }
    }
  }

  private static func savedRunBytes() throws -> [UInt8] {
    try written("seed.safetensors") { path in
      let geometry = PlaneGeometry(side: 4)
      let latent = Latent(
        values: [Float](repeating: 0.5, count: PlaneGeometry.channels * geometry.tokenCount),
        tokenCount: geometry.tokenCount)
      let settings = SamplerConfiguration(steps: 3)
      let sampler = try Sampler(configuration: settings).initialState(
        seeds: [7], tokenCount: geometry.tokenCount)
      var state = GenerationState(condition: [latent])
      state.sampler = sampler
      state.finishedClips = 1
      try SavedRun(
        request: GenerationRequest(clipCount: 2, firstSampler: settings, laterSampler: settings),
        state: state, finishedClips: [[latent]]
      ).write(to: path)
    }
  }
}

/// Networks of a few kilobytes.
private enum SmallNetwork {
  static var denoiser: RandomParameters {
    RandomParameters(
      DenoiserConfiguration(
        geometry: PlaneGeometry(side: 2), baseWidth: 32, widthMultipliers: [1], residualBlocks: 1,
        attentionFactors: [1], headCount: 4))
  }

  static var autoencoder: RandomParameters {
    RandomParameters(
      AutoencoderConfiguration(
        resolution: 16, width: 8, layers: 1, projectionLayers: 1, projectionHiddenWidth: 8))
  }
}
