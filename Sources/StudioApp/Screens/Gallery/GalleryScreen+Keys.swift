import RunKit
import StudioKit
import TerminalUI

extension GalleryScreen {
  /// The keys of what is listed.
  private var keyMap: KeyMap<GalleryAction> {
    switch shelf {
    case .videos: GalleryAction.keyMap
    case .trash: GalleryAction.trashMap
    case .exports: GalleryAction.exportMap
    }
  }

  package mutating func handle(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if search != nil { return handleSearch(key, app) }
    if let action = keyMap.action(for: key) {
      let effects = perform(action, app)
      return effects + refresh(app)
    }
    if player.handle(key) { return [] }
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

  private mutating func handleSearch(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard let outcome = search?.handle(key) else { return [] }
    switch outcome {
    case .ignored: return []
    case .edited: query = search?.text ?? ""
    case .submitted: search = nil
    case .cancelled: (search, query) = (nil, "")
    }
    return refresh(app)
  }

  package var typingHints: [HelpEntry] {
    [
      HelpEntry(keys: [.enter], name: "keep", help: ""),
      HelpEntry(keys: [.escape], name: "show all", help: ""),
    ]
  }

  private mutating func perform(_ action: GalleryAction, _ app: AppState) -> [StudioEffect] {
    switch action {
    case .search:
      search = TextInput(text: query)
      return []
    case .sort:
      order = order.next
      return [.notify(Notice(.information, "sorted by \(order.title)"))]
    case .showTrash: return show(shelf == .trash ? .videos : .trash)
    case .showExports: return show(shelf == .exports ? .videos : .exports)
    case .compare: return compareMarked(app)
    case .empty: return emptyTrash(app)
    default: break
    }
    guard let video = focused(app) else {
      return [.notify(Notice(.information, "there is no video here"))]
    }
    switch action {
    case .open: return [.video(.open(video.id)), .show(.extend)]
    case .useAll: return reuse(video, keepsSeed: true, app)
    case .useWithoutSeed: return reuse(video, keepsSeed: false, app)
    case .mark: return [.video(.mark(video.id, !video.isMarked))]
    case .rename:
      return [.ask(prompt: "Name of this video", text: video.title, command: "rename")]
    case .trash:
      restored = []
      return trash(video, app)
    case .restore: return [.video(.restore(video.id))]
    case .export:
      return [
        .ask(
          prompt: "Export \(video.title) \(ExportRequest.formats)",
          text: ExportRequest.fileName(video.title, "mp4") + " x4", command: "export")
      ]
    case .search, .sort, .showTrash, .showExports, .compare, .empty: return []
    }
  }

  /// Puts a video into the trash; asks first if work for it would end, which nothing brings back.
  private mutating func trash(_ video: VideoSummary, _ app: AppState) -> [StudioEffect] {
    trashed.append(video.id)
    let effects: [StudioEffect] = [
      .video(.trash(video.id)),
      .notify(
        Notice(
          .information, "\(video.title) is in the trash",
          remedy: "u brings it back, T shows the trash")),
    ]
    // Each job that would end, whatever it does and however it stands: nothing brings one back.
    let lines = app.openJobs.filter { $0.video == video.id }.map { job in
      let isExport = job.generation == nil
      return switch job.state {
      case .running:
        "Job \(job.id.rawValue), which \(isExport ? "writes it to files" : "makes clips of it"), ends."
      case .waiting: "Job \(job.id.rawValue), which waits for its turn, ends."
      default:
        "Job \(job.id.rawValue), which is held back, ends; its clip in progress is given up."
      }
    }
    guard !lines.isEmpty else { return effects }
    return [
      .confirm(
        title: "Put \(video.title) into the trash?", lines: lines + ["Complete clips are kept."],
        confirmed: effects)
    ]
  }

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    // A question may have been answered with no, and a video deleted for good.
    while let last = trashed.popLast() {
      guard let video = app.videos.first(where: { $0.id == last && $0.isTrashed })
      else { continue }
      restored.append(last)
      return [
        .video(.restore(last)), .notify(Notice(.information, "\(video.title) is back")),
      ]
    }
    return [.notify(Notice(.information, "nothing was put into the trash that could come back"))]
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    while let last = restored.popLast() {
      guard let video = app.videos.first(where: { $0.id == last && !$0.isTrashed })
      else { continue }
      return trash(video, app)
    }
    return []
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
            remedy: "m marks a video"))
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

  package var commands: [CommandPalette.Entry] {
    [
      .init(name: "export", help: "write the video to files, x4 to enlarge", takesArgument: true),
      .init(name: "overwrite", help: "the same over files that exist", takesArgument: true),
      .init(name: "rename", help: "name this video", takesArgument: true),
      .init(name: "sort", help: "changed, begun, title, model or length", takesArgument: true),
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
      guard let tip = app.trees[video.id]?.tip ?? video.poster else {
        return [.notify(Notice(.warning, "\(video.title) has no clip yet"))]
      }
      return ExportRequest.effects(
        argument, video: video.id, through: tip, overwrites: command == "overwrite")
    case "rename": return argument.isEmpty ? [] : [.video(.rename(video.id, argument))]
    default: return []
    }
  }
}
