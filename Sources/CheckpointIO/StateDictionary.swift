/// The tensors of one network within a checkpoint, under the names that the network itself uses.
///
/// Training scripts save weights bare, or beside an optimiser under a key of their own, or with
/// prefixes that a wrapping module left on every name. What was found and dropped is told in
/// `notes`, so that a person can see it.
public struct StateDictionary: Sendable {
  /// Which part of a checkpoint to take.
  public enum Choice: Sendable, Hashable {
    /// The first of the wrappers that is there, else the top level.
    case automatic
    /// The top level, whatever wrappers there are.
    case topLevel
    /// This wrapper: a key, or keys joined by dots ("model.state_dict").
    case wrapper(String)
  }

  /// One tensor under its name within the network.
  public struct Tensor: Sendable, Hashable {
    public let name: String
    public let entry: TensorEntry
  }

  /// The tensors, in the file's order; names are unique.
  public let tensors: [Tensor]
  /// The keys that led to the tensors, joined by dots; nil for the top level.
  public let wrapper: String?
  /// The prefixes dropped from names, the outermost first.
  public let droppedPrefixes: [String]
  /// What was done, one sentence an item: `used the weights under "ema"`.
  public let notes: [String]
  /// What stands at the top of the checkpoint beside weights and wrappers ("epoch", "step").
  public let values: [CheckpointValue.Member]

  private let entries: [String: TensorEntry]

  /// Finds a network's tensors in a checkpoint.
  ///
  /// - Parameters:
  ///   - wrappers: keys under which weights may stand, the preferred first. They may be nested in
  ///     one another, and may also be the first part of dotted names ("ema.out.weight").
  ///   - prefixes: beginnings of names to drop, tried in this order and again after each success,
  ///     if every name (or every one but `strays`) carries them.
  ///   - strays: names that need not carry a prefix; one that ends in a dot stands for all names
  ///     that start with it.
  ///   - choice: which wrapper to take.
  /// - Throws: `noTensors`, `noWrapper`, or `duplicateName` if two tensors get one name.
  public init(
    in checkpoint: Checkpoint, wrappers: [String] = [], prefixes: [String] = [],
    strays: [String] = [], choice: Choice = .automatic
  ) throws(CheckpointError) {
    do throws(CheckpointError.Kind) {
      let finder = WrapperFinder(wrappers: wrappers, strays: strays)
      let found = try finder.find(choice, in: checkpoint.root)
      var notes: [String] = []
      if let wrapper = found.wrapper {
        notes.append("used the weights under \(wrapper.quotedForMessage)")
      }
      if found.ignoredCount > 0 {
        notes.append("left out \(Self.counted(found.ignoredCount, "tensor")) elsewhere in the file")
      }
      var names = found.tensors.map(\.name)
      droppedPrefixes = Self.dropPrefixes(prefixes, from: &names, strays: strays, notes: &notes)
      var entries: [String: TensorEntry] = [:]
      for (name, tensor) in zip(names, found.tensors) {
        guard entries.updateValue(tensor.entry, forKey: name) == nil else {
          throw .duplicateName(name: name)
        }
      }
      tensors = zip(names, found.tensors).map { Tensor(name: $0, entry: $1.entry) }
      wrapper = found.wrapper
      self.notes = notes
      self.entries = entries
      values = (checkpoint.root.members ?? []).filter { member in
        switch member.value {
        case .tensor, .dictionary, .list: false
        default: true
        }
      }
    } catch {
      throw CheckpointError(path: checkpoint.path, kind: error)
    }
  }

  /// The tensor called `name` within the network.
  public subscript(name: String) -> TensorEntry? { entries[name] }

  /// The wrappers of the given list under which a checkpoint has tensors, the preferred first, each
  /// with all the keys that lead there. A caller can offer them as choices.
  public static func availableWrappers(
    in checkpoint: Checkpoint, of wrappers: [String]
  ) -> [String] {
    WrapperFinder(wrappers: wrappers, strays: []).available(in: checkpoint.root)
  }

  /// Drops each prefix that all names carry, the strays excepted, until none is left to drop.
  private static func dropPrefixes(
    _ prefixes: [String], from names: inout [String], strays: [String], notes: inout [String]
  ) -> [String] {
    var dropped: [String] = []
    while let prefix = prefixes.first(where: { isShared($0, by: names, strays: strays) }) {
      let count = names.count { $0.hasPrefix(prefix) }
      names = names.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
      dropped.append(prefix)
      notes.append(
        "dropped the prefix \(prefix.quotedForMessage) from \(counted(count, "name"))")
    }
    return dropped
  }

  private static func isShared(_ prefix: String, by names: [String], strays: [String]) -> Bool {
    guard !prefix.isEmpty else { return false }
    var isCarried = false
    for name in names {
      if name.hasPrefix(prefix) && name.count > prefix.count {
        isCarried = true
      } else if !name.isStray(among: strays) {
        return false
      }
    }
    return isCarried
  }

  private static func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}

extension String {
  /// Whether the name is one of `strays`, or starts with one that ends in a dot.
  func isStray(among strays: [String]) -> Bool {
    strays.contains { self == $0 || ($0.hasSuffix(".") && hasPrefix($0)) }
  }
}
