import RunKit
import StudioKit
import TerminalUI

extension MakeScreen {
  /// Commands of the palette, and the answers to questions.
  enum Command: String, CaseIterable {
    case export
    case overwrite
    case still
    case preset
    case savePreset = "save-preset"
    case seed

    var entry: CommandPalette.Entry {
      let help =
        switch self {
        case .export: "write the video to files, such as sky.mp4, sky.gif x4"
        case .overwrite: "the same, replacing files that exist"
        case .still: "write this frame to a PNG file"
        case .preset: "take the settings of a preset"
        case .savePreset: "keep the settings under a name"
        case .seed: "take this seed for the next run"
        }
      return CommandPalette.Entry(name: rawValue, help: help, argument: .text)
    }
  }

  package func commands(_ app: AppState) -> [CommandPalette.Entry] {
    Command.allCases.map { command in
      var entry = command.entry
      switch command {
      case .export, .overwrite, .still: entry.argument = .path
      case .preset: entry.argument = .words(app.presets.map(\.name))
      case .savePreset, .seed: break
      }
      return entry
    }
  }

  package mutating func run(
    _ command: String, argument: String, _ app: AppState
  ) -> [StudioEffect] {
    switch Command(rawValue: command) {
    case .export: return export(argument, overwrites: false, app)
    case .overwrite: return export(argument, overwrites: true, app)
    case .still: return saveStill(argument, app)
    case .preset:
      guard let preset = app.preset(named: argument) else {
        return [
          .notify(
            app.noPreset(argument, otherwise: "\(app.keys[.savePreset]) keeps the settings as one"))
        ]
      }
      return take(preset, app)
    case .savePreset:
      let name = argument.trimmed
      guard !name.isEmpty else {
        return [.notify(Notice(.warning, "a preset needs a name"))]
      }
      let save = StudioEffect.library(.savePreset(name: name, settings: form.settings))
      guard let kept = app.preset(named: name), !kept.isBuiltIn,
        !kept.isReplaceable(by: form.settings)
      else { return [save] }
      return [
        .confirm(
          title: "Replace the preset \(kept.name)?", lines: [kept.settings.shortText],
          confirmed: [save])
      ]
    case .seed:
      guard let seed = UInt64(argument) else {
        return [
          .notify(Notice(.warning, "\"\(argument)\" is no seed", remedy: "Give a whole number"))
        ]
      }
      usedSeed = nil
      return change(app) { $0.seed = seed }
    case nil: return []
    }
  }

  // MARK: Writing files

  mutating func askForExport(_ app: AppState) -> [StudioEffect] {
    guard let video = app.shownMade, let last = app.shownClips(of: video).last
    else { return [Self.nothingFinished] }
    exported = (video, last)
    let name = ExportRequest.fileName(Self.stem(of: last, in: video, app), "mp4")
    return [
      .ask(
        prompt: "Export the video \(ExportRequest.formats)", text: name,
        command: Command.export.rawValue, isPath: true)
    ]
  }

  /// What files that end with a clip are called: by its model and seed, or where none made it by
  /// its video.
  private static func stem(of clip: ClipID, in video: VideoID, _ app: AppState) -> String {
    guard let clip = app.trees[video]?.clips[clip], clip.source.isGenerated else {
      return app.name(of: video)
    }
    return "\(clip.model.name)-\(clip.seed)"
  }

  private mutating func export(
    _ text: String, overwrites: Bool, _ app: AppState
  ) -> [StudioEffect] {
    defer { exported = nil }
    let shown = app.shownMade.flatMap { video in
      app.shownClips(of: video).last.map { (video: video, last: $0) }
    }
    guard let (video, last) = exported ?? shown else { return [Self.nothingFinished] }
    return ExportRequest.effects(text, video: video, through: last, overwrites: overwrites)
  }

  mutating func askForStill(_ app: AppState) -> [StudioEffect] {
    guard let request = shownFrame(app), let video = app.shownMade else {
      return [Self.nothingFinished]
    }
    still = request
    let title = "\(Self.stem(of: request.clip, in: video, app))-\(player.frame + 1)"
    return [
      .ask(
        prompt: "Frame \(player.frame + 1) to", text: ExportRequest.fileName(title, "png"),
        command: Command.still.rawValue, isPath: true)
    ]
  }

  private mutating func saveStill(_ path: String, _ app: AppState) -> [StudioEffect] {
    // The loop may have gone on while the name was typed.
    guard let request = still ?? shownFrame(app), !path.isEmpty else {
      return [Self.nothingFinished]
    }
    still = nil
    return [.video(.saveStill(request.clip, frame: request.frame, path: path))]
  }

  /// The frame of a complete clip that is shown; `nil` while that is an estimate.
  private func shownFrame(_ app: AppState) -> StillRequest? {
    guard !isShowingEstimate(app), let place = player.place,
      let video = app.shownMade
    else { return nil }
    let loaded = Self.playedClips(of: video, app).filter { app.frames[$0] != nil }
    return loaded.indices.contains(place.strip)
      ? StillRequest(clip: loaded[place.strip], frame: place.frame) : nil
  }

  /// The complete clip that is shown; `nil` while that is an estimate, or its tree is not read.
  func playedClip(_ app: AppState) -> Clip? {
    guard let shown = shownFrame(app), let video = app.shownMade else { return nil }
    return app.trees[video]?.clips[shown.clip]
  }

  /// Whether the player shows a clip in progress.
  func isShowingEstimate(_ app: AppState) -> Bool {
    guard let job = app.runningJob, let preview = app.preview else { return false }
    return preview.job == job.id
  }

  private static let nothingFinished = StudioEffect.notify(
    Notice(.warning, "no clip of this run is complete yet"))
}
