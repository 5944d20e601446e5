import ArgumentParser
import Foundation
import RunKit
import StudioApp
import TerminalUI

struct StudioCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "studio",
    abstract: "Opens the studio: make, watch, extend and compare videos in the terminal.",
    usage: "pvdm studio [<options>]",
    discussion: """
      This is what pvdm does when no command is given. Videos, the queue and settings are kept in \
      $XDG_DATA_HOME/pvdm/studio (usually ~/.local/share/pvdm/studio), presets and themes of your \
      own in $XDG_CONFIG_HOME/pvdm/presets and /themes (usually ~/.config/pvdm), and keys of your own in \
      /keys.toml there. Press ? for what can be done.
      """)

  @Option(help: "Colours: auto, truecolor, 256, 16 or mono.")
  var color = "auto"

  @Option(help: "A theme's name. (default: the one chosen last)")
  var theme: String?

  @Option(
    name: .customLong("kilobytes-per-second"),
    help: """
      Send at most so much to the terminal. (default: the limit set last, else 300 over SSH)
      """)
  var kilobytesPerSecond: Int?

  @Flag(
    name: .customLong("keep-running"),
    help: "When the connection is lost, finish the running clip before ending.")
  var keepRunning = false

  @Flag(
    inversion: .prefixedNo,
    help: "Use the mouse; selecting text then needs Shift. (default: as chosen last, else yes)")
  var mouse: Bool?

  @Flag(
    name: .customLong("no-synchronized-output"),
    help: "Do not mark frames for terminals that show each as a whole.")
  var noSynchronizedOutput = false

  @Option(
    name: .customLong("data"),
    help: ArgumentHelp("Keep videos, the queue and settings in this folder.", valueName: "folder"),
    completion: .directory)
  var dataFolder: String?

  func validate() throws {
    do {
      _ = try ColorMode.parse(option: color)
    } catch {
      throw ValidationError("--color: \(error)")
    }
    if let kilobytesPerSecond, !(1...1_000_000).contains(kilobytesPerSecond) {
      throw ValidationError(
        "--kilobytes-per-second is \(kilobytesPerSecond); expected 1 to 1000000")
    }
  }

  func run() async throws {
    try await explaining {
      let environment = ProcessInfo.processInfo.environment
      var folders = StudioFolders(environment: environment)
      if let dataFolder { folders.data = URL(filePath: dataFolder).standardizedFileURL.path }
      var options = Studio.Options(folders: folders, environment: environment)
      options.color = color == "auto" ? nil : color
      options.theme = theme
      options.kilobytesPerSecond = kilobytesPerSecond
      options.keepsRunning = keepRunning
      options.usesMouse = mouse
      options.usesSynchronizedOutput = !noSynchronizedOutput
      try await Studio(options: options).run()
    }
  }
}
