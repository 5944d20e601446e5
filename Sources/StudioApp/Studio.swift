import Foundation
import RunKit
import StudioKit
import StudioLink
import TensorCore
import TerminalUI

/// The studio on a terminal.
public struct Studio: Sendable {
  /// How the studio is opened.
  public struct Options: Sendable {
    /// The value of `--color`; `nil` detects what the terminal can show.
    public var color: String?
    /// The theme to use, by name; `nil` takes the one remembered, else one that suits the terminal.
    public var theme: String?
    /// Kilobytes a second to send at most; `nil` takes the limit remembered, else 300 over SSH
    /// and none on a local terminal.
    public var kilobytesPerSecond: Int?
    /// Who has the workspace.
    public var place = Place.worker
    /// Whether a lost terminal lets the running clip finish before the studio ends, where no worker has it.
    public var keepsRunning = false
    /// Whether clicks and the wheel are the studio's, the terminal's own selection of text then needing Shift;
    /// `nil` takes what is remembered, else they are.
    public var usesMouse: Bool?
    /// Whether frames are marked so that the terminal shows each as a whole.
    public var usesSynchronizedOutput = true
    /// Where everything is kept.
    public var folders: StudioFolders
    /// The process's environment.
    public var environment: [String: String]

    /// Options with the defaults of a command line without any.
    public init(folders: StudioFolders, environment: [String: String]) {
      self.folders = folders
      self.environment = environment
    }
  }

  /// Who has a workspace.
  public enum Place: Sendable {
    /// A worker, which is started if there is none; the studio itself, where the data folder cannot be written.
    case worker
    /// A worker that is there.
    case presentWorker
    /// The studio's own process.
    case foreground
  }

  private let options: Options

  /// A studio, not opened yet.
  public init(options: Options) { self.options = options }

  /// Opens the studio and returns when the user has left it; everything is saved by then, or a worker goes on.
  ///
  /// - Returns: What a worker goes on with, a sentence; `nil` if nothing goes on.
  /// - Throws: ``StudioError`` if a theme or colour that was named does not exist, `TerminalError` if
  ///   the terminal cannot be used, or why the workspace could not be opened.
  public func run() async throws -> String? {
    let terminal = RuntimeOptions(
      colorOption: options.color, usesSynchronizedOutput: options.usesSynchronizedOutput,
      usesMouse: options.usesMouse ?? true, environment: options.environment)
    try terminal.checkTerminal()
    let resources = ResourceLocator()
    let shelf = ThemeShelf(
      folders: [resources.find("themes", ""), options.folders.themes].compactMap { $0 })
    let keys = keyChoices()
    let theme = try theme(of: shelf)
    let service = service(resources)
    let model = StudioModel(
      theme: theme, themes: shelf.themes, hasChosenTheme: options.theme != nil,
      bytesPerSecond: options.kilobytesPerSecond.map { $0 * 1_000 } ?? usualLimit,
      hasChosenLimit: options.kilobytesPerSecond != nil,
      hasChosenColor: options.color.map { $0 != "auto" } ?? false,
      usesMouse: options.usesMouse,
      threadCount: ProcessInfo.processInfo.activeProcessorCount,
      keepsRunning: options.keepsRunning, isAttached: service.outlivesScreen, keys: keys,
      weights: WeightLibrary(options.folders), clock: { LogTime.text(Date()) })
    let runner = EffectRunner(service: service)
    let notices = (shelf.problems + keys.problems).map { StudioEffect.notify(Notice(.warning, $0)) }
    let program = StudioProgram.make(
      model: model, start: .batch([.send(.follow(notices)), runner.start]),
      perform: { runner.command(for: $0) }, quit: runner.quit)
    let last = try await WorkerPool.blocking.run {
      try TerminalRuntime(program: program, options: terminal).run()
    }
    await service.close()
    if let failure = last.failure { throw failure }
    guard service.outlivesScreen, let job = last.app.runningJob else { return nil }
    return "job \(job.id.rawValue) goes on: pvdm shows it again, \"pvdm stop\" ends it"
  }

  /// The way to the workspace.
  private func service(_ resources: ResourceLocator) -> any StudioService {
    let folders = options.folders
    switch options.place {
    case .presentWorker: return WorkerAccess(folders).service(starts: false)
    case .worker where WorkerAccess.canKeep(folders): return WorkerAccess(folders).service()
    case .worker, .foreground:
      return LocalService { try await Workspace(folders: folders, resources: resources) }
    }
  }

  /// The keys that the user chose.
  private func keyChoices() -> KeyChoices {
    let path = options.folders.keys
    guard FileManager.default.fileExists(atPath: path) else { return KeyChoices() }
    return KeyChoices(KeyFile.read(path: path, actions: ActionName.allCases.map(\.rawValue)))
  }

  /// Over a network a moving picture gets as much as a common uplink bears beside other work; a local
  /// terminal has no limit.
  private var usualLimit: Int? {
    options.environment["SSH_CONNECTION"] == nil ? nil : 300_000
  }

  private func theme(of shelf: ThemeShelf) throws -> Theme {
    guard let name = options.theme else {
      let capabilities = try TerminalCapabilities.detect(
        colorOption: options.color, environment: options.environment,
        probe: .live(fileDescriptor: 1, environment: options.environment))
      return shelf.standard(for: capabilities.colorMode)
    }
    guard let theme = shelf.theme(named: name) else {
      let names = shelf.themes.map(\.name).joined(separator: ", ")
      throw StudioError(
        nil, .option(name: "the theme", found: "\"\(name)\"", expected: "one of \(names)"))
    }
    return theme
  }
}
