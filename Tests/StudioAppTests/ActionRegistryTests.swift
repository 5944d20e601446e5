import Foundation
import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// One table of actions behind keys, hints, the menu, the palette, a user's keys and the documents.
@Suite struct ActionRegistryTests {
  // MARK: The table

  @Test("a letter means one action, on every screen")
  func letters() {
    var actions: [Key: ActionName] = [:]
    for action in ActionName.allCases {
      for key in action.keys {
        #expect(actions[key] == nil, "\(key) is \(action) and \(String(describing: actions[key]))")
        actions[key] = action
      }
    }
    // A table may only add Enter and Tab, which mean what is selected and the next part.
    for section in ActionRegistry.sections + [ActionRegistry.studio] {
      for entry in section.entries {
        let action = ActionName(rawValue: entry.command)
        let others = entry.keys.filter { action?.keys.contains($0) != true }
        #expect(others.allSatisfy { [.enter, .tab].contains($0) }, "\(section.title) \(entry)")
      }
      let keys = (section.entries + ActionRegistry.studio.entries).flatMap(\.keys)
      let own =
        section.title == ActionRegistry.studio.title ? section.entries.flatMap(\.keys) : keys
      #expect(Set(own).count == own.count, "\(section.title)")
    }
  }

  @Test("every action of the tables that count is done", arguments: ScreenID.allCases)
  func allAreDone(screen: ScreenID) {
    for app in [
      Fixtures.emptyState, Fixtures.busyState, Fixtures.app(showing: Fixtures.grownTree),
      Fixtures.galleryState, Fixtures.comparing(), Fixtures.evaluatedState,
    ] {
      let undone = undoneActions(of: screen, app)
      #expect(undone.isEmpty)
    }
  }

  /// The actions of a screen's tables that it does not know, and one that is in none, should it know that.
  private func undoneActions(of screen: ScreenID, _ app: AppState) -> [ActionName] {
    var screens = Screens()
    _ = screens[screen].refresh(app)
    let actions = screens[screen].sections(app).flatMap(\.actions)
    let undone = actions.filter { action in
      var others = screens
      let effects: [StudioEffect]? = others[screen].perform(action, count: nil, app)
      return effects == nil
    }
    let strange: [StudioEffect]? = screens[screen].perform(.help, count: nil, app)
    return strange == nil ? undone : undone + [.help]
  }

  @Test("README's table of keys is the registry's; RECORD_SNAPSHOTS=1 writes it anew")
  func readme() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../README.md"
    )
    .standardizedFileURL
    let text = try String(contentsOf: file, encoding: .utf8)
    let (begin, end) = (
      "<!-- the table of keys, from ActionRegistry -->\n", "<!-- end of the table of keys -->"
    )
    let start = try #require(text.range(of: begin))
    let stop = try #require(text.range(of: end))
    let table = String(text[start.upperBound..<stop.lowerBound])
    guard table != ActionRegistry.markdown else { return }
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
      let new = text.replacingCharacters(
        in: start.upperBound..<stop.lowerBound, with: ActionRegistry.markdown)
      try new.write(to: file, atomically: true, encoding: .utf8)
    }
    Issue.record("README.md has another table of keys")
  }

  // MARK: The menu and the palette

  @Test("the menu does what its selected line says, by search and Enter")
  func menu() {
    var model = studio(on: .make)
    _ = type("?/export", into: &model)
    #expect(lines(model).joined().contains("What can be done here"))
    _ = type("", into: &model)
    _ = model.update(.key(.escape))
    _ = model.update(.key(.escape))
    #expect(model.overlay == nil)
    _ = type("?/new seed", into: &model)
    let errands = model.update(.key(.enter))
    #expect(model.overlay == nil)
    #expect(
      errands.contains { if case .workspace(.remember(.settings)) = $0 { true } else { false } })
    // A screen's line leads there, also where its digit would be typed.
    _ = type("?/screen queue", into: &model)
    _ = model.update(.key(.enter))
    #expect(model.screen == .queue)
  }

  @Test("the palette does actions by their names, with a number, and completes words and paths")
  func palette() throws {
    var model = studio(on: .make)
    _ = type(":reroll 4", into: &model)
    let made = orders(model.update(.key(.enter)))
    #expect(made.count == 4)
    let seeds = made.compactMap {
      if case .make(_, let settings) = $0 { settings.seed } else { nil }
    }
    #expect(Set(seeds).count == 4)
    _ = type(":reroll many", into: &model)
    #expect(model.update(.key(.enter)).isEmpty)
    #expect(model.status?.sentence == "\"many\" is no number of times")
    _ = type(":theme Oth", into: &model)
    #expect(model.update(.key(.enter)) == [.remember(.theme("Other"))])
    _ = type(":open sam", into: &model)
    #expect(model.update(.key(.tab)) == [.query(.completePath("sam"))])
    _ = model.update(.pathCompleted(PathCompletion(of: "/")))
    guard case .palette(let palette)? = model.overlay else {
      Issue.record("the palette is gone")
      return
    }
    #expect(palette.input.text == "open sam", "an answer about another path changes nothing")
  }

  @Test("Tab completes a path that a question asks for")
  func prompts() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pvdm-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["clouds-1.mp4", "clouds-2.mp4"] {
      try Data().write(to: folder.appending(path: name))
    }
    var model = studio(Fixtures.app, on: .models)
    _ = type("o\(folder.path)/cl", into: &model)
    let asked = model.update(.key(.tab))
    #expect(asked == [.query(.completePath("\(folder.path)/cl"))])
    _ = model.update(.pathCompleted(PathCompletion(of: "\(folder.path)/cl")))
    guard case .prompt(let prompt)? = model.overlay else {
      Issue.record("the question is gone")
      return
    }
    #expect(prompt.input.text == "\(folder.path)/clouds-")
    _ = model.update(.pathCompleted(PathCompletion(of: "\(folder.path)/")))
    #expect(lines(model, columns: 160).joined().contains("clouds-2.mp4"))
  }

  @Test(
    "the names of a folder are chosen from where a path is asked: down into one, up, and a file")
  func browsing() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pvdm-\(UUID())")
    let inner = folder.appending(path: "skies")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data().write(to: folder.appending(path: "a.pth"))
    try Data().write(to: inner.appending(path: "b.pth"))
    var model = studio(Fixtures.app, on: .models)
    /// Answers whatever folder was asked for.
    func press(_ keys: [Key]) {
      for key in keys {
        for case .workspace(.query(.completePath(let typed))) in model.update(.key(key)) {
          _ = model.update(.pathCompleted(PathCompletion(of: typed)))
        }
      }
    }
    func text() -> String? {
      if case .prompt(let prompt)? = model.overlay { prompt.input.text } else { nil }
    }
    press([.character("o")] + "\(folder.path)/".map { .character($0) })
    let shown = lines(model, columns: 160).joined()
    #expect(["../", "a.pth", "skies/"].allSatisfy(shown.contains))
    press([.down, .down, .enter])
    #expect(text() == "\(folder.path)/skies/")
    #expect(lines(model, columns: 160).joined().contains("b.pth"))
    press([.down, .up, .enter])
    #expect(text() == "\(folder.path)/", "up, since the way up is before the first name")
    press([.character("a"), .down])
    let taken = model.update(.key(.enter))
    #expect(taken == [.library(.openModel(path: "\(folder.path)/a.pth"))])
    #expect(model.overlay == nil)
  }

  @Test("a new file's name stays while its folder is chosen, and ways up are short")
  func browsingForANewFile() {
    var listing = PathMenu(head: "out/", names: ["films/", "old.mp4"])
    #expect(listing.offered(for: "out/sky.mp4 x4") == ["../", "films/"])
    #expect(listing.offered(for: "out/o") == ["old.mp4"])
    #expect(listing.offered(for: "out/") == ["../", "films/", "old.mp4"])
    listing.move(by: 1, path: "out/sky.mp4 x4")
    #expect(listing.chosen(for: "out/sky.mp4 x4")?.path == "sky.mp4 x4")
    listing.move(by: 1, path: "out/sky.mp4 x4")
    #expect(listing.chosen(for: "out/sky.mp4 x4")?.path == "out/films/sky.mp4 x4")
    var here = PathMenu(head: "", names: [])
    here.move(by: 1, path: "")
    #expect(here.chosen(for: "")?.path == "../")
    #expect(PathMenu(head: "/", names: ["a/"]).offered(for: "/") == ["a/"])
  }

  // MARK: Counts

  @Test("a number before an action counts: forty clips, four rolls side by side, three branches")
  func counts() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var model = studio(app, on: .extend)
    #expect(lines(model)[1].contains("F3 Extend"), "other keys show the screens here")
    _ = type("40", into: &model)
    #expect(model.screen == .extend && model.count == 40)
    #expect(lines(model)[23].hasPrefix("40 times: e extend  R reroll"))
    let extended = orders(type("e", into: &model))
    guard case .extend(_, _, _, _, let settings)? = extended.first else {
      Issue.record("nothing is asked for")
      return
    }
    #expect(extended.count == 1 && settings.clipCount == 40 && model.count == nil)

    let rolls = orders(type("4R", into: &model))
    let places = rolls.compactMap { order -> [Int64]? in
      guard case .extend(_, let clip, let fork, _, let own) = order else { return nil }
      return [clip?.rawValue ?? 0, Int64(fork), Int64(bitPattern: own.seed)]
    }
    #expect(places.count == 4 && Set(places.map { Array($0.prefix(2)) }).count == 1)
    #expect(Set(places.map { $0[2] }).count == 4)
    #expect((model.screens[.extend] as? ExtendScreen)?.rolls != nil)
    _ = model.update(.key(.escape))
    #expect((model.screens[.extend] as? ExtendScreen)?.rolls == nil)

    let branches = orders(type("3b", into: &model)).compactMap { order -> Int? in
      if case .extend(_, _, let fork, _, _) = order { fork } else { nil }
    }
    #expect(branches == [0, 1, 2], "each a branch of its own")
    _ = type("12", into: &model)
    _ = model.update(.key(.escape))
    #expect(model.count == nil)
    _ = model.update(.key(Key(.function(5))))
    #expect(model.screen == .gallery)
  }

  @Test("a number repeats a movement")
  func repeatedMovements() {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var model = studio(app, on: .extend)
    #expect(type("2h", into: &model).contains(.tree(.select(Fixtures.video, Fixtures.id(2)))))
  }

  // MARK: Other ways of acting

  @Test("Make changes the model and takes the seed that is shown")
  func make() {
    var model = studio(Fixtures.stateAfter(.finished), on: .make)
    _ = type("M", into: &model)
    #expect(model.app.modelID != Fixtures.skies.id)
    _ = type("U", into: &model)
    #expect(model.app.settings.seed == 48_213 && model.app.settings.isSeedLocked)
  }

  @Test("a waiting job runs next, and is added again with other seeds")
  func queue() {
    var app = Fixtures.app
    app.jobs = [
      Fixtures.job(7, .running), Fixtures.job(8, .waiting), Fixtures.job(9, .waiting),
    ]
    var screen = QueueScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    press(keys("jj"), on: &screen, app)
    #expect(screen.handle(.character("r"), app).first == .job(.move(JobID(rawValue: 9), by: -1)))
    let added = screen.handle(.character("a"), count: 2, app)
    let seeds = added.compactMap { effect -> UInt64? in
      guard case .workspace(.order(.make(_, let settings))) = effect else { return nil }
      return settings.seed
    }
    #expect(seeds.count == 2 && Set(seeds + [48_213]).count == 3)
  }

  @Test("marked videos are trashed and exported together")
  func marked() {
    let app = Fixtures.galleryState
    var screen = GalleryScreen()
    _ = screen.refresh(app)
    guard case .confirm(let title, _, let confirmed)? = screen.handle(.character("d"), app).first
    else {
      Issue.record("it does not ask")
      return
    }
    #expect(title == "Put 2 marked videos into the trash?")
    #expect(
      confirmed.prefix(2) == [
        .video(.trash(VideoID(rawValue: 1))), .video(.trash(VideoID(rawValue: 2))),
      ])
    #expect(screen.run("export", argument: "all.mp4", app).onlyNotice?.level == .warning)
    let paths = screen.run("export", argument: "*.mp4 x2", app).compactMap { effect -> [String]? in
      if case .workspace(.order(.export(let task))) = effect { task.paths } else { nil }
    }
    #expect(paths == [["sunset.mp4"], ["dawn-over-hills.mp4"]])
  }
}
