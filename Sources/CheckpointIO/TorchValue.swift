/// What to store in a .pth file: tensors, and plain values and dictionaries around them.
public indirect enum TorchValue: Sendable, Hashable {
  case none
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case list([TorchValue])
  /// A `dict`, in order.
  case dictionary([Member])
  /// An `OrderedDict`, which is what a module's `state_dict()` is, of tensors under their names.
  case stateDictionary([TensorDescription])

  /// One key of a dictionary with its value.
  public struct Member: Sendable, Hashable {
    public let key: String
    public let value: TorchValue

    /// Creates the member `key: value`.
    public init(key: String, value: TorchValue) {
      self.key = key
      self.value = value
    }
  }

  /// The tensors in the order in which their data will be asked for.
  public var tensors: [TensorDescription] {
    switch self {
    case .stateDictionary(let tensors): tensors
    case .list(let values): values.flatMap(\.tensors)
    case .dictionary(let members): members.flatMap(\.value.tensors)
    case .none, .boolean, .integer, .float, .string: []
    }
  }
}
