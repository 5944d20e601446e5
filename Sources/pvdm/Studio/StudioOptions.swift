import ArgumentParser
import Foundation
import RunKit
import StudioApp
import TerminalUI

/// Which data folder is meant.
struct DataFolderOptions: ParsableArguments {
  @Option(
    name: .customLong("data"),
    help: ArgumentHelp("Keep videos, the queue and settings in this folder.", valueName: "folder"),
    completion: .directory)
  var dataFolder: String?

  /// The studio's folders.
  var folders: StudioFolders {
    var folders = StudioFolders()
    if let dataFolder { folders.data = URL(filePath: dataFolder).standardizedFileURL.path }
    return folders
  }
}

/// How the studio is shown on a terminal.
struct StudioOptions: ParsableArguments {
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
    inversion: .prefixedNo,
    help: "Use the mouse; selecting text then needs Shift. (default: as chosen last, else yes)")
  var mouse: Bool?

  @Flag(
    name: .customLong("no-synchronized-output"),
    help: "Do not mark frames for terminals that show each as a whole.")
  var noSynchronizedOutput = false

  @OptionGroup var data: DataFolderOptions

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

  /// The studio that the options describe.
  var studio: Studio.Options {
    var options = Studio.Options(
      folders: data.folders, environment: ProcessInfo.processInfo.environment)
    options.color = color == "auto" ? nil : color
    options.theme = theme
    options.kilobytesPerSecond = kilobytesPerSecond
    options.usesMouse = mouse
    options.usesSynchronizedOutput = !noSynchronizedOutput
    return options
  }

  /// Shows the studio until the user leaves it, and says what goes on.
  func show(_ studio: Studio.Options) async throws {
    if let goesOn = try await Studio(options: studio).run() { writeToStandardError("\(goesOn)\n") }
  }
}
