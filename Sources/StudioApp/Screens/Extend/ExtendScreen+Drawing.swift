import Foundation
import RunKit
import StudioKit
import TerminalUI
import VideoDiffusion

extension ExtendScreen {
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    if let picker {
      picker.draw(in: &buffer, area: area, app, context)
    } else if tree == nil {
      drawNoVideo(in: &buffer, area: area, app)
    } else if player.isZoomed, form == nil {
      drawPlayer(in: &buffer, area: area, app, context)
    } else if area.width < 80 || area.height < 20 {
      drawFacts(in: &buffer, area: area, app)
    } else {
      let width = min(ClipPlayer.paneWidth(rows: area.height, app), area.width - 40)
      let panes = Layout.split(area, .horizontal, [.fixed(width), .fill()])
      drawPlayer(in: &buffer, area: panes[0], app, context)
      drawFacts(in: &buffer, area: panes[1], app)
    }
  }

  private func drawNoVideo(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let inner = Border(title: "Extend").draw(in: &buffer, area: area)
    EmptyState(
      "No video is open",
      lines: ["A video is a tree of clips: extend it, try other continuations, keep the best."],
      keys: [
        HelpEntry(keys: [.character("e")], name: "", help: "makes a new video's first clip"),
        HelpEntry(keys: [.character("o")], name: "", help: "begins with frames of a video file"),
        HelpEntry(keys: [.character("O")], name: "", help: "opens an empty one"),
        HelpEntry(keys: [.character("5")], name: "", help: "lists the videos there are"),
      ]
    ).draw(in: &buffer, area: inner)
  }

  // MARK: The picture

  private func drawPlayer(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    player.draw(
      in: &buffer, area: area, title: playerTitle(app), subtitle: playerSubtitle(app),
      missing: missingPicture(app), app, context)
  }

  private func playerTitle(_ app: AppState) -> String {
    guard let tree, let outline else { return "Picture" }
    let clips = playedClips(app)
    var names = clips.compactMap { outline.labels[$0] }
    if isWatching, let name = outline.growthLabel { names.append(name) }
    switch scope {
    case .clip: return names.first ?? app.video(tree.video)?.title ?? "Picture"
    case .seam: return "Seam " + names.joined(separator: ", ")
    case .branch:
      guard let first = names.first, let last = names.last else { return "Branch" }
      return clips.count == FrameShelf.playedLimit
        ? "Branch, last \(clips.count) clips" : "Branch \(first) to \(last)"
    }
  }

  private func playerSubtitle(_ app: AppState) -> String {
    if isWatching {
      guard let preview = preview(app) else { return "" }
      return "x0, \(preview.mode.rawValue)  step \(preview.step)/\(preview.stepCount)"
    }
    guard scope != .clip, let place = player.place, let outline else { return "" }
    let clips = playedClips(app)
    guard clips.indices.contains(place.strip) else { return "" }
    return outline.labels[clips[place.strip]] ?? ""
  }

  private func missingPicture(_ app: AppState) -> EmptyState {
    guard let tree else { return EmptyState("") }
    if isWatching {
      return EmptyState(
        "\(outline?.growthLabel ?? "The clip") is being made",
        lines: [settings(app).preview == .off ? "Previews are off." : "A preview comes soon."])
    }
    guard tree.current == nil else { return EmptyState("Reading frames ...") }
    let problem = modelProblem(app)
    return EmptyState(
      "An empty canvas", lines: problem.map { [$0.sentence + "."] } ?? [],
      keys: [
        HelpEntry(keys: [.character("e")], name: "", help: "makes the first clip"),
        HelpEntry(keys: [.character("E")], name: "", help: "goes on until stopped"),
        HelpEntry(keys: [.character("c")], name: "", help: "changes its settings"),
        HelpEntry(keys: [.character("o")], name: "", help: "begins with a file"),
      ])
  }

  // MARK: Tree, clip and job

  private func drawFacts(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    if let form {
      let inner = Border(
        title: "Settings of the next clips", footer: "c or Esc closes", isFocused: true
      ).draw(in: &buffer, area: area)
      form.draw(in: &buffer, area: inner.inset(left: 1, right: 1))
      return
    }
    let facts = clipFacts(app)
    let job = jobPane(app)
    let jobRows = job.map { $0.rows(width: area.width - 4) + 2 } ?? 0
    let parts = Layout.split(
      area, .vertical,
      [.fill().limited(3), .fixed(facts.isEmpty ? 0 : facts.count + 2), .fixed(jobRows)])
    drawTree(in: &buffer, area: parts[0], app)
    if !facts.isEmpty {
      let title = tree?.position.flatMap { outline?.labels[$0] }.map { "Clip \($0)" }
      let inner = Border(title: title ?? "The first clip").draw(in: &buffer, area: parts[1])
      FactList(facts).draw(in: &buffer, area: inner.inset(left: 1, right: 1))
    }
    job?.draw(in: &buffer, area: parts[2])
  }

  private func drawTree(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    guard let tree, let outline else { return }
    let title = app.video(tree.video)?.title ?? "Video"
    let count = outline.labels.count
    let inner = Border(
      title: title, subtitle: count == 1 ? "1 clip" : "\(count) clips", footer: laterText,
      isFocused: true
    ).draw(in: &buffer, area: area).inset(left: 1, right: 1)
    guard !outline.roots.isEmpty else {
      return EmptyState("No clips yet").draw(in: &buffer, area: inner)
    }
    TreeView(
      roots: outline.roots, selected: selectedNode, selectionNote: "<- here",
      marked: playingNode(app)
    ).draw(in: &buffer, area: inner)
  }

  /// The node whose clip is in the player, where that is another than the one where the user stands.
  private func playingNode(_ app: AppState) -> String? {
    guard scope != .clip, let place = player.place else { return nil }
    let clips = playedClips(app)
    guard clips.indices.contains(place.strip) else {
      return isWatching ? TreeOutline.growthID : nil
    }
    return "\(clips[place.strip].rawValue)"
  }

  /// Names and values of the clip at the position.
  func clipFacts(_ app: AppState) -> [FactList.Fact] {
    guard let tree else { return [] }
    guard let clip = tree.current else { return firstClipFacts(app) }
    var facts: [FactList.Fact] = [.init("frames", framesText(clip, tree, app))]
    let rolls = tree.rolls(of: clip.id)
    let roll = (rolls.firstIndex { $0.id == clip.id } ?? 0) + 1
    facts.append(.init("roll", "\(roll) of \(rolls.count)"))
    switch clip.source {
    case .generated:
      facts.append(.init("seed", "\(clip.seed)"))
      facts.append(.init("sampler", SettingsText.sampler(clip.settings, steps: clip.steps)))
      facts.append(SettingsText.numbers(clip.settings))
      let time = PaceText.time(clip.seconds)
      facts.append(.init("model", "\(clip.model.name), took \(time)"))
    case .footage(let path, let firstFrame):
      let file = path.split(separator: "/").last.map(String.init) ?? path
      facts.append(.init("file", "\(file), from frame \(firstFrame + 1)"))
    }
    if let nextSettings {
      let text = SettingsText.sampler(nextSettings, steps: nextSettings.laterSteps)
      facts.append(.init("next", "\(text), edited", role: .accent))
    }
    if let otherModel { facts.append(.init("with", otherModel.name, role: .accent)) }
    return facts
  }

  /// What the first clip of an empty canvas will be made with.
  private func firstClipFacts(_ app: AppState) -> [FactList.Fact] {
    let settings = settings(app)
    return [
      .init("model", nextModel(app)?.name ?? "none"),
      .init("sampler", SettingsText.sampler(settings, steps: settings.steps)),
      SettingsText.numbers(settings),
      .init("seed", settings.isSeedLocked ? "\(settings.seed), locked" : "a new one"),
    ]
  }

  private func framesText(_ clip: Clip, _ tree: ClipTree, _ app: AppState) -> String {
    let length = app.frames[clip.id]?.images.count ?? length(of: clip.model, app)
    let first = clip.index * length + 1
    let total = tree.branch.count * length
    let origin = outline?.origin(of: clip.id).map { "  from \($0)" } ?? ""
    return "\(first)-\(first + length - 1) of \(total)\(origin)"
  }

  private func length(of model: ModelReference, _ app: AppState) -> Int {
    app.models.first { $0.reference == model }?.autoencoder?.clipLength ?? clipLength
  }

  private func jobPane(_ app: AppState) -> JobPane? {
    guard let tree else { return nil }
    if let pane = JobPane(VideoActivity(of: tree.video, app), app) { return pane }
    guard tree.current != nil, let problem = modelProblem(app) else { return nil }
    return JobPane(title: "Model missing", text: problem.sentence, hint: problem.remedy)
  }

  // MARK: Help

  package func hints(_ app: AppState) -> [HelpEntry] {
    if form != nil {
      let close = HelpEntry(keys: [.character("c")], name: "close", help: "")
      return SettingsForm.helpSection.entries + [close]
    }
    if let picker { return picker.hints }
    var actions: [ExtendAction] = []
    switch tree.map({ VideoActivity(of: $0.video, app) }) ?? .none {
    case .running, .waiting: actions = [.stop, .pause]
    case .held, .failed: actions = [.pause]
    case .none, .cancelled: break
    }
    guard tree?.current != nil else {
      return (actions + [.extend, .extendOn, .settings, .footage, .newCanvas]).compactMap(\.entry)
    }
    actions += [
      .extend, .extendOn, .reroll, .nextRoll, .branch, .drop, .playMore, .export, .settings,
      .still, .footage, .newCanvas,
    ]
    return actions.compactMap { action in
      var entry = action.entry
      if action == .pause, let job = tree.flatMap({ VideoActivity(of: $0.video, app).job }) {
        entry?.name = job.pauseName
      }
      return entry
    }
  }

  package var helpSections: [HelpSection] {
    if form != nil { return [SettingsForm.helpSection] }
    if let picker { return picker.helpSections }
    return [ExtendAction.keyMap.helpSection, ExtendAction.movements, player.keyMap.helpSection]
  }

  package func information(_ app: AppState) -> [(name: String, value: String)] {
    guard let tree else { return [] }
    var facts = [("video", app.video(tree.video)?.title ?? "\(tree.video.rawValue)")]
    facts += clipFacts(app).map { ($0.name, $0.value) }
    if let clip = tree.current {
      facts.append(("clip seed", "\(ClipSeed.seed(clip.seed, clip: clip.index))"))
      facts.append(("made", clip.created.formatted(.iso8601)))
    }
    return facts.map { (name: $0.0, value: $0.1) }
  }
}
