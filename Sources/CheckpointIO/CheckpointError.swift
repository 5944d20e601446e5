import Glibc
import TensorCore

/// What went wrong while a checkpoint or another file was read or written, and where.
///
/// `description` is one sentence saying what was found and what was expected. What a person should
/// do about it is left to the layer that knows the person's task.
public struct CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file concerned, as the caller named it.
  public let path: String
  /// The failure with its context.
  public let kind: Kind

  /// Creates an error about the file at `path`.
  package init(path: String, kind: Kind) {
    self.path = path
    self.kind = kind
  }

  public var description: String { "\(path): \(kind)" }

  /// The failures this module tells apart. Byte counts and offsets are in bytes.
  public enum Kind: Error, Sendable, Hashable {
    /// A system call failed; `operation` is a verb phrase ("open", "write"), `code` its `errno`.
    case fileSystem(operation: String, code: Int32)
    /// The first bytes belong to no container this module reads.
    case unknownContainer(found: String)
    /// The file ends before `part` does.
    case truncated(part: String, needed: Int, available: Int)
    /// `part` breaks the rules of its format.
    case malformed(part: String, found: String, expected: String)
    /// `part` is valid, but of a variant that is not read.
    case unsupported(part: String, found: String, expected: String)
    /// A pickle names something that runs commands or code ("os.system"). Nothing of it was run.
    case refusedGlobal(name: String)
    /// A pickle holds an instruction outside the allow-list.
    case refusedOpcode(opcode: UInt8, offset: Int)
    /// A count or size passes the bound that protects memory and time.
    case limitExceeded(what: String, limit: Int)
    /// A tensor reaches past the bytes that store it.
    case outOfBounds(tensor: String, found: String, expected: String)
    /// The stored CRC-32 of a record differs from that of its bytes.
    case checksumMismatch(record: String, stored: UInt32, computed: UInt32)
    /// Another file appeared under the new one's name, which is kept under another.
    case nameTaken(kept: String)
    /// A tensor's type is not one the call can give.
    case elementType(tensor: String, found: ElementType, expected: String)
    /// A buffer or the data given for a tensor has the wrong length, in the unit named by `unit`.
    case length(tensor: String, found: Int, expected: Int, unit: String)
    /// A call for plain bytes met a tensor whose elements do not lie in order, one by one.
    case notContiguous(tensor: String)
    /// The file was truncated or replaced in place after it was opened.
    case fileChanged(found: Int, expected: Int)
    /// There is no tensor in the file; `found` lists the top-level keys.
    case noTensors(found: [String])
    /// There are tensors, but not those of a network that was looked for; `groups` says where they
    /// stand and how many, `names` gives the first few.
    case noNetwork(groups: [String], names: [String])
    /// A tensor that is needed is of a kind that is not read.
    case unreadableTensor(name: String, found: String)
    /// A file of a checkpoint in several files is not there.
    case missingShard(name: String, count: Int)
    /// The wrapper asked for is not there; `found` lists those that are.
    case noWrapper(name: String, found: [String])
    /// Two tensors have one name.
    case duplicateName(name: String)
    /// The task that read the file was cancelled.
    case cancelled
  }
}

extension CheckpointError.Kind: CustomStringConvertible {
  /// One sentence without the path.
  public var description: String {
    switch self {
    case .fileSystem(let operation, let code):
      "cannot \(operation): \(String(cString: strerror(code)))"
    case .unknownContainer(let found):
      "found \(found), expected a PyTorch or safetensors checkpoint"
    case .truncated(let part, let needed, let available):
      "\(part) needs \(needed) bytes, but only \(available) are left in the file"
    case .malformed(let part, let found, let expected):
      "\(part) is damaged: found \(found), expected \(expected)"
    case .unsupported(let part, let found, let expected):
      "\(part) is not supported: found \(found), expected \(expected)"
    case .refusedGlobal(let name):
      "the pickle wanted \(name.quotedForMessage), which runs commands or code; nothing was run"
    case .refusedOpcode(let opcode, let offset):
      "the pickle holds instruction \(opcode) at byte \(offset), which is not on the list of"
        + " harmless instructions"
    case .limitExceeded(let what, let limit):
      "\(what) passes the limit of \(limit)"
    case .outOfBounds(let tensor, let found, let expected):
      "tensor \(tensor.quotedForMessage) does not fit its storage: found \(found), expected"
        + " \(expected)"
    case .checksumMismatch(let record, let stored, let computed):
      "record \(record.quotedForMessage) is damaged: its CRC-32 is"
        + " \(String(computed, radix: 16)), expected \(String(stored, radix: 16))"
    case .nameTaken(let kept):
      "another file appeared under this name meanwhile and is left as it is; the new one is kept as"
        + " \(kept)"
    case .elementType(let tensor, let found, let expected):
      "tensor \(tensor.quotedForMessage) has type \(found.rawValue), expected \(expected)"
    case .length(let tensor, let found, let expected, let unit):
      "tensor \(tensor.quotedForMessage) was given \(found) \(unit), expected \(expected)"
    case .notContiguous(let tensor):
      "tensor \(tensor.quotedForMessage) is strided, packed or turned, expected elements as they are"
    case .fileChanged(let found, let expected):
      "the file changed after it was opened: found \(found) bytes, expected \(expected)"
    case .noTensors(let found):
      "found no tensors, but \(found.listedForMessage)"
    case .noNetwork(let groups, let names):
      "found no weights of the network, but \(groups.joined(separator: ", ")); the first are"
        + " \(names.listedForMessage)"
    case .unreadableTensor(let name, let found):
      "tensor \(name.quotedForMessage) is \(found), expected plain float64, float32, float16 or bfloat16"
    case .missingShard(let name, let count):
      "the checkpoint has \(count) files, of which \(name.quotedForMessage) is missing beside this one"
    case .noWrapper(let name, let found):
      "found no tensors under \(name.quotedForMessage), but \(found.joined(separator: ", "))"
    case .duplicateName(let name):
      "the name \(name.quotedForMessage) appears twice, expected names to be unique"
    case .cancelled: "reading was cancelled"
    }
  }
}

extension String {
  /// The text in quotation marks, control characters escaped and cut to 120 characters, because
  /// names come from files that nobody vouches for and messages go to terminals.
  var quotedForMessage: String {
    let escaped = prefix(120).unicodeScalars.map { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: "\\u{\(scalar.value)}"
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\(count > 120 ? "…" : "")\""
  }
}

extension [String] {
  /// Up to eight quoted names, then a count of the rest.
  fileprivate var listedForMessage: String {
    guard !isEmpty else { return "nothing else" }
    let names = prefix(8).map(\.quotedForMessage).joined(separator: ", ")
    return count > 8 ? "\(names) and \(count - 8) more" : names
  }
}
