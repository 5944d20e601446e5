import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// The filmstrip of Extend: its places, what is seen of a long one, the seam, and rolls side by side.
@Suite struct FilmstripTests {
  private func screen(_ app: AppState) -> ExtendScreen {
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    return screen
  }

  /// A branch of 30 clips, and one from its third.
  private static let longTree: ClipTree = {
    var clips = (1...30).map { number in
      Clip(
        id: Fixtures.id(Int64(number)), video: Fixtures.video,
        parent: number == 1 ? nil : Fixtures.id(Int64(number - 1)), settings: Fixtures.settings,
        model: Fixtures.skies.reference, seed: 1, index: number - 1, steps: 20,
        created: Fixtures.start, seconds: 1)
    }
    clips.append(
      Clip(
        id: Fixtures.id(31), video: Fixtures.video, parent: Fixtures.id(3), fork: 1,
        settings: Fixtures.settings, model: Fixtures.skies.reference, seed: 2, index: 3, steps: 20,
        created: Fixtures.start, seconds: 1))
    return ClipTree(video: Fixtures.video, clips: clips, position: Fixtures.id(15))
  }()

  @Test("branches stand below at their own time, and lines do not cross")
  func places() {
    let grid = FilmGrid(TreeOutline(Fixtures.grownTree))
    #expect(grid.rowCount == 2 && grid.slotCount == 4)
    let b3 = grid.places.first { $0.node.label == "B3" }
    #expect(b3?.row == 1 && b3?.slot == 2 && b3?.branchRow == 0)
    #expect(grid.moved(from: "7", .left) == "6")
    #expect(grid.moved(from: "6", .left) == "2")
    #expect(grid.moved(from: "7", .up) == "5", "the nearest in the row above")
    #expect(grid.moved(from: "2", .right) == "5")
    #expect(grid.moved(from: "7", .first) == "6" && grid.moved(from: "1", .last) == "5")
    // Two branches from one clip keep their order; a later one's rows stand nearer.
    var tree = Self.longTree
    for (number, parent, fork) in [(32, 3, 2), (33, 5, 1)] {
      tree.add(
        Clip(
          id: Fixtures.id(Int64(number)), video: Fixtures.video,
          parent: Fixtures.id(Int64(parent)), fork: fork, settings: Fixtures.settings,
          model: Fixtures.skies.reference, seed: 3, index: parent, steps: 20,
          created: Fixtures.start, seconds: 1), following: false)
    }
    let rows = FilmGrid(TreeOutline(tree))
    #expect([33, 31, 32].map { rows.place(of: "\($0)")?.row } == [1, 2, 3])
  }

  @Test("a strip that is longer than the pane says how many clips are beyond its edges")
  func cutEdges() throws {
    let app = Fixtures.app(showing: Self.longTree)
    let shown = text(window(screen(app), app))
    #expect(shown.contains("more") && shown.contains("A15"))
    let counts = shown.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
    // Of 30 clips, seven places are seen: five with a picture, and the rest counted at both edges.
    #expect(counts.contains(12) && counts.contains(13))
    #expect(shown.contains("< 1 more"), "a branch that is over before what is seen")
    try expectSnapshots(screen(app), app, named: "extend-long")
  }

  @Test("the seam is measured against the change inside the clip")
  func seam() throws {
    func strip(_ levels: [UInt8]) throws -> Filmstrip {
      Filmstrip(
        pictures: try levels.map {
          try PixelImage(width: 2, height: 1, bytes: Array(repeating: $0, count: 6))
        })
    }
    let before = try strip([10, 12])
    #expect(ClipSeam.ratio(from: before, to: try strip([14, 16, 18])) == 1)
    #expect(ClipSeam.ratio(from: before, to: try strip([18, 20, 22])) == 3)
    #expect(ClipSeam.ratio(from: before, to: try strip([18, 18])) == .infinity)
    #expect(ClipSeam.ratio(from: before, to: try strip([12, 12])) == 1)
    #expect(ClipSeam.ratio(from: before, to: try strip([18])) == nil)
    let app = Fixtures.app(showing: Fixtures.grownTree)
    #expect(text(window(screen(app), app)).contains("times the change inside"))
  }

  @Test("rolls play side by side, one still being made; Enter keeps the focused one")
  func rolls() throws {
    var app = Fixtures.growing(Fixtures.grownTree, after: 2, fork: 0)
    app.trees[Fixtures.video]?.select(Fixtures.id(5))
    let waiting = Job(
      id: JobID(rawValue: 8), task: app.jobs[0].task, state: .waiting, created: Fixtures.start)
    app.jobs.append(waiting)
    var screen = screen(app)
    #expect(press([.enter], on: &screen, app).isEmpty && screen.rolls != nil)
    _ = screen.refresh(app)
    try expectSnapshots(screen, app, named: "extend-rolls")
    let shown = text(window(screen, app))
    #expect(shown.contains("1 of 5") && shown.contains("5 of 5") && shown.contains("waits"))
    press([.character("G")], on: &screen, app)
    #expect(press([.enter], on: &screen, app).onlyNotice?.sentence == "this roll is not there yet")
    press([.character("g")], on: &screen, app)
    let effects = press([.enter], on: &screen, app)
    #expect(effects.contains(.tree(.select(Fixtures.video, Fixtures.id(3)))))
    #expect(screen.rolls == nil)
  }

  @Test("a clip gets a star where one stands and among its rolls, and shows it")
  func stars() throws {
    var app = Fixtures.app(showing: Fixtures.grownTree, at: 5)
    var screen = screen(app)
    #expect(
      press(keys("*"), on: &screen, app) == [.tree(.star(Fixtures.video, Fixtures.id(5), true))])
    app.trees[Fixtures.video]?.star(Fixtures.id(5), true)
    _ = screen.refresh(app)
    #expect(text(window(screen, app)).contains("★"))
    press([.enter], on: &screen, app)
    #expect(text(window(screen, app)).contains("★ "))
    #expect(
      press(keys("*"), on: &screen, app) == [.tree(.star(Fixtures.video, Fixtures.id(5), false))])
  }

  @Test("a clip is dropped from the rolls, but not the last")
  func drops() {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 4)
    var screen = screen(app)
    press([.enter], on: &screen, app)
    #expect(screen.rolls?.grid.focus == 1)
    #expect(
      press(keys("d"), on: &screen, app).first == .tree(.drop(Fixtures.video, Fixtures.id(4))))
  }

  @Test("small pictures outlive the frames of their clips")
  func thumbnails() {
    var shelf = FrameShelf(capacity: 2)
    for number in Int64(1)...4 { shelf.put(Fixtures.frames(number)) }
    #expect(shelf[Fixtures.id(1)] == nil && shelf.thumbnail(Fixtures.id(1)) != nil)
    #expect(shelf.missingThumbnails([Fixtures.id(1), Fixtures.id(9)]) == [Fixtures.id(9)])
  }
}
