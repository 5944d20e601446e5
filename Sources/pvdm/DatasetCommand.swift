import ArgumentParser

/// `pvdm dataset`: videos to learn from.
struct Dataset: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Makes a synthetic set of skies, cuts films into clips, or shows what a folder of videos holds.",
    subcommands: [DatasetSkies.self, DatasetCut.self, DatasetInspect.self])
}
