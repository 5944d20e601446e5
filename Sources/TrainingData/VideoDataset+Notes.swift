extension VideoDataset {
  /// What was found in the set at a path, what of it is left out and what is damaged: sentences without
  /// full stops.
  package func notes(of path: String) -> [String] {
    explanation.map { "\(path): \($0)" }
      + broken.map { "left out \($0.path): \($0.reason)" }
      + damaged.map { "used as far as it can be read, \($0.path): \($0.reason)" }
  }
}
