import RunKit
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
      return CommandPalette.Entry(name: rawValue, help: help, takesArgument: true)
    }
  }

  package var commands: [CommandPalette.Entry] { Command.allCases.map(\.entry) }

  package mutating func run(
    _ command: String, argument: String, _ world: World
  ) -> [StudioEffect] {
    switch Command(rawValue: command) {
    case .export: return export(argument, overwrites: false, world)
    case .overwrite: return export(argument, overwrites: true, world)
    case .still: return saveStill(argument, world)
    case .preset:
      guard let preset = world.preset(named: argument) else {
        return [.notify(world.noPreset(argument, otherwise: "S keeps the settings as one"))]
      }
      return take(preset, world)
    case .savePreset:
      guard !argument.isEmpty else {
        return [.notify(Notice(.warning, "a preset needs a name"))]
      }
      let save = StudioEffect.library(.savePreset(name: argument, settings: form.settings))
      guard let kept = world.preset(named: argument), !kept.isBuiltIn,
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
      return change(world) { $0.seed = seed }
    case nil: return []
    }
  }

  // MARK: Writing files

  mutating func askForExport(_ world: World) -> [StudioEffect] {
    guard let job = world.shownGeneration, let task = job.generation,
      let last = world.shownClips(of: task.video).last
    else { return [Self.nothingFinished] }
    exported = (task.video, last)
    let name = ExportRequest.fileName("\(task.model.name)-\(task.settings.seed)", "mp4")
    return [
      .ask(
        prompt: "Export the video \(ExportRequest.formats)", text: name,
        command: Command.export.rawValue)
    ]
  }

  private mutating func export(
    _ text: String, overwrites: Bool, _ world: World
  ) -> [StudioEffect] {
    defer { exported = nil }
    let shown = world.shownGeneration?.generation.flatMap { task in
      world.shownClips(of: task.video).last.map { (video: task.video, last: $0) }
    }
    guard let (video, last) = exported ?? shown else { return [Self.nothingFinished] }
    return ExportRequest.effects(text, video: video, through: last, overwrites: overwrites)
  }

  mutating func askForStill(_ world: World) -> [StudioEffect] {
    guard let request = shownFrame(world), let task = world.shownGeneration?.generation else {
      return [Self.nothingFinished]
    }
    still = request
    let title = "\(task.model.name)-\(task.settings.seed)-\(player.frame + 1)"
    return [
      .ask(
        prompt: "Frame \(player.frame + 1) to", text: ExportRequest.fileName(title, "png"),
        command: Command.still.rawValue)
    ]
  }

  private mutating func saveStill(_ path: String, _ world: World) -> [StudioEffect] {
    // The loop may have gone on while the name was typed.
    guard let request = still ?? shownFrame(world), !path.isEmpty else {
      return [Self.nothingFinished]
    }
    still = nil
    return [.video(.saveStill(request.clip, frame: request.frame, path: path))]
  }

  /// The frame of a complete clip that is shown; `nil` while that is an estimate.
  private func shownFrame(_ world: World) -> StillRequest? {
    guard !isShowingEstimate(world), let place = player.place,
      let video = world.shownGeneration?.generation?.video
    else { return nil }
    let loaded = Self.playedClips(of: video, world).filter { world.frames[$0] != nil }
    return loaded.indices.contains(place.strip)
      ? StillRequest(clip: loaded[place.strip], frame: place.frame) : nil
  }

  /// Whether the player shows a clip in progress.
  func isShowingEstimate(_ world: World) -> Bool {
    guard let job = world.runningJob, let preview = world.preview else { return false }
    return preview.job == job.id
  }

  private static let nothingFinished = StudioEffect.notify(
    Notice(.warning, "no clip of this run is complete yet"))
}
