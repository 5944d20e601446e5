/// Finds networks in a checkpoint by their own names, whatever stands in front of them.
///
/// Wrappers of training scripts (`state_dict`, `ema`), prefixes of modules (`module.`, `model.`) and keys
/// of nested dictionaries are all the same here: what comes before the network's own names. Time grows
/// with the size of the file, whatever its names are.
struct NetworkFinder {
  /// A place where a network stands.
  struct Candidate {
    /// The position of the network in the list given.
    let network: Int
    /// What stands before the network's names, up to the dot.
    let prefix: String
    /// The keys that lead to the dictionary of the landmarks.
    let path: String
    let standing: Standing
    /// Whether the names have lost their dots.
    let isDotless: Bool
    /// Tensors under the network's own names, in the file's order.
    var tensors: [StateDictionary.Tensor] = []
    /// What stands under the network's names without being a tensor that can be read.
    var unreadable: [(name: String, kind: String)] = []
    /// Parts that were taken out of the middle of names.
    var removed: Set<String> = []
  }

  /// What a place says of its weights, the preferred first.
  enum Standing: Int, Comparable {
    case average, neutral, live, aside

    static func < (first: Standing, second: Standing) -> Bool { first.rawValue < second.rawValue }
  }

  let networks: [WeightNames]

  /// All places that hold a network, by network and preference.
  func candidates(in leaves: TensorLeaves) -> [Candidate] {
    let names = Set(leaves.leaves.lazy.map(\.name).filter { $0.hasSuffix("n_averaged") })
    var found: [Candidate] = []
    for (network, known) in networks.enumerated() {
      let landmark = known.landmarks[0].split(separator: ".")
      let dotless = known.landmarks[0].filter { $0 != "." }
      var seen: Set<String> = []
      var own: [(candidate: Candidate, order: (Standing, Int, Int))] = []
      for leaf in leaves.leaves {
        var isDotless = false
        var prefix = Self.prefix(of: leaf.name, before: landmark)
        if prefix == nil, known.dotless != nil, leaf.name.hasSuffix(dotless) {
          isDotless = true
          prefix = leaf.name.dropLast(dotless.count)
        }
        guard let prefix, seen.insert(String(prefix) + (isDotless ? "*" : "")).inserted else {
          continue
        }
        let standing = isDotless ? .average : Self.standing(prefix, names)
        own.append(
          (
            Candidate(
              network: network, prefix: String(prefix), path: leaves.paths[leaf.container],
              standing: standing, isDotless: isDotless),
            (standing, prefix.utf8.count { $0 == UInt8(ascii: ".") }, own.count)
          ))
      }
      own.sort { $0.order < $1.order }
      found += own.prefix(CheckpointLimits.candidates).map(\.candidate)
    }
    fill(&found, leaves)
    return found.filter { candidate in
      let names = Set(candidate.tensors.map(\.name) + candidate.unreadable.map(\.name))
      return networks[candidate.network].landmarks.allSatisfy(names.contains)
    }
  }

  /// Gives each candidate the leaves that belong to it: those with its prefix and no longer one.
  private func fill(_ candidates: inout [Candidate], _ leaves: TensorLeaves) {
    let prefixes = Set(candidates.map(\.prefix)).sorted { $0.utf8.count > $1.utf8.count }
    let places = Dictionary(grouping: candidates.indices, by: { candidates[$0].prefix })
    for leaf in leaves.leaves {
      guard let prefix = prefixes.first(where: { leaf.name.hasPrefix($0) }) else { continue }
      let rest = Substring(leaf.name.utf8.dropFirst(prefix.utf8.count))
      for place in places[prefix] ?? [] {
        let known = networks[candidates[place].network]
        let name: String
        var removed: [Substring] = []
        if candidates[place].isDotless {
          guard let dotted = known.dotless?.dotted(rest) else { continue }
          name = dotted
        } else {
          let parts =
            Self.mayHoldTransparentParts(rest)
            ? rest.split(separator: ".", omittingEmptySubsequences: false) : []
          removed = parts.filter { Self.isTransparent($0) }
          name =
            removed.isEmpty
            ? String(rest) : parts.filter { !Self.isTransparent($0) }.joined(separator: ".")
          let isNear = leaves.paths[leaf.container] == candidates[place].path
          guard belongs(name, to: known, isNear: isNear, isTensor: leaf.tensor != nil) else {
            continue
          }
        }
        candidates[place].removed.formUnion(removed.map(String.init))
        if let tensor = leaf.tensor {
          candidates[place].tensors.append(StateDictionary.Tensor(name: name, entry: tensor))
        } else {
          candidates[place].unreadable.append((name, leaf.kind))
        }
      }
    }
  }

  /// Whether a name with a network's prefix is the network's.
  ///
  /// What starts like one of its own names always is. Another that stands beside them in the same dictionary
  /// is too, so that a network of another make is noticed, unless it is known to be something else.
  private func belongs(
    _ name: String, to network: WeightNames, isNear: Bool, isTensor: Bool
  ) -> Bool {
    let first = String(name.prefix { $0 != "." })
    if network.components.contains(first) { return true }
    guard isNear, isTensor, !Self.companions.contains(first) else { return false }
    if !network.components.isEmpty {
      // Networks have dots in all names that are not listed: this is a count or a schedule.
      guard first.utf8.count < name.utf8.count else { return false }
    }
    return !networks.contains { $0.components.contains(first) }
  }

  /// What stands in front of `landmark` at the end of `name`, with its dot; nil if it does not end so. Parts
  /// that wrapping modules put in between are stepped over.
  static func prefix(of name: String, before landmark: [Substring]) -> Substring? {
    var rest = name[...]
    for (position, part) in landmark.reversed().enumerated() {
      while position > 0, isTransparent(lastPart(rest)) { rest = dropLastPart(rest) }
      guard lastPart(rest) == part else { return nil }
      if position == landmark.count - 1 { return Substring(rest.utf8.dropLast(part.utf8.count)) }
      rest = dropLastPart(rest)
    }
    return nil
  }

  private static func lastPart(_ name: Substring) -> Substring {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return name }
    return name[name.utf8.index(after: dot)...]
  }

  private static func dropLastPart(_ name: Substring) -> Substring {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return name.prefix(0) }
    return name[..<dot]
  }

  /// Parts that modules around modules leave in names: torch.compile, FSDP of two ages, activation
  /// checkpointing, and DistributedDataParallel around a part of a network.
  private static func isTransparent(_ part: Substring) -> Bool {
    switch part {
    case "_orig_mod", "_fsdp_wrapped_module", "_fpw_module", "_checkpoint_wrapped_module", "module":
      true
    default: false
    }
  }

  /// Whether the name has the letters that all of those have in common. Few names do, and taking a name
  /// apart costs most of the time that finding a network takes.
  private static func mayHoldTransparentParts(_ name: Substring) -> Bool {
    var matched = 0
    for byte in name.utf8 {
      switch (matched, byte) {
      case (_, UInt8(ascii: "m")): matched = 1
      case (1, UInt8(ascii: "o")): matched = 2
      case (2, UInt8(ascii: "d")): return true
      default: matched = 0
      }
    }
    return false
  }

  /// First parts of names that stand beside a network in a training module and are none of its own:
  /// losses and what counts updates.
  private static let companions: Set<String> = [
    "loss", "losses", "criterion", "perceptual_loss", "lpips", "discriminator", "disc",
    "n_averaged",
    "num_updates", "decay", "step", "initted", "epoch", "global_step", "logvar", "scale_factor",
  ]

  /// What the keys before a network say of it; the innermost that says anything counts.
  private static func standing(_ prefix: Substring, _ names: Set<String>) -> Standing {
    var rest = prefix.utf8.last == UInt8(ascii: ".") ? Substring(prefix.utf8.dropLast()) : prefix
    // What stands further out says nothing of these weights in particular.
    for _ in 0..<16 where !rest.isEmpty {
      let part = lastPart(rest)
      let around = dropLastPart(rest)
      // PyTorch's AveragedModel has the module under `module.` and the number of updates beside it.
      if part == "module", names.contains(around.isEmpty ? "n_averaged" : "\(around).n_averaged") {
        return .average
      }
      let standing = standing(ofPart: part)
      if standing != .neutral { return standing }
      rest = around
    }
    return .neutral
  }

  static func standing(ofPart part: Substring) -> Standing {
    let folded = part.lowercased()
    let words = folded.split { !$0.isLetter }
    if words.contains(where: { averageWords.contains(String($0)) }) || folded.hasPrefix("ema")
      || (folded.hasSuffix("ema") && !folded.hasSuffix("schema"))
    {
      return .average
    }
    if words.contains(where: { liveWords.contains(String($0)) }) { return .live }
    if words.contains(where: { asideWords.contains(String($0)) }) { return .aside }
    return .neutral
  }

  private static let averageWords: Set<String> = [
    "ema", "averaged", "average", "avg", "swa", "polyak", "shadow",
  ]
  private static let liveWords: Set<String> = ["online", "student", "raw", "live"]
  private static let asideWords: Set<String> = [
    "optimizer", "optimizers", "optim", "opt", "grad", "grads", "gradients", "momentum", "initial",
    "init", "previous", "prev", "old", "backup",
  ]
}
