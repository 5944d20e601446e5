/// What a checkpoint holds, as a tree: its tensors and the plain values beside them.
///
/// Tuples, lists and sets are all lists here. Keys that are no strings in the file (the integers in the "state"
/// of an optimiser) are written about as Python prints them. Objects are what is known of them as data: keys
/// that were set, else attributes; the parameters, buffers and modules of a module of PyTorch stand under
/// their own names, as in its `state_dict()`.
public indirect enum CheckpointValue: Sendable {
  case none
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case tensor(TensorEntry)
  case list([CheckpointValue])
  /// Members in the file's order; keys are unique.
  case dictionary([Member])
  /// Something that is neither a tensor nor plain data (a device, a dtype, a NumPy array, an object, a
  /// tensor of a type that is not read), by name.
  case opaque(String)

  /// One key of a dictionary with its value.
  public struct Member: Sendable {
    public let key: String
    public let value: CheckpointValue

    /// Creates the member `key: value`.
    public init(key: String, value: CheckpointValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value under `key`; nil if this is no dictionary or has no such key.
  public subscript(key: String) -> CheckpointValue? {
    members?.first { $0.key == key }?.value
  }

  /// The members of a dictionary, nil for any other value.
  public var members: [Member]? {
    guard case .dictionary(let members) = self else { return nil }
    return members
  }

  /// The integer, nil for any other value.
  public var integer: Int? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  /// The tensor, nil for any other value.
  public var tensor: TensorEntry? {
    guard case .tensor(let value) = self else { return nil }
    return value
  }

  /// The same tree, its tensors as members of the file number `part`.
  func inPart(_ part: Int) -> CheckpointValue {
    switch self {
    case .tensor(let entry): .tensor(entry.inPart(part))
    case .list(let values): .list(values.map { $0.inPart(part) })
    case .dictionary(let members):
      .dictionary(members.map { Member(key: $0.key, value: $0.value.inPart(part)) })
    default: self
    }
  }

  /// The tensors of the tree in order, containers before what follows them.
  func appendTensors(to tensors: inout [TensorEntry]) {
    switch self {
    case .tensor(let entry): tensors.append(entry)
    case .list(let values): for value in values { value.appendTensors(to: &tensors) }
    case .dictionary(let members):
      for member in members { member.value.appendTensors(to: &tensors) }
    default: break
    }
  }
}

extension CheckpointValue: CustomStringConvertible {
  /// A short form for people: containers and tensors by size only, so it stays one short line.
  public var description: String {
    switch self {
    case .none: "none"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): value.quotedForMessage
    case .bytes(let value): "\(value.count) bytes"
    case .tensor(let entry): "\(entry)"
    case .list(let values): "a list of \(values.count)"
    case .dictionary(let members): "a dictionary of \(members.count)"
    case .opaque(let name): name.quotedForMessage
    }
  }
}

extension CheckpointValue {
  /// The keys that lead to something within what `name` leads to, joined by dots.
  static func joined(_ name: String, _ key: String) -> String {
    name.isEmpty ? key : "\(name).\(key)"
  }
}
