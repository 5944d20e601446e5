import Foundation
import HandwrittenText
import StudioKit
import StudioLink
import TerminalUI

extension GalleryScreen {
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    guard !player.isZoomed || player.image == nil else {
      player.draw(
        in: &buffer, area: area, title: focused(app)?.title ?? "", isFocused: true, app,
        context)
      return
    }
    let grid = GalleryGrid(area: area, app)
    let hasDetails = !grid.details.isEmpty && focused(app) != nil
    let inner = Border(title: title(app), subtitle: subtitle(app), isFocused: true)
      .draw(in: &buffer, area: hasDetails ? grid.pictures : area)
    if let search {
      search.draw(
        in: &buffer, area: inner.inset(left: 1, top: inner.height - 1, right: 1), prompt: "/",
        placeholder: "words; model:, seed:, date:2026-11, star, marked")
    }
    if shelf == .exports {
      drawExports(in: &buffer, area: inner.inset(left: 1, right: 1), app)
    } else {
      drawPictures(grid, in: &buffer, inner: inner, app, context)
    }
    if hasDetails { drawDetails(in: &buffer, area: grid.details, app, context) }
  }

  private func title(_ app: AppState) -> String {
    switch shelf {
    case .videos: "Videos"
    case .trash: "Trash"
    case .exports: "Exports"
    }
  }

  private func subtitle(_ app: AppState) -> String {
    var parts: [String] = []
    if shelf == .exports {
      parts.append("\(exports(app).count)")
    } else {
      let listed = videos(app)
      let index = listed.firstIndex { $0.id == focus }
      parts.append(index.map { "\($0 + 1) of \(listed.count)" } ?? "none")
      let waiting = shelf == .videos ? waitingVideos(app).count : 0
      if waiting > 0 { parts.append("\(waiting) waiting") }
      parts.append("by \(order.title)")
      let marked = app.videos.count { $0.isMarked && !$0.isTrashed }
      if marked > 0 { parts.append("\(marked) marked") }
    }
    if !query.isEmpty, search == nil { parts.append("/\(query)") }
    return parts.joined(separator: "  ")
  }

  // MARK: Pictures

  private func drawPictures(
    _ grid: GalleryGrid, in buffer: inout CellBuffer, inner: Rectangle, _ app: AppState,
    _ context: ViewContext
  ) {
    let listed = videos(app)
    guard !listed.isEmpty else { return emptyState(app).draw(in: &buffer, area: inner) }
    let page = grid.page(of: listed.firstIndex { $0.id == focus } ?? 0, count: listed.count)
    let clip = search == nil ? inner : inner.inset(bottom: 1)
    let titles = page.map { listed[$0].title }
    for (position, index) in page.enumerated() {
      let place = grid.place(position).intersection(clip)
      let mark = (listed[index].isMarked ? "✓ " : "") + (listed[index].isStarred ? "★ " : "")
      let label =
        mark
        + TitleLabel.text(listed[index].title, among: titles, width: place.width - mark.count)
      draw(listed[index], label, grid, in: &buffer, place: place, app, context)
    }
  }

  private func draw(
    _ video: VideoSummary, _ label: String, _ grid: GalleryGrid, in buffer: inout CellBuffer,
    place: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    let picture = place.inset(bottom: max(place.height - grid.pictureHeight, 0))
    if let image = video.poster.flatMap({ app.frames[$0]?.images.first }) {
      ClipPlayer.draw(image, isMoving: false, in: &buffer, area: picture, app, context)
    } else {
      let text = video.poster == nil ? "no clip yet" : "..."
      EmptyState(text, role: .placeholder).draw(in: &buffer, area: picture)
    }
    buffer.addTarget(place, .named("video \(video.id.rawValue)"))
    guard place.height > grid.pictureHeight else { return }
    let isFocused = video.id == focus
    let titleStyle = Style(isFocused ? .selection : .text)
    buffer.write(
      CharacterWidth.pad(label, to: place.width), column: place.column,
      row: picture.endRow, style: titleStyle, clip: place)
    // Where both do not fit, the numbers stay.
    let texts = [video.clipText, video.shortClipText].map { clips in
      [activityText(video, app), clips].filter { !$0.isEmpty }.joined(separator: "  ")
    }
    let text = texts.first { CharacterWidth.columns(of: $0) <= place.width } ?? texts[1]
    buffer.write(
      CharacterWidth.truncate(text, to: place.width),
      column: place.column, row: picture.endRow + 1, style: Style(.secondary), clip: place)
  }

  private func activityText(_ video: VideoSummary, _ app: AppState) -> String {
    switch VideoActivity(of: video.id, app) {
    case .running(let job): ProgressNotes.short(app.progress(of: job))
    case .held: "held"
    case .failed: "failed"
    case .waiting: "waits"
    case .none, .cancelled: ""
    }
  }

  private func emptyState(_ app: AppState) -> EmptyState {
    if !query.isEmpty {
      return EmptyState(
        "Nothing matches /\(query)",
        keys: [HelpEntry(keys: [.escape], name: "", help: "shows all again")])
    }
    if shelf == .trash {
      return EmptyState(
        "The trash is empty",
        keys: [app.keys.line(.trash, "back to the videos")])
    }
    return EmptyState(
      "No videos yet", lines: ["Every clip is kept here the moment it is complete."],
      keys: [
        ScreenID.make.entry("makes the first"), ScreenID.extend.entry("continues a file"),
      ])
  }

  // MARK: Exports

  private func drawExports(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let exports = exports(app)
    let rows = exports.map { export in
      let file = export.path.split(separator: "/").last.map(String.init) ?? export.path
      return Table.Row([file, export.video.title])
    }
    guard !rows.isEmpty else {
      return EmptyState(
        query.isEmpty ? "Nothing was exported yet" : "Nothing matches /\(query)",
        keys: [app.keys.line(.export, "on a video writes it to files")]
      ).draw(in: &buffer, area: area)
    }
    Table(columns: [.init("file"), .init("video")], rows: rows)
      .draw(in: &buffer, area: search == nil ? area : area.inset(bottom: 1), state: exportState)
  }

  // MARK: Details

  private func drawDetails(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    guard let video = focused(app) else { return }
    let side = Int((Double(area.width - 2) * app.cellRatio).rounded()) + 2
    let parts = Layout.split(area, .vertical, [.fixed(min(side, area.height - 6)), .fill()])
    player.draw(
      in: &buffer, area: parts[0], title: video.title,
      missing: EmptyState(video.poster == nil ? "No clip yet" : "Reading frames ..."), app,
      context)
    let inner = Border().draw(in: &buffer, area: parts[1])
    FactList(facts(video, app)).draw(in: &buffer, area: inner.inset(left: 1, right: 1))
  }

  /// Names and values of a video, the most important first.
  func facts(_ video: VideoSummary, _ app: AppState) -> [FactList.Fact] {
    let branches =
      video.totalClipCount > video.clipCount ? " here, \(video.totalClipCount) in all" : ""
    var facts: [FactList.Fact] = [
      .init("model", video.modelName), .init("clips", "\(video.clipCount)\(branches)"),
      .init("seed", "\(video.seed)"),
    ]
    switch VideoActivity(of: video.id, app) {
    case .failed(_, let sentence, _): facts.append(.init("failed", sentence, role: .error))
    case .running(let job):
      facts.append(
        .init("running", ProgressNotes.short(app.progress(of: job)), role: .accent))
    case .held, .waiting: facts.append(.init("run", activityText(video, app), role: .warning))
    case .none, .cancelled: break
    }
    if let clip = app.trees[video.id]?.current {
      facts.append(.init("sampler", SettingsText.sampler(clip.settings, steps: clip.steps)))
      facts.append(SettingsText.numbers(clip.settings))
    }
    if video.isStarred || video.starredClipCount > 0 {
      let clips =
        video.starredClipCount > 0
        ? "\(counted(video.starredClipCount, "clip"))" : ""
      facts.append(
        .init(
          "star",
          [video.isStarred ? "the video" : "", clips].filter { !$0.isEmpty }
            .joined(separator: ", ")))
    }
    facts.append(.init("changed", Self.date(video.modified)))
    facts.append(.init("speed", "\(SettingsText.number(video.framesPerSecond)) frames a second"))
    facts.append(.init("begun", Self.date(video.created)))
    facts += video.exports.map { FactList.Fact("file", $0) }
    return facts
  }

  /// A date and time to the minute, in UTC so that two machines say the same.
  static func date(_ date: Date) -> String {
    date.formatted(.iso8601.dateTimeSeparator(.space).timeSeparator(.colon))
      .split(separator: ":").prefix(2).joined(separator: ":") + "Z"
  }

  // MARK: Help

  package func hints(_ app: AppState) -> [HelpEntry] {
    if search != nil { return typingHints }
    guard shelf == .videos else { return shelfSection.entries }
    // What needs a video is no help without one.
    return videos(app).isEmpty ? Self.section.rows([.trash, .exports]) : Self.section.entries
  }

  package func information(_ app: AppState) -> [(name: String, value: String)] {
    guard let video = focused(app) else { return [] }
    return facts(video, app).map { (name: $0.name, value: $0.value) }
  }
}

extension VideoSummary {
  /// Clips of the branch, and of the tree where it has more: `2 of 5 clips`.
  var clipText: String {
    totalClipCount > clipCount
      ? "\(clipCount) of \(totalClipCount) clips" : counted(clipCount, "clip")
  }

  /// The same in few columns: `2/5`.
  var shortClipText: String {
    totalClipCount > clipCount ? "\(clipCount)/\(totalClipCount)" : clipText
  }
}

extension GalleryOrder {
  /// How it is named.
  var title: String {
    switch self {
    case .changed: "date changed"
    case .begun: "date begun"
    case .title: "title"
    case .model: "model"
    case .length: "length"
    }
  }
}
