import Foundation
import HandwrittenText
import RunKit
import StudioKit
import StudioLink
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
    } else if let rolls, form == nil {
      rolls.draw(in: &buffer, area: area, tiles(app), player, seams: seams, app, context)
    } else if player.isZoomed, form == nil {
      drawPlayer(in: &buffer, area: area, app, context)
    } else if area.showsOnePane {
      drawFacts(in: &buffer, area: area, app, context)
    } else {
      let width = min(ClipPlayer.paneWidth(rows: area.height, app), area.width - 40)
      let panes = Layout.split(area, .horizontal, [.fixed(width), .fill()])
      drawPlayer(in: &buffer, area: panes[0], app, context)
      drawFacts(in: &buffer, area: panes[1], app, context)
    }
  }

  private func drawNoVideo(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let inner = Border(title: "Extend").draw(in: &buffer, area: area)
    EmptyState(
      "No video is open",
      lines: ["A video is a tree of clips: extend it, try other continuations, keep the best."],
      keys: [
        app.keys.line(.extend, "makes a new video's first clip"),
        app.keys.line(.open, "begins with frames of a video file"),
        app.keys.line(.new, "opens an empty one"),
        ScreenID.gallery.entry("lists the videos there are"),
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
        app.keys.line(.extend, "makes the first clip"),
        app.keys.line(.extendOn, "goes on until stopped"),
        app.keys.line(.settings, "changes its settings"),
        app.keys.line(.open, "begins with a file"),
      ])
  }

  // MARK: Tree, clip and job

  private func drawFacts(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    if let form {
      let inner = Border(
        title: "Settings of the next clips", footer: "\(app.keys[.settings]) or Esc closes",
        isFocused: true
      ).draw(in: &buffer, area: area)
      form.draw(in: &buffer, area: inner.inset(left: 1, right: 1))
      return
    }
    let facts = clipFacts(app)
    let job = jobPane(app)
    let jobRows = job.map { $0.rows(width: area.width - 4) + 2 } ?? 0
    let size = FilmstripView.SlotSize(
      columns: area.width - 4, rows: area.height - jobRows - 10, branches: grid.rowCount)
    let ribbon = ribbonRows(size)
    // The strip gets what its branches need as long as three facts stay, and what the facts leave.
    let wanted = max(grid.rowCount, 1) * size.rowHeight + ribbon + 2
    let free = area.height - jobRows
    let leastFacts = facts.isEmpty ? 0 : min(facts.count, 3) + 2
    let allFacts = facts.isEmpty ? 0 : facts.count + 2
    let strip = max(min(wanted, free - leastFacts), free - allFacts, min(free, size.rowHeight + 2))
    let parts = Layout.split(
      area, .vertical, [.fixed(strip), .fill(), .fixed(jobRows)])
    drawTree(grid, size, ribbon: ribbon, in: &buffer, area: parts[0], app, context)
    if parts[1].height > 2 {
      let title = tree?.position.flatMap { outline?.labels[$0] }.map { "Clip \($0)" }
      let inner = Border(title: title ?? "The first clip").draw(in: &buffer, area: parts[1])
      FactList(facts).draw(in: &buffer, area: inner.inset(left: 1, right: 1))
    }
    job?.draw(in: &buffer, area: parts[2])
  }

  /// The rolls of the clip where the user stands, if it has more than one.
  private var ribbonClips: [Clip] {
    guard let tree, let position = tree.position, !isWatching else { return [] }
    let rolls = tree.rolls(of: position)
    return rolls.count > 1 ? rolls : []
  }

  /// Rows of the ribbon of rolls with its title.
  private func ribbonRows(_ size: FilmstripView.SlotSize) -> Int {
    ribbonClips.isEmpty ? 0 : size.rowHeight + 1
  }

  private func drawTree(
    _ grid: FilmGrid, _ size: FilmstripView.SlotSize, ribbon: Int, in buffer: inout CellBuffer,
    area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    guard let tree, let outline else { return }
    let title = app.video(tree.video)?.title ?? "Video"
    let count = outline.labels.count
    let pane = Border(
      title: title, subtitle: counted(count, "clip"), footer: laterText,
      isFocused: true)
    let inner = pane.draw(in: &buffer, area: area).inset(left: 1, right: 1)
    guard !grid.places.isEmpty else {
      return EmptyState("No clips yet").draw(in: &buffer, area: inner)
    }
    let strip = FilmstripView(
      grid: grid, selected: selectedNode, playhead: playhead(app),
      picture: { node in
        guard let clip = node.clip else {
          let images = preview(app)?.strip.images ?? []
          return images.isEmpty
            ? nil : images[images.count / 2].thumbnail(side: FrameShelf.thumbnailSide)
        }
        return app.frames.thumbnail(clip)
      }, size: size, starred: tree.starred, marked: Set(marked))
    let hidden = strip.draw(
      in: &buffer, area: inner.inset(bottom: min(ribbon, max(inner.height - size.rowHeight, 0))),
      app, context)
    let texts = [
      hidden.above > 0 ? "\(counted(hidden.above, "row")) above" : "",
      hidden.below > 0 ? "\(counted(hidden.below, "row")) below" : "", laterText,
    ].filter { !$0.isEmpty }
    if texts.count > (laterText.isEmpty ? 0 : 1) {
      buffer.write(
        " \(texts.joined(separator: ", ")) ", column: area.column + 1, row: area.endRow - 1,
        style: Style(.secondary), clip: area.inset(right: 1))
    }
    if ribbon > 0, inner.height >= ribbon + size.rowHeight {
      drawRibbon(size, in: &buffer, area: inner.inset(top: inner.height - ribbon), app, context)
    }
  }

  /// The rolls of the clip where the user stands as pictures, the chosen one marked.
  private func drawRibbon(
    _ size: FilmstripView.SlotSize, in buffer: inout CellBuffer, area: Rectangle, _ app: AppState,
    _ context: ViewContext
  ) {
    guard let tree, let position = tree.position else { return }
    let rolls = ribbonClips
    let here = rolls.firstIndex { $0.id == position } ?? 0
    let name = outline?.labels[position] ?? ""
    buffer.fill(
      Rectangle(column: area.column, row: area.row, width: area.width, height: 1), with: "─",
      style: Style(.border))
    buffer.write(
      "rolls of \(name), \(here + 1) of \(rolls.count) ", column: area.column, row: area.row,
      style: Style(.secondary), clip: area)
    let seen = max((area.width - 1) / (size.width + 1), 1)
    let first = min(max(here - seen / 2, 0), max(rolls.count - seen, 0))
    for (place, roll) in rolls.enumerated().dropFirst(first).prefix(seen) {
      let slot = Rectangle(
        column: area.column + 1 + (place - first) * (size.width + 1), row: area.row + 1,
        width: size.width, height: size.rowHeight)
      if let image = app.frames.thumbnail(roll.id) {
        ClipPlayer.draw(
          image, isMoving: false, in: &buffer, area: slot.inset(bottom: 1), app, context)
      } else {
        buffer.fill(slot.inset(bottom: 1), with: "░", style: Style(.placeholder))
      }
      let label = Rectangle(column: slot.column, row: slot.endRow - 1, width: slot.width, height: 1)
      if place == here { buffer.fill(label, style: Style(.selection)) }
      buffer.write(
        "\(tree.starred.contains(roll.id) ? "★" : "")\(place + 1)", column: label.column,
        row: label.row,
        style: Style(place == here ? .selection : .secondary), clip: label)
      buffer.addTarget(slot, .named("ribbon \(roll.id.rawValue)"))
    }
  }

  /// The clip in the player and how far it is.
  private func playhead(_ app: AppState) -> FilmstripView.Playhead? {
    guard let place = player.place, player.strips.indices.contains(place.strip) else { return nil }
    let clips = playedClips(app)
    let length = max(player.strips[place.strip].images.count, 1)
    let position = Double(place.frame) / Double(length)
    guard clips.indices.contains(place.strip) else {
      return isWatching ? .init(id: TreeOutline.growthID, position: position) : nil
    }
    return .init(id: "\(clips[place.strip].rawValue)", position: position)
  }

  /// Names and values of the clip at the position.
  func clipFacts(_ app: AppState) -> [FactList.Fact] {
    guard let tree else { return [] }
    guard let clip = tree.current else { return firstClipFacts(app) }
    var facts: [FactList.Fact] = [.init("frames", framesText(clip, tree, app))]
    let rolls = tree.rolls(of: clip.id)
    let roll = (rolls.firstIndex { $0.id == clip.id } ?? 0) + 1
    switch clip.source {
    case .generated, .bridge, .loop:
      facts.append(.init("seed", "\(clip.seed)  roll \(roll) of \(rolls.count)"))
      if let seam = seams[clip.id] {
        facts.append(.init("seam", ClipSeam.text(seam)))
      }
      facts.append(.init("sampler", SettingsText.sampler(clip.settings, steps: clip.steps)))
      facts.append(SettingsText.numbers(clip.settings))
      let time = PaceText.time(clip.seconds)
      facts.append(.init("model", "\(clip.model.name), took \(time)"))
    case .footage(let path, let firstFrame):
      let file = path.split(separator: "/").last.map(String.init) ?? path
      facts.append(.init("file", "\(file), from frame \(firstFrame + 1)"))
    case .copy(let other):
      facts.append(.init("copy of", outline?.labels[other] ?? "a clip that was dropped"))
    }
    if let text = leadText(clip, tree) { facts.append(.init("leads to", text)) }
    if !marked.isEmpty {
      let text = marked.count == 2 ? "\(marksText): \(app.keys[.bridge]) makes the way" : marksText
      facts.append(.init("marked", text, role: .accent))
    }
    if nextSettings != nil {
      let next = settings(app)
      let text = SettingsText.sampler(next, steps: next.laterSteps)
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
    let length = frameCount(clip, app)
    let first = tree.path(to: clip.parent).reduce(1) { $0 + frameCount($1, app) }
    let total = tree.branch.reduce(0) { $0 + frameCount($1, app) }
    let origin = outline?.origin(of: clip.id).map { "  from \($0)" } ?? ""
    return "\(first)-\(first + length - 1) of \(total)\(origin)"
  }

  /// Frames that a clip shows.
  private func frameCount(_ clip: Clip, _ app: AppState) -> Int {
    let length = length(of: clip.model, app)
    return switch clip.source {
    case .generated, .footage, .copy: app.frames[clip.id]?.images.count ?? length
    case .bridge(_, let frames): frames
    case .loop(let frames): max(length - frames, 0)
    }
  }

  /// Where a clip leads that was made to lead somewhere.
  private func leadText(_ clip: Clip, _ tree: ClipTree) -> String? {
    switch clip.source {
    case .generated, .footage, .copy: nil
    case .bridge(let target, _): outline?.labels[target] ?? "a clip that was dropped"
    case .loop:
      "\(tree.path(to: clip.id).first.flatMap { outline?.labels[$0.id] } ?? "the start"), a loop"
    }
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
    if form != nil { return SettingsForm.hints + Self.formSection.entries }
    if let picker { return picker.hints }
    if rolls != nil {
      return Self.rollSection.entries + [HelpEntry(keys: [.escape], name: "leave", help: "")]
    }
    let activity = tree.map { VideoActivity(of: $0.video, app) } ?? .none
    var actions: [ActionName] =
      switch activity {
      case .running, .waiting: [.stop, .pause]
      case .held, .failed: [.pause]
      case .none, .cancelled: []
      }
    if let tree, let current = tree.current {
      actions += [.extend, .extendOn, .reroll]
      // Of one roll there is nothing to pick.
      if tree.rolls(of: current.id).count > 1 { actions += [.next, .choose] }
      actions.append(.branch)
      // Of fewer than two marked clips there is no way to make.
      if marked.count == 2 { actions.append(.bridge) }
      actions += [
        .remove, .pane, .export, .mark, .settings, .near, .still, .open, .new, .rename, .closeLoop,
      ]
    } else {
      actions += [.extend, .extendOn, .settings, .open, .new]
    }
    return actions.compactMap { action in
      Self.section.row(action, hint: action == .pause ? activity.job?.pauseName : nil)
    }
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
