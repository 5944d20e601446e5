import Foundation
import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// Which videos and clips are shown, and what is said of them.
@Suite struct ShownVideoTests {
  private func screen(_ app: AppState) -> MakeScreen {
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    return screen
  }

  // MARK: The clip that plays

  /// Three clips of a run with one seed, of which the last was made again with another.
  private var rerolled: AppState {
    var app = Fixtures.app(showing: Fixtures.grownTree, at: 4)
    app.jobs = [Fixtures.job(7, .finished, finishedClips: 3)]
    return app
  }

  @Test("the preview's title, its seed and offered names are those of the clip that plays")
  func playedClip() {
    let app = rerolled
    var screen = screen(app)
    #expect(text(window(screen, app)).contains("skies-64   seed 48213"))
    for _ in 0..<32 { screen.advance(app) }
    #expect(text(window(screen, app)).contains("skies-64   seed 5 "))
    #expect(
      screen.handle(.character("s"), app) == [
        .ask(prompt: "Frame 33 to", text: "skies-64-5-33.png", command: "still", isPath: true)
      ])
    guard case .ask(_, let name, _, _)? = screen.handle(.character("w"), app).first else {
      Issue.record("no name is asked for")
      return
    }
    #expect(name == "skies-64-5.mp4")
    _ = screen.handle(.character("U"), app)
    #expect(screen.form.settings.seed == 5 && screen.form.settings.isSeedLocked)
  }

  @Test("a tall window tells the seed of the clip that plays")
  func runOfTheClip() {
    let app = rerolled
    var screen = screen(app)
    for _ in 0..<32 { screen.advance(app) }
    let shown = text(window(screen, app, columns: 160, rows: 48))
    #expect(shown.contains("of job 7") && !shown.contains("48213"))
  }

  @Test("a job that makes another roll of a first clip tells its own seed")
  func jobTitles() {
    var app = Fixtures.app
    app.videos = [Fixtures.summary("skies-64, seed 48213")]
    var other = Fixtures.settings
    other.seed = 51
    #expect(Fixtures.job(7, .finished).title(app) == "make skies-64, seed 48213")
    #expect(
      Fixtures.job(8, .running, settings: other).title(app)
        == "reroll skies-64, seed 48213, with seed 51")
  }

  // MARK: Videos without a clip

  /// A state whose newest job has been held back before its first clip.
  private func heldBack(_ app: AppState) -> AppState {
    var app = app
    var video = Fixtures.galleryVideo(4, "new")
    (video.clipCount, video.totalClipCount, video.poster) = (0, 0, nil)
    app.videos.insert(video, at: 0)
    app.trees[video.id] = ClipTree(video: video.id)
    app.jobs.insert(Fixtures.job(9, .paused, video: video.id), at: 0)
    return app
  }

  @Test("a job that has no clip yet hides no video that has one")
  func videosBesideAnEmptyOne() {
    let app = heldBack(Fixtures.stateAfter(.finished))
    let shown = text(window(screen(app), app))
    #expect(shown.contains("skies-64   seed 48213") && shown.contains("01/32"))
    #expect(!shown.contains("Nothing made yet"))
  }

  @Test("a run that is held back before its first clip says so, with the keys that go on")
  func heldBackAlone() {
    let app = heldBack(Fixtures.app)
    let shown = text(window(screen(app), app))
    #expect(shown.contains("Held back before its first clip"))
    #expect(shown.contains("P  lets it go on") && !shown.contains("Nothing made yet"))
  }

  @Test("a video that a cancelled job left without a clip is not listed; a canvas is")
  func leftEmpty() {
    var app = Fixtures.galleryState
    let id = app.videos[2].id
    (app.videos[2].clipCount, app.videos[2].totalClipCount, app.videos[2].poster) = (0, 0, nil)
    app.jobs = [Fixtures.job(7, .cancelled, video: id)]
    app.jobs[0].created = app.videos[2].created
    var screen = GalleryScreen()
    _ = screen.refresh(app)
    #expect(!screen.videos(app).contains { $0.id == id })
    // What began before its job was not begun by it.
    app.jobs[0].created = app.videos[2].created.addingTimeInterval(9)
    #expect(screen.videos(app).contains { $0.id == id })
  }

  // MARK: Several side by side

  @Test("z shows the focused one of several seeds alone, and Esc brings the others back first")
  func zoomedSeeds() {
    let app = Fixtures.app
    var screen = screen(app)
    _ = screen.perform(.reroll, count: 4, app)
    press(keys("lz"), on: &screen, app)
    let shown = text(window(screen, app))
    #expect(shown.contains("2 of 4") && !shown.contains("1 of 4"))
    #expect(screen.goBack() && screen.batch != nil)
    #expect(text(window(screen, app)).contains("1 of 4"))
    #expect(screen.goBack() && screen.batch == nil)
  }

  @Test("z shows the focused one of several rolls alone, and Esc brings the others back first")
  func zoomedRolls() {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 4)
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    press([.enter] + keys("z"), on: &screen, app)
    let shown = text(window(screen, app))
    #expect(shown.contains("2 of 3") && !shown.contains("1 of 3"))
    let left = [screen.goBack(), screen.goBack(), screen.goBack()]
    #expect(left == [true, true, false] && screen.rolls == nil && !screen.player.isZoomed)
  }

  @Test("where undo has taken every roll away, the canvas is shown again")
  func noRollLeft() {
    var tree = ClipTree(video: Fixtures.video)
    for number in [11, 12] as [Int64] { tree.add(Fixtures.clip(number), following: true) }
    var app = Fixtures.app(showing: tree)
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    press([.enter], on: &screen, app)
    #expect(screen.rolls != nil)
    for _ in 0..<2 { tree.undo() }
    app = Fixtures.app(showing: tree)
    _ = screen.refresh(app)
    #expect(screen.rolls == nil)
    #expect(text(window(screen, app)).contains("An empty canvas"))
  }
}
