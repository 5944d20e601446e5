import ArgumentParser
import RunKit

/// `pvdm presets`: settings under a name.
struct Presets: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presets",
    abstract: "Lists, shows, saves and deletes settings under a name.",
    discussion: """
      A preset holds some of a run's settings; "pvdm sample --preset NAME" uses it, and options that \
      are given win. The user's presets are TOML files, one each, in $XDG_CONFIG_HOME/pvdm/presets \
      (~/.config/pvdm/presets), to be edited by hand; mistakes in them are reported with their line. \
      In a name, case and anything but letters and digits are of no account.

      Examples:
        pvdm presets
        pvdm presets show paper-100-20
        pvdm presets save mine --preset draft --steps 25 --summary "A little finer"
        pvdm presets save like-that --from sky.mp4
        pvdm presets delete mine
      """,
    subcommands: [List.self, Show.self, Save.self, Delete.self], defaultSubcommand: List.self)

  /// The presets of the program and of the user.
  static var library: PresetLibrary { PresetLibrary(folder: StudioFolders().presets) }

  /// `pvdm presets list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists all presets.")

    @Flag(help: "Prints a JSON array.")
    var json = false

    func run() async throws {
      try await explaining {
        let (presets, issues) = Presets.library.load()
        for issue in issues { writeToStandardError("\(issue.description)\n") }
        if json {
          try writeToStandardOutput(json: presets.map(PresetListing.init))
        } else {
          let rows = presets.map { [$0.name, $0.isBuiltIn ? "" : "yours", $0.summary] }
          try writeToStandardOutput(
            TextTable(header: ["preset", "", "what it is"], rows: rows, rightAligned: []).text)
        }
      }
    }
  }

  /// `pvdm presets show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a preset as its file says it, every setting explained.")

    @Argument(help: "The preset's name.")
    var name: String

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
      try await explaining {
        let preset = try Presets.library.preset(named: name)
        if json {
          try writeToStandardOutput(json: PresetListing(preset))
        } else {
          try writeToStandardOutput(ConsoleText(lines: preset.fileText), terminator: "")
        }
      }
    }
  }

  /// `pvdm presets save`.
  struct Save: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Saves a preset of the options that are given, or of an output's settings.",
      discussion: """
        With --from, the preset holds the settings of the sampler and the precision that made the \
        output (of the last run, where several made it, which is said); with --preset, those of another \
        preset. Options that are given win over both.
        """)

    @Argument(help: "The new preset's name.")
    var name: String

    @Option(help: "A sentence about it.")
    var summary = ""

    @Option(
      help: ArgumentHelp(
        "A video, picture, folder of frames or latents that pvdm made, whose settings are taken.",
        valueName: "output"))
    var from: String?

    @Option(help: "Clips of 16 frames to make; 0 goes on until it is stopped.")
    var clips: Int?

    @Flag(help: "Replace a preset of the user's.")
    var overwrite = false

    @OptionGroup(title: "Sampling options") var sampling: SamplingOptions
    @OptionGroup(title: "Compute options") var compute: ComputeOptions
    @OptionGroup(title: "Display options") var previews: PreviewOptions

    func validate() throws {
      if from != nil, sampling.preset != nil {
        throw ValidationError("A preset begins with --from or with --preset, not with both.")
      }
    }

    func run() async throws {
      try await explaining {
        var basis: Preset?
        if let from {
          let (preset, note) = try Preset.embedded(in: from)
          if let note { writeToStandardError("note: \(note)\n") }
          basis = preset
        }
        let chosen = try ChosenSettings(
          sampling, compute, previews, clips: clips, basis: basis, library: Presets.library)
        guard !chosen.keys.isEmpty else {
          throw ValidationError("A preset holds settings: give options, --from or --preset.")
        }
        let preset = Preset(
          name: name, summary: summary, settings: chosen.settings, isBuiltIn: false,
          keys: chosen.keys)
        let path = try Presets.library.save(preset, overwrites: overwrite)
        try writeToStandardOutput("saved \(path)")
      }
    }
  }

  /// `pvdm presets delete`.
  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Deletes a preset of the user's.")

    @Argument(help: "The preset's name.")
    var name: String

    func run() async throws {
      try await explaining { try Presets.library.delete(named: name) }
    }
  }
}

/// A preset as JSON.
private struct PresetListing: Encodable {
  let name: String
  let summary: String
  let isBuiltIn: Bool
  let settings: [String: JSONValue]

  init(_ preset: Preset) {
    name = preset.name
    summary = preset.summary
    isBuiltIn = preset.isBuiltIn
    settings = Dictionary(
      uniqueKeysWithValues: preset.keys.map { ($0.key, preset.settings[$0].json) })
  }
}
