/// Folders that are named for the parts of a set: `train` and `test`, or `sky_train` and `sky_test`.
struct PartFolders {
  /// The part of each.
  private(set) var parts: [String: DatasetSplit] = [:]

  private static let words: [String: DatasetSplit] = [
    "train": .train, "training": .train, "trainset": .train, "test": .test, "testing": .test,
    "testset": .test, "val": .test, "valid": .test, "validation": .test,
  ]
  /// Sets of which one part alone is taken for what its folder's name says.
  private static let knownSets: Set<String> = ["sky", "timelapse", "skytimelapse", "ucf", "ucf101"]

  /// Tells the folders apart that lie beside one another.
  ///
  /// A longer name is one of a part only if there is the other part of the same name, or if it is
  /// that of a known set: there are classes called "training dog" and "driving test".
  init(among names: Set<String>) {
    var longer: [String: [(name: String, split: DatasetSplit)]] = [:]
    for name in names {
      if let split = Self.words[name.lowercased()] {
        parts[name] = split
      } else if let (split, set) = Self.part(of: name) {
        longer[set, default: []].append((name, split))
      }
    }
    for (set, folders) in longer {
      let words = Set(set.split(separator: " ").map(String.init))
      guard Set(folders.map(\.split)).count == 2 || !words.isDisjoint(with: Self.knownSets) else {
        continue
      }
      for (name, split) in folders { parts[name] = split }
    }
  }

  /// Whether there are folders of both parts.
  var areBoth: Bool { Set(parts.values).count == 2 }

  /// The folders' names, for messages: `sky_train and sky_test`.
  var names: String {
    DatasetSplit.allCases.flatMap { split in
      parts.filter { $0.value == split }.map(\.key).sorted()
    }.joined(separator: " and ")
  }

  /// The part that one word of a name stands for, and the other words.
  private static func part(of name: String) -> (split: DatasetSplit, set: String)? {
    let found = name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    let named = found.compactMap { words[$0] }
    guard let split = named.first, named.count == 1 else { return nil }
    return (split, found.filter { words[$0] == nil }.joined(separator: " "))
  }
}
