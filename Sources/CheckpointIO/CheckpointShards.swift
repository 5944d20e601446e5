import OutputFiles

/// The files of a checkpoint that lies in several, as Hugging Face's libraries split large ones.
///
/// Each file bears its number and how many there are, `model-00001-of-00003.safetensors`, and an index may
/// stand beside them, `model.safetensors.index.json`: an object whose `weight_map` gives the file of each
/// tensor. Any of the files opens the whole.
/// Format: huggingface_hub, "Serialization", section "Split tensors".
package struct CheckpointShards: Sendable {
  /// The files, in their order.
  let paths: [String]
  /// The names of tensors that an index promises.
  private let promised: [String]

  /// Whether a file is one of several and not the first, so that a search which has seen the first need not
  /// look at it.
  package static func isContinuation(_ path: String) -> Bool {
    NumberedName(path).map { $0.number > 1 } ?? false
  }

  /// Whether a path's name is that of an index.
  package static func isIndex(_ path: String) -> Bool { path.hasSuffix(".index.json") }

  /// The files that belong to the one at `path`; nil if it is a checkpoint by itself.
  init?(of path: String) throws(CheckpointError.Kind) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    if Self.isIndex(path) {
      let map = try Self.weightMap(path)
      paths = map.files.map { folder + $0 }
      promised = map.names
    } else if let name = NumberedName(path), name.count > 1 {
      paths = (1...name.count).map { folder + name.name(of: $0) }
      promised = []
    } else {
      return nil
    }
  }

  /// The error for one of the files that is not there.
  func missing(_ path: String) -> CheckpointError.Kind {
    .missingShard(name: OutputName.name(of: path), count: paths.count)
  }

  /// Throws if a tensor that the index promises is in none of the files.
  func check(_ root: CheckpointValue) throws(CheckpointError.Kind) {
    guard !promised.isEmpty else { return }
    let found = Set((root.members ?? []).map(\.key))
    guard let lost = promised.first(where: { !found.contains($0) }) else { return }
    throw .malformed(
      part: "the checkpoint", found: "no tensor \(lost.quotedForMessage) in its files",
      expected: "one, since the index names it")
  }

  /// One tree of those of all files; the tensors know which file each is in.
  static func merge(_ roots: [CheckpointValue]) throws(CheckpointError.Kind) -> CheckpointValue {
    guard roots.count > 1 else { return roots[0] }
    var merged: [CheckpointValue.Member] = []
    for (part, root) in roots.enumerated() {
      guard case .dictionary(let members) = root.inPart(part) else {
        throw .malformed(
          part: "file \(part + 1) of the checkpoint", found: "\(root)", expected: "a dictionary")
      }
      merged = try merge(merged, members, path: "")
    }
    return .dictionary(merged)
  }

  /// Members of both; dictionaries of one name become one, and of plain values the first stays.
  private static func merge(
    _ first: [CheckpointValue.Member], _ second: [CheckpointValue.Member], path: String
  ) throws(CheckpointError.Kind) -> [CheckpointValue.Member] {
    var merged = first
    var places: [String: Int] = [:]
    for (place, member) in first.enumerated() { places[member.key] = place }
    for member in second {
      guard let place = places[member.key] else {
        merged.append(member)
        continue
      }
      let name = CheckpointValue.joined(path, member.key)
      switch (merged[place].value, member.value) {
      case (.dictionary(let one), .dictionary(let other)):
        merged[place] = CheckpointValue.Member(
          key: member.key, value: .dictionary(try merge(one, other, path: name)))
      case (.tensor, .tensor): throw .duplicateName(name: name)
      default: break
      }
    }
    return merged
  }

  /// The names of tensors and of files in an index; files are plain names, so that an index leads nowhere
  /// but into its own folder.
  private static func weightMap(
    _ path: String
  ) throws(CheckpointError.Kind) -> (names: [String], files: [String]) {
    let file = try MappedFile(path: path)
    guard file.count <= CheckpointLimits.headerBytes else {
      throw .limitExceeded(what: "the length of the index", limit: CheckpointLimits.headerBytes)
    }
    return try file.withBytes { bytes throws(CheckpointError.Kind) in
      var scanner = JSONScanner(bytes, part: "the index of the checkpoint's files")
      var names: [String] = []
      var files: [String] = []
      var known: Set<String> = []
      try scanner.expect("{")
      var isFirst = true
      while let key = try scanner.nextKey(isFirst: &isFirst) {
        guard key == "weight_map", names.isEmpty else {
          try scanner.skipValue()
          continue
        }
        try scanner.expect("{")
        var isFirstName = true
        while let name = try scanner.nextKey(isFirst: &isFirstName) {
          let file = try scanner.string()
          names.append(name)
          if known.insert(file).inserted { files.append(file) }
        }
      }
      try scanner.expectEnd()
      guard !files.isEmpty else {
        throw .malformed(
          part: "the index of the checkpoint's files", found: "no weight_map", expected: "one")
      }
      guard files.count <= CheckpointLimits.shards else {
        throw .limitExceeded(what: "the number of files", limit: CheckpointLimits.shards)
      }
      for file in files
      where file.contains("/") || file.contains("\0") || [".", "..", ""].contains(file)
        || isIndex(file)
      {
        throw .malformed(
          part: "the index of the checkpoint's files", found: file.quotedForMessage,
          expected: "names of files beside it")
      }
      return (names, files.sorted())
    }
  }

  /// A file's name as `STEM-00001-of-00003.ENDING`.
  private struct NumberedName {
    let stem: Substring
    let number: Int
    let count: Int
    let ending: Substring

    init?(_ path: String) {
      let name = OutputName.name(of: path)
      guard let dot = name.lastIndex(of: ".") else { return nil }
      let parts = name[..<dot].split(separator: "-", omittingEmptySubsequences: false)
      // A name may also be nothing but the numbers.
      guard parts.count >= 3, parts[parts.count - 2] == "of",
        let number = Self.number(parts[parts.count - 3]),
        let count = Self.number(parts[parts.count - 1]),
        count <= CheckpointLimits.shards, (1...max(count, 1)).contains(number)
      else { return nil }
      stem = name[..<parts[parts.count - 3].startIndex]
      self.number = number
      self.count = count
      ending = name[dot...]
    }

    /// Five digits, as the libraries write them.
    private static func number(_ text: Substring) -> Int? {
      text.utf8.count == 5 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    func name(of number: Int) -> String {
      "\(stem)\(digits(number))-of-\(digits(count))\(ending)"
    }

    private func digits(_ number: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
  }
}
