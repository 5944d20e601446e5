/// Finds the dictionary of tensors in a checkpoint's tree, under wrappers or at the top.
struct WrapperFinder {
  /// Tensors under names relative to the wrapper they were found in.
  struct Found {
    let tensors: [StateDictionary.Tensor]
    let wrapper: String?
    /// Tensors that stand beside those found, and were left out.
    let ignoredCount: Int
  }

  /// Keys under which weights may stand, the preferred first.
  let wrappers: [String]
  /// Names that may stand outside a wrapper that is part of dotted names.
  let strays: [String]

  /// Takes the part of `root` that `choice` names.
  func find(
    _ choice: StateDictionary.Choice, in root: CheckpointValue
  ) throws(CheckpointError.Kind) -> Found {
    let candidates: [(path: String, tensors: [StateDictionary.Tensor])]
    switch choice {
    case .automatic: candidates = self.candidates(in: root, path: "", isAutomatic: true)
    case .topLevel: candidates = [("", Self.direct(root))]
    case .wrapper(let path): candidates = [(path, named(path, in: root))]
    }
    guard let best = candidates.first(where: { !$0.tensors.isEmpty }) else {
      if case .wrapper(let path) = choice {
        throw .noWrapper(name: path, found: available(in: root))
      }
      throw .noTensors(found: root.members?.map(\.key) ?? ["\(root)"])
    }
    var all: [TensorEntry] = []
    root.appendTensors(to: &all)
    return Found(
      tensors: best.tensors, wrapper: best.path.isEmpty ? nil : best.path,
      ignoredCount: all.count - best.tensors.count)
  }

  /// The paths of all wrappers that hold tensors.
  func available(in root: CheckpointValue) -> [String] {
    candidates(in: root, path: "", isAutomatic: false).map(\.path).filter { !$0.isEmpty }
  }

  /// Every dictionary of tensors that the wrappers lead to, the preferred first, and at last the
  /// tensors that stand in `value` itself.
  private func candidates(
    in value: CheckpointValue, path: String, isAutomatic: Bool
  ) -> [(path: String, tensors: [StateDictionary.Tensor])] {
    var found: [(path: String, tensors: [StateDictionary.Tensor])] = []
    let direct = Self.direct(value)
    for wrapper in wrappers {
      let inner = path.isEmpty ? wrapper : "\(path).\(wrapper)"
      if let nested = value[wrapper], nested.members != nil {
        found += candidates(in: nested, path: inner, isAutomatic: isAutomatic)
      } else {
        let group = Self.group(wrapper + ".", of: direct)
        // With a choice to make, a group counts only if nothing but other wrappers is left over:
        // a network may well have a layer that is called like a wrapper.
        if !group.isEmpty, !isAutomatic || isAllWrapped(direct) { found.append((inner, group)) }
      }
    }
    if !direct.isEmpty { found.append((path, direct)) }
    return found
  }

  /// The tensors under `path`, by nested keys as far as they go and then by dotted names.
  private func named(_ path: String, in root: CheckpointValue) -> [StateDictionary.Tensor] {
    if let inner = root[path], inner.members != nil { return Self.direct(inner) }
    for member in root.members ?? [] where path.hasPrefix(member.key + ".") {
      let tensors = named(String(path.dropFirst(member.key.count + 1)), in: member.value)
      if !tensors.isEmpty { return tensors }
    }
    return Self.group(path + ".", of: Self.direct(root))
  }

  /// Whether each name starts with a wrapper, has no dots ("step"), or is a stray.
  private func isAllWrapped(_ tensors: [StateDictionary.Tensor]) -> Bool {
    tensors.allSatisfy { tensor in
      !tensor.name.contains(".") || tensor.name.isStray(among: strays)
        || wrappers.contains { tensor.name.hasPrefix($0 + ".") }
    }
  }

  private static func direct(_ value: CheckpointValue) -> [StateDictionary.Tensor] {
    (value.members ?? []).compactMap { member in
      member.value.tensor.map { StateDictionary.Tensor(name: member.key, entry: $0) }
    }
  }

  private static func group(
    _ prefix: String, of tensors: [StateDictionary.Tensor]
  ) -> [StateDictionary.Tensor] {
    tensors.compactMap { tensor in
      guard tensor.name.hasPrefix(prefix) else { return nil }
      let name = String(tensor.name.dropFirst(prefix.count))
      return name.isEmpty ? nil : StateDictionary.Tensor(name: name, entry: tensor.entry)
    }
  }
}
