import Foundation
import RunKit

/// The first word of a screen.
package struct Hello: Codable, Sendable {
  package var version = Self.currentVersion
  /// The program's version, for people.
  package var program = RunSettings.programVersion
  /// The folder that the screen was opened in, where models are looked for.
  package var folder = FileManager.default.currentDirectoryPath

  /// Counts changes of what passes through the socket. Beside it, the program's version must be the same: any
  /// value may have got a field.
  package static let currentVersion = 1

  /// - Throws: ``LinkError`` if a worker of this program cannot talk to the screen.
  package func check() throws(LinkError) {
    guard version == Self.currentVersion, program == RunSettings.programVersion else {
      throw LinkError(.otherVersion(worker: RunSettings.programVersion, screen: program))
    }
  }
}

/// The first word of a worker.
package struct Welcome: Codable, Sendable {
  package var version = Hello.currentVersion
  package var program = RunSettings.programVersion
  /// What the screen begins with, which only a program of the same version can read; `nil` if it is refused.
  package var greeting: StudioGreeting?
  /// Why it is refused.
  package var refusal: Notice?
  /// Whether the worker ends: it hangs up once everything is saved, and another may be started.
  package var isEnding = false
}

/// What is asked of a worker in place of a greeting, by a program of any version.
package struct Control: Codable, Sendable {
  package enum Wish: String, Codable, Sendable {
    /// How it stands.
    case status
    /// To end after the step in progress, or after the clip.
    case stop, finish
  }
  package var wish: Wish
}

/// How a worker stands.
package struct WorkerStatus: Codable, Sendable, Hashable {
  /// The program's version.
  package var program: String
  /// The process.
  package var process: Int32
  /// Since when it runs.
  package var since: Date
  /// Screens that watch.
  package var screens: Int
  /// What it does, a line each: `job 3: sky, 37 %`.
  package var running: [String]
  /// Jobs whose turn comes.
  package var waiting: Int
  /// Whether it ends.
  package var isEnding: Bool

  package init(
    program: String = RunSettings.programVersion, process: Int32 = getpid(), since: Date,
    screens: Int = 0, running: [String] = [], waiting: Int = 0, isEnding: Bool = false
  ) {
    self.program = program
    self.process = process
    self.since = since
    self.screens = screens
    self.running = running
    self.waiting = waiting
    self.isEnding = isEnding
  }
}

/// Why a worker ends.
package struct WorkerEnd: Codable, Sendable {
  package enum Reason: String, Codable, Sendable {
    /// Somebody asked for it: a command, or the system.
    case stopped
    /// The screen does not understand it, or it the screen.
    case misunderstood
  }
  package var reason: Reason
  /// What was not understood.
  package var found = ""
}
