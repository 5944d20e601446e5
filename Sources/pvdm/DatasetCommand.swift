import ArgumentParser

/// `pvdm dataset`: videos to learn from.
struct Dataset: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Makes a synthetic set of skies, or shows what a folder of videos holds for training.",
    subcommands: [DatasetSkies.self, DatasetInspect.self])
}
