import CheckpointIO
import TensorCore
import VideoDiffusion

/// What a checkpoint file holds, whatever it is of.
public struct CheckpointSummary: Sendable, Encodable {
  /// One tensor.
  public struct Tensor: Sendable, Encodable {
    /// Its full name in the file.
    public let name: String
    /// The type of its elements: `float32`, `int64` and so on.
    public let type: String
    /// Extents, slowest axis first.
    public let shape: [Int]
  }

  /// `torchZip`, `torchLegacy` or `safetensors`.
  public let container: String
  /// Tensors in the file.
  public let tensorCount: Int
  /// Elements of all tensors.
  public let elementCount: Int
  /// What stands at the top of the file beside tensors, such as `epoch`, as text.
  public let values: [String: String]
  /// The strings in a safetensors header.
  public let metadata: [String: String]
  /// Keys under which weights stand, the preferred first; empty if they stand at the top.
  public let wrappers: [String]
  /// Every tensor, in the file's order.
  public let tensors: [Tensor]

  init(_ checkpoint: Checkpoint) {
    container = checkpoint.container.rawValue
    tensorCount = checkpoint.tensors.count
    elementCount = checkpoint.tensors.reduce(0) { $0 + $1.elementCount }
    metadata = checkpoint.metadata
    wrappers = StateDictionary.availableWrappers(
      in: checkpoint, networks: NetworkFile.weightNames())
    tensors = checkpoint.tensors.map {
      Tensor(name: $0.name, type: $0.elementType.rawValue, shape: $0.shape)
    }
    var values: [String: String] = [:]
    for member in checkpoint.root.members ?? [] {
      switch member.value {
      case .tensor, .dictionary, .list: break
      default: values[member.key] = member.value.description
      }
    }
    self.values = values
  }

  /// The container in words.
  public var containerName: String {
    switch CheckpointContainer(rawValue: container) {
    case .torchZip: "PyTorch (.pth, zip)"
    case .pickle: "a pickle of NumPy arrays"
    case .torchLegacy: "PyTorch (.pth, from before 1.6)"
    case .safetensors: "safetensors"
    case nil: container
    }
  }

  /// The summary without its list of tensors.
  func withoutTensors() -> CheckpointSummary { CheckpointSummary(self, tensors: []) }

  private init(_ other: CheckpointSummary, tensors: [Tensor]) {
    container = other.container
    tensorCount = other.tensorCount
    elementCount = other.elementCount
    values = other.values
    metadata = other.metadata
    wrappers = other.wrappers
    self.tensors = tensors
  }

  private enum CodingKeys: String, CodingKey {
    case container, tensorCount, elementCount, values, metadata, wrappers, tensors
  }

  public func encode(to encoder: any Encoder) throws {
    var keyed = encoder.container(keyedBy: CodingKeys.self)
    try keyed.encode(container, forKey: .container)
    try keyed.encode(tensorCount, forKey: .tensorCount)
    try keyed.encode(elementCount, forKey: .elementCount)
    try keyed.encode(values, forKey: .values)
    try keyed.encode(metadata, forKey: .metadata)
    try keyed.encode(wrappers, forKey: .wrappers)
    if !tensors.isEmpty { try keyed.encode(tensors, forKey: .tensors) }
  }
}

extension Inspection {
  /// The inspection with a list of all tensors only where it is asked for.
  public func listingTensors(_ lists: Bool) -> Inspection {
    guard !lists else { return self }
    var short = self
    // What is no network of PVDM is told by its tensors.
    if kind != .checkpoint { short.checkpoint = checkpoint?.withoutTensors() }
    return short
  }
}
