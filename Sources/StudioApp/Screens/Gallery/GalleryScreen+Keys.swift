import HandwrittenText
import RunKit
import StudioKit
import TerminalUI

extension GalleryScreen {
  /// What can be done with the videos.
  package static let section = HelpSection(
    title: "Gallery",
    entries: [
      ActionName.extend.row("extend", "open it in Extend", also: [.enter]),
      ActionName.reuse.row("reuse", "all its settings into Make, the seed too"),
      ActionName.reroll.row("reroll", "its settings into Make, with a new seed"),
      ActionName.star.row("star", "give it a star, or take it away"),
      ActionName.mark.row("mark", "mark it, or take the mark away"),
      ActionName.markAll.row("", "mark all that are listed, or take their marks away"),
      ActionName.compare.row("compare", "play the marked videos side by side"),
      ActionName.export.row("export", "write it to files, or all that are marked"),
      ActionName.rename.row("title", "call it something else"),
      ActionName.remove.row("trash", "move it to the trash, or all that are marked"),
      ActionName.search.row(
        "search", "show only what has these words, model:, seed:, date: or star among them"),
      ActionName.sort.row("sort", "by date changed, date begun, title, model or length"),
      ActionName.copy.row("copy seed", "copy its seed to the clipboard"),
      ActionName.exports.row("exports", "the files that were written"),
      ActionName.trash.row("the trash", "what is in the trash"),
    ])

  /// What can be done while the trash is shown.
  package static let trashSection = HelpSection(
    title: "Trash",
    entries: [
      ActionName.choose.row("restore", "bring it back"),
      ActionName.clear.row("empty", "delete all of it for good"),
      ActionName.search.row("search", "show only what has these words"),
      ActionName.trash.row("videos", "back to the videos"),
    ])

  /// What can be done while the list of exports is shown.
  package static let exportSection = HelpSection(
    title: "Exports",
    entries: [
      ActionName.extend.row("extend", "open its video in Extend", also: [.enter]),
      ActionName.copy.row("copy path", "copy its path to the clipboard"),
      ActionName.search.row("search", "show only what has these words"),
      ActionName.exports.row("videos", "back to the videos"),
    ])

  /// What can be done with what is listed.
  var shelfSection: HelpSection {
    switch shelf {
    case .videos: Self.section
    case .trash: Self.trashSection
    case .exports: Self.exportSection
    }
  }

  package func sections(_ app: AppState) -> [HelpSection] {
    [
      shelfSection, ClipPlayer.section,
      HelpSection(title: "Moving", entries: Array(Movement.helpEntries.prefix(3))),
    ]
  }

  package mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if search != nil { return handleSearch(key, app) }
    guard let movement = Movement(key) else { return [] }
    if shelf == .exports {
      _ = exportState.handle(key, texts: exports(app).map(\.path), page: 10)
    } else {
      let listed = videos(app)
      let grid = GalleryGrid(window: app.windowSize, app)
      let index = listed.firstIndex { $0.id == focus } ?? 0
      let target = grid.moved(index, movement, count: listed.count)
      focus = listed.indices.contains(target) ? listed[target].id : nil
    }
    return refresh(app)
  }

  package mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    if player.perform(action) { return [] }
    guard shelfSection.actions.contains(action) else { return nil }
    let effects = perform(action, app)
    return effects + refresh(app)
  }

  package mutating func click(_ name: String, _ app: AppState) -> [StudioEffect] {
    let parts = name.split(separator: " ")
    guard parts.first == "video", let number = parts.last.flatMap({ Int64($0) }) else { return [] }
    let video = VideoID(rawValue: number)
    guard video != focus else {
      return shelf == .videos ? [.video(.open(video)), .show(.extend)] : []
    }
    focus = video
    return refresh(app)
  }

  private mutating func handleSearch(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if key == .tab { return complete(app) }
    guard let outcome = search?.handle(key) else { return [] }
    offers = ([], 0)
    switch outcome {
    case .ignored: return []
    case .edited: query = search?.text ?? ""
    case .submitted: search = nil
    case .cancelled: (search, query) = (nil, "")
    }
    return refresh(app)
  }

  /// Takes what the word may become; again, what else.
  private mutating func complete(_ app: AppState) -> [StudioEffect] {
    guard let text = search?.text, shelf != .exports else { return [] }
    if offers.texts.indices.contains(offers.index), offers.texts[offers.index] == text {
      offers.index = (offers.index + 1) % offers.texts.count
    } else {
      let all = app.videos.filter { $0.isTrashed == (shelf == .trash) && $0.comparison == nil }
      offers = (GalleryFilter.completions(of: text, all), 0)
    }
    guard offers.texts.indices.contains(offers.index) else { return [] }
    search?.setText(offers.texts[offers.index])
    query = offers.texts[offers.index]
    return refresh(app)
  }

  package var typingHints: [HelpEntry] {
    [
      HelpEntry(keys: [.tab], name: "complete", help: ""),
      HelpEntry(keys: [.enter], name: "keep", help: ""),
      HelpEntry(keys: [.escape], name: "show all", help: ""),
    ]
  }

  private mutating func perform(_ action: ActionName, _ app: AppState) -> [StudioEffect] {
    switch action {
    case .search:
      search = TextInput(text: query)
      return []
    case .sort:
      order = order.next
      return [.notify(Notice(.information, "sorted by \(order.title)"))]
    case .trash: return show(shelf == .trash ? .videos : .trash)
    case .exports: return show(shelf == .exports ? .videos : .exports)
    case .compare: return compareMarked(app)
    case .clear: return emptyTrash(app)
    case .markAll: return markAll(app)
    default: break
    }
    guard let video = focused(app) else {
      return [.notify(Notice(.information, "there is no video here"))]
    }
    switch action {
    case .extend: return [.video(.open(video.id)), .show(.extend)]
    case .reuse: return reuse(video, keepsSeed: true, app)
    case .reroll: return reuse(video, keepsSeed: false, app)
    case .star: return [.video(.star(video.id, !video.isStarred))]
    case .mark: return [.video(.mark(video.id, !video.isMarked))]
    case .rename:
      return [.ask(prompt: "Name of this video", text: video.title, command: "rename")]
    case .remove:
      restored = []
      return trash(chosen(video, app), app)
    case .choose: return [.video(.restore(video.id))]
    case .copy: return copy(video, app)
    case .export: return askForExport(chosen(video, app))
    default: return []
    }
  }

  /// Marks all that are listed; where all are, takes the marks away.
  private func markAll(_ app: AppState) -> [StudioEffect] {
    let listed = videos(app)
    guard !listed.isEmpty else {
      return [.notify(Notice(.information, "there is no video here"))]
    }
    let isMarked = !listed.allSatisfy(\.isMarked)
    let changed = listed.filter { $0.isMarked != isMarked }
    return changed.map { .video(.mark($0.id, isMarked)) }
      + [
        .notify(
          Notice(
            .information,
            "\(counted(changed.count, "video")) \(isMarked ? "marked" : "no longer marked")",
            remedy: isMarked
              ? "\(app.keys[.export]) writes, \(app.keys[.remove]) drops and \(app.keys[.compare]) compares what is marked"
              : ""))
      ]
  }

  /// The videos that an action concerns: those that are marked, or else the focused one.
  private func chosen(_ video: VideoSummary, _ app: AppState) -> [VideoSummary] {
    let marked = videos(app).filter(\.isMarked)
    return marked.isEmpty ? [video] : marked
  }

  private func askForExport(_ videos: [VideoSummary]) -> [StudioEffect] {
    guard let first = videos.first else { return [] }
    guard videos.count > 1 else {
      return [
        .ask(
          prompt: "Export \(first.title) \(ExportRequest.formats)",
          text: ExportRequest.fileName(first.title, "mp4") + " x4", command: "export", isPath: true)
      ]
    }
    return [
      .ask(
        prompt: "Export \(videos.count) marked videos, * for the title of each",
        text: "*.mp4 x4", command: "export", isPath: true)
    ]
  }

  private func copy(_ video: VideoSummary, _ app: AppState) -> [StudioEffect] {
    if shelf == .exports {
      let exports = exports(app)
      guard exports.indices.contains(exportState.selected) else { return [] }
      return [.copy(exports[exportState.selected].path, what: "the path")]
    }
    return [.copy("\(video.seed)", what: "the seed \(video.seed)")]
  }

  /// Puts videos into the trash; asks first if work for them would end, which nothing brings back, and
  /// where it is more than one.
  private mutating func trash(
    _ videos: [VideoSummary], asksForMany: Bool = true, _ app: AppState
  ) -> [StudioEffect] {
    let ids = videos.map(\.id)
    trashed.append(ids)
    let name = videos.count == 1 ? videos[0].title : "\(videos.count) marked videos"
    let effects: [StudioEffect] =
      ids.map { .video(.trash($0)) } + [
        .notify(
          Notice(
            .information, "\(name) \(ids.count == 1 ? "is" : "are") in the trash",
            remedy:
              "\(app.keys[.undo]) brings \(ids.count == 1 ? "it" : "them") back, \(app.keys[.trash]) shows the trash"
          ))
      ]
    // Each job that would end, whatever it does and however it stands: nothing brings one back.
    let jobs = app.openJobs.filter { job in job.video.map(ids.contains) ?? false }
    let lines = jobs.map { job in
      let isExport = job.generation == nil
      return switch job.state {
      case .running:
        "Job \(job.id.rawValue), which \(isExport ? "writes it to files" : "makes clips of it"), ends."
      case .waiting: "Job \(job.id.rawValue), which waits for its turn, ends."
      default:
        "Job \(job.id.rawValue), which is held back, ends; its clip in progress is given up."
      }
    }
    guard !lines.isEmpty || videos.count > 1 && asksForMany else { return effects }
    let kept = lines.isEmpty ? "\(app.keys[.undo]) brings them back." : "Complete clips are kept."
    return [
      .confirm(title: "Put \(name) into the trash?", lines: lines + [kept], confirmed: effects)
    ]
  }

  package func undoText(_ app: AppState) -> String? {
    let ids = trashed.last { ids in app.videos.contains { ids.contains($0.id) && $0.isTrashed } }
    guard let ids else { return nil }
    let name = ids.count == 1 ? app.name(of: ids[0]) : "\(ids.count) videos"
    return "brings \(name) back"
  }

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    // A question may have been answered with no, and a video deleted for good.
    while let last = trashed.popLast() {
      let videos = app.videos.filter { last.contains($0.id) && $0.isTrashed }
      guard let first = videos.first else { continue }
      restored.append(last)
      let text = videos.count == 1 ? "\(first.title) is back" : "\(videos.count) videos are back"
      return videos.map { .video(.restore($0.id)) } + [.notify(Notice(.information, text))]
    }
    return [.notify(Notice(.information, "nothing was put into the trash that could come back"))]
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    while let last = restored.popLast() {
      let videos = app.videos.filter { last.contains($0.id) && !$0.isTrashed }
      guard !videos.isEmpty else { continue }
      return trash(videos, asksForMany: false, app)
    }
    return [.notify(.nothingToRedo)]
  }

  private mutating func show(_ shelf: Shelf) -> [StudioEffect] {
    self.shelf = shelf
    query = ""
    return []
  }

  /// Takes what made the branch that is shown into Make, with its seeds or with others.
  private mutating func reuse(
    _ video: VideoSummary, keepsSeed: Bool, _ app: AppState
  ) -> [StudioEffect] {
    guard let tree = app.trees[video.id] else {
      return [
        .notify(Notice(.warning, "the settings of \(video.title) are not read yet"))
      ]
    }
    guard var recipe = tree.recipe else {
      return [.notify(Notice(.information, "\(video.title) has no clip yet"))]
    }
    if !keepsSeed { recipe = recipe.reseeded { seeds.next() } }
    return [.show(.make), .useRecipe(recipe, of: video.title, keepsSeeds: keepsSeed)]
  }

  private func compareMarked(_ app: AppState) -> [StudioEffect] {
    let count = app.videos.count { $0.isMarked && !$0.isTrashed }
    guard (2...4).contains(count) else {
      return [
        .notify(
          Notice(
            .warning, "\(count) videos are marked; two to four can be compared",
            remedy: "\(app.keys[.mark]) marks a video"))
      ]
    }
    return [.command(.compare, "marked", argument: "")]
  }

  private func emptyTrash(_ app: AppState) -> [StudioEffect] {
    let count = app.videos.count(where: \.isTrashed)
    guard count > 0 else { return [.notify(Notice(.information, "the trash is empty"))] }
    return [
      .confirm(
        title: "Empty the trash?",
        lines: [
          count == 1 ? "One video is deleted for good." : "\(count) videos are deleted for good.",
          "Files that were exported stay.",
        ], confirmed: [.video(.emptyTrash)])
    ]
  }

  // MARK: Commands

  package func commands(_ app: AppState) -> [CommandPalette.Entry] {
    [
      .init(name: "export", help: "write the video to files, x4 to enlarge", argument: .path),
      .init(name: "overwrite", help: "the same over files that exist", argument: .path),
      .init(name: "rename", help: "name this video", argument: .text),
      .init(
        name: "sort", help: "changed, begun, title, model or length",
        argument: .words(GalleryOrder.allCases.map(\.rawValue))),
    ]
  }

  package mutating func run(_ command: String, argument: String, _ app: AppState) -> [StudioEffect]
  {
    if command == "sort" {
      guard let wanted = GalleryOrder(rawValue: argument) else {
        let names = GalleryOrder.allCases.map(\.rawValue).joined(separator: ", ")
        return [.notify(Notice(.warning, "there is no order \"\(argument)\"", remedy: names))]
      }
      order = wanted
      return refresh(app)
    }
    guard let video = focused(app) else {
      return [.notify(Notice(.information, "there is no video here"))]
    }
    switch command {
    case "export", "overwrite":
      let videos = chosen(video, app)
      guard videos.count == 1 || argument.contains("*") else {
        return [
          .notify(
            Notice(
              .warning, "\(videos.count) videos cannot have one name",
              remedy: "Write * for the title of each, such as *.mp4"))
        ]
      }
      let stems = ExportRequest.stems(videos.map(\.title))
      return zip(videos, stems).flatMap { video, stem -> [StudioEffect] in
        guard let tip = app.trees[video.id]?.tip ?? video.poster else {
          return [.notify(Notice(.warning, "\(video.title) has no clip yet"))]
        }
        return ExportRequest.effects(
          argument.replacing("*", with: stem), video: video.id, through: tip,
          overwrites: command == "overwrite")
      }
    case "rename": return StudioEffect.rename(video.id, to: argument)
    default: return []
    }
  }
}
