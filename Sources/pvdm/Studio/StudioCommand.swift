import ArgumentParser
import RunKit
import StudioApp

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

      The work is done by a worker, a process that is started if there is none and that goes on when the \
      terminal is left or lost. pvdm shows it again, on several terminals at once if you like; "pvdm \
      status" says what it does, "pvdm stop" ends it. It ends by itself when nobody watches and nothing is \
      to be done. With --foreground there is none, and leaving ends the work.
      """)

  @OptionGroup var options: StudioOptions

  @Flag(help: "Do the work in this process, which ends with the terminal.")
  var foreground = false

  @Flag(
    name: .customLong("keep-running"),
    help: "With --foreground: when the connection is lost, finish the running clip before ending.")
  var keepRunning = false

  func run() async throws {
    try await explaining {
      var studio = options.studio
      studio.place = foreground || keepRunning ? .foreground : .worker
      studio.keepsRunning = keepRunning
      try await options.show(studio)
    }
  }
}

struct Attach: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the studio whose worker runs.",
    discussion: """
      Like pvdm without a command, but it starts no worker: without one it says so.

      Examples:
        pvdm attach
        ssh -t gpu1 pvdm attach
      """)

  @OptionGroup var options: StudioOptions

  func run() async throws {
    try await explaining {
      var studio = options.studio
      studio.place = .presentWorker
      try await options.show(studio)
    }
  }
}
