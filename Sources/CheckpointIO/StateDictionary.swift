/// The tensors of one network within a checkpoint, under the names that the network itself uses.
///
/// Training scripts save weights bare, or beside an optimiser under a key of their own, or with
/// prefixes that wrapping modules left on every name. The network is found by its own names anywhere in the
/// checkpoint; where several copies are, a moving average comes first. What was found and dropped is told
/// in `notes`, so that a person can see it.
public struct StateDictionary: Sendable {
  /// One tensor under its name within the network.
  public struct Tensor: Sendable, Hashable {
    public let name: String
    public let entry: TensorEntry
  }

  /// The position of the network found in the list given.
  public let network: Int
  /// The positions of all networks of the list that the checkpoint holds, in the list's order.
  public let presentNetworks: [Int]
  /// The tensors, in the file's order; names are unique.
  public let tensors: [Tensor]
  /// The keys that led to the tensors, joined by dots; nil for the top level.
  public let wrapper: String?
  /// Whether the keys say that the weights are a moving average.
  public let isMovingAverage: Bool
  /// The prefixes dropped from names, the outermost first.
  public let droppedPrefixes: [String]
  /// What was done, one sentence an item: `used the weights under "model"`.
  public let notes: [String]
  /// What stands at the top of the checkpoint beside weights and wrappers ("epoch", "step").
  public let values: [CheckpointValue.Member]

  private let entries: [String: TensorEntry]

  /// Finds a network's tensors in a checkpoint.
  ///
  /// - Parameters:
  ///   - networks: The networks to look for, the preferred first.
  ///   - wrapper: Keys, joined by dots, under which the weights have to stand; nil takes the best.
  /// - Throws: `noTensors`, `noNetwork`, `noWrapper`; `unreadableTensor` if a weight is of a kind that is not
  ///   read; `duplicateName` if two tensors get one name.
  public init(
    in checkpoint: Checkpoint, networks: [WeightNames], wrapper: String? = nil
  ) throws(CheckpointError) {
    do throws(CheckpointError.Kind) {
      try self.init(checkpoint, networks, wrapper)
    } catch {
      throw CheckpointError(path: checkpoint.path, kind: error)
    }
  }

  private init(
    _ checkpoint: Checkpoint, _ networks: [WeightNames], _ wrapper: String?
  ) throws(CheckpointError.Kind) {
    let leaves = TensorLeaves(checkpoint.root)
    let all = NetworkFinder(networks: networks).candidates(in: leaves)
    let allowed = wrapper.map { name in Self.under(name, all) } ?? all
    guard var best = allowed.first else {
      throw Self.nothing(checkpoint, leaves, wrapper)
    }
    var notes: [String] = []
    let rivals = (wrapper == nil ? allowed : all).filter {
      $0.network == best.network && $0.prefix != best.prefix
    }
    Self.complete(&best, from: rivals, networks[best.network], mayReplace: wrapper == nil, &notes)
    if let lost = best.unreadable.first {
      throw .unreadableTensor(name: best.prefix + lost.name, found: lost.kind)
    }
    var entries: [String: TensorEntry] = [:]
    for tensor in best.tensors {
      guard entries.updateValue(tensor.entry, forKey: tensor.name) == nil else {
        throw .duplicateName(name: tensor.name)
      }
    }
    let parts = Self.wrapperAndPrefixes(of: best, asked: wrapper)
    network = best.network
    presentNetworks = Array(Set(all.map(\.network))).sorted()
    tensors = best.tensors
    self.wrapper = parts.wrapper
    isMovingAverage = best.standing == .average
    droppedPrefixes = parts.prefixes
    self.entries = entries
    let ignored = checkpoint.tensors.count - best.tensors.count
    self.notes =
      Self.notes(on: best, parts.wrapper, parts.prefixes, rivals: rivals, ignored: ignored) + notes
    values = (checkpoint.root.members ?? []).filter { member in
      switch member.value {
      case .tensor, .dictionary, .list: false
      default: true
      }
    }
  }

  /// The tensors of a checkpoint whose layout is known: those whose names begin with one of some
  /// prefixes, under the rest of their names.
  ///
  /// - Parameters:
  ///   - wrapper: What the tensors are found under, for the notes.
  ///   - isMovingAverage: Whether they are a moving average.
  /// - Throws: `duplicateName` if two get one name.
  package init(
    in checkpoint: Checkpoint, under prefixes: [String], wrapper: String, isMovingAverage: Bool
  ) throws(CheckpointError) {
    var tensors: [Tensor] = []
    var entries: [String: TensorEntry] = [:]
    for entry in checkpoint.tensors {
      guard let prefix = prefixes.first(where: { entry.name.hasPrefix($0) }) else { continue }
      let name = String(entry.name.dropFirst(prefix.count))
      guard entries.updateValue(entry, forKey: name) == nil else {
        throw CheckpointError(path: checkpoint.path, kind: .duplicateName(name: name))
      }
      tensors.append(Tensor(name: name, entry: entry))
    }
    network = 0
    presentNetworks = [0]
    self.tensors = tensors
    self.wrapper = wrapper
    self.isMovingAverage = isMovingAverage
    self.entries = entries
    droppedPrefixes = []
    notes = [
      "used the \(isMovingAverage ? "moving average" : "weights") under \(wrapper.quotedForMessage)"
    ]
    values = []
  }

  /// The tensor called `name` within the network.
  public subscript(name: String) -> TensorEntry? { entries[name] }

  /// The wrappers under which a checkpoint has one of the networks, the preferred first, each with all the
  /// keys that lead there. A caller can offer them as choices.
  public static func availableWrappers(
    in checkpoint: Checkpoint, networks: [WeightNames]
  ) -> [String] {
    let found = NetworkFinder(networks: networks).candidates(in: TensorLeaves(checkpoint.root))
    var names: [String] = []
    for candidate in found {
      let whole = place(candidate.prefix)
      let name =
        wrapperAndPrefixes(of: candidate, asked: nil).wrapper
        ?? (found.count > 1 && !candidate.prefix.isEmpty ? whole : "")
      if !name.isEmpty, !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// The candidates that stand under `wrapper`: right at it or deeper, else at a key within others.
  private static func under(
    _ wrapper: String, _ candidates: [NetworkFinder.Candidate]
  ) -> [NetworkFinder.Candidate] {
    let beginning = wrapper + "."
    let exact = candidates.filter { $0.prefix.hasPrefix(beginning) }
    guard exact.isEmpty else { return exact }
    return candidates.filter { ".\($0.prefix)".contains(".\(beginning)") }
  }

  private static func nothing(
    _ checkpoint: Checkpoint, _ leaves: TensorLeaves, _ wrapper: String?
  ) -> CheckpointError.Kind {
    guard !checkpoint.tensors.isEmpty else {
      return .noTensors(found: checkpoint.root.members?.map(\.key) ?? ["\(checkpoint.root)"])
    }
    if let wrapper, !checkpoint.tensors.contains(where: { $0.name.hasPrefix(wrapper + ".") }) {
      return .noWrapper(name: wrapper, found: leaves.groups)
    }
    return .noNetwork(
      groups: leaves.groups, names: checkpoint.tensors.prefix(3).map(\.name))
  }

  /// Makes a copy of the network whole.
  ///
  /// Moving averages are kept of parameters; the buffers beside them are those of the network itself. A copy
  /// that lacks weights which another has is passed over for that one.
  private static func complete(
    _ best: inout NetworkFinder.Candidate, from rivals: [NetworkFinder.Candidate],
    _ network: WeightNames, mayReplace: Bool, _ notes: inout [String]
  ) {
    let own = Set(best.tensors.map(\.name) + best.unreadable.map(\.name))
    for rival in rivals {
      let missing = rival.tensors.filter { !own.contains($0.name) && network.isNamed($0.name) }
      guard !missing.isEmpty else { continue }
      if missing.allSatisfy({ network.isBuffer($0.name) }) {
        best.tensors += missing
        notes.append(
          "took \(counted(missing.count, "buffer")) that it lacks from "
            + place(rival.prefix).quotedForMessage)
        return
      }
      guard mayReplace, own.isSubset(of: rival.tensors.map(\.name)) else { continue }
      notes.append(
        "passed over \(place(best.prefix).quotedForMessage), which lacks"
          + " \(counted(missing.count, "weight"))")
      best = rival
      return
    }
  }

  /// The keys that say which weights these are, and the prefixes between them and the names.
  private static func wrapperAndPrefixes(
    of candidate: NetworkFinder.Candidate, asked: String?
  ) -> (wrapper: String?, prefixes: [String]) {
    let parts = candidate.prefix.split(separator: ".")
    var count = candidate.path.isEmpty ? 0 : candidate.path.split(separator: ".").count
    if candidate.standing == .average {
      let last = parts.lastIndex { NetworkFinder.standing(ofPart: $0) == .average }
      count = max(count, last.map { $0 + 1 } ?? 0)
    }
    if let asked, candidate.prefix.hasPrefix(asked + ".") {
      count = max(count, asked.split(separator: ".").count)
    }
    count = min(count, parts.count)
    return (
      count == 0 ? nil : parts.prefix(count).joined(separator: "."),
      parts.dropFirst(count).map { $0 + "." }
    )
  }

  private static func notes(
    on best: NetworkFinder.Candidate, _ wrapper: String?, _ prefixes: [String],
    rivals: [NetworkFinder.Candidate], ignored: Int
  ) -> [String] {
    var notes: [String] = []
    let isAverage = best.standing == .average
    var choice = "used the \(isAverage ? "moving average" : "weights") "
    choice += wrapper.map { "under \($0.quotedForMessage)" } ?? "at the top of the file"
    if let other = rivals.first {
      choice +=
        " rather than the \(other.standing == .average ? "moving average" : "weights") under"
      choice += " \(place(other.prefix).quotedForMessage)"
    }
    if wrapper != nil || isAverage || !rivals.isEmpty { notes.append(choice) }
    if ignored > 0 { notes.append("left out \(counted(ignored, "tensor")) elsewhere in the file") }
    notes += prefixes.map {
      "dropped the prefix \($0.quotedForMessage) from \(counted(best.tensors.count, "name"))"
    }
    if !best.removed.isEmpty {
      let parts = best.removed.sorted().map { "\($0).".quotedForMessage }
      notes.append("took \(parts.joined(separator: " and ")) out of names")
    }
    if best.isDotless { notes.append("put the dots back into its names") }
    return notes
  }

  /// A prefix as people name it.
  private static func place(_ prefix: String) -> String {
    let name = prefix.hasSuffix(".") ? String(prefix.dropLast()) : prefix
    return name.isEmpty ? "the top of the file" : name
  }

  private static func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}
