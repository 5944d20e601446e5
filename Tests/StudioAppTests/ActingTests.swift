import Foundation
import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// One way of acting: what keys mean while something is typed or selected, what stands in the bottom lines,
/// and what is shown before the workspace has answered.
@Suite struct ActingTests {
  // MARK: The bottom lines

  @Test("a notice stands above the hints until the next key, whatever time passes")
  func notices() {
    var model = studio()
    #expect(model.update(.interrupt).isEmpty, "no timer takes it away")
    #expect(lines(model)[22].hasPrefix("nothing is running"))
    #expect(lines(model)[23].hasPrefix("r run"))
    #expect(lines(model)[21].hasPrefix("└"), "it covers nothing")
    _ = model.update(.frame)
    #expect(model.status != nil)
    _ = model.update(.key(.character("5")))
    #expect(model.status == nil, "it does not outlive its screen")
  }

  @Test(
    "the keys of help and palette are at the right of every screen", arguments: ScreenID.allCases)
  func pinned(screen: ScreenID) {
    var model = studio(Fixtures.galleryState)
    _ = model.update(.follow([.show(screen)]))
    #expect(lines(model)[23].hasSuffix("? keys  : palette"), "\(screen)")
  }

  @Test("while a value is typed, the hints are those of typing")
  func typing() {
    var model = studio()
    _ = model.update(.key(.down))
    _ = model.update(.key(.enter))
    let hints = lines(model)[23]
    #expect(hints.hasPrefix("Enter take  Esc leave"))
    #expect(!hints.contains("run") && !hints.contains("palette"))
    _ = model.update(.key(.escape))
    _ = model.update(.key(.character("S")))
    #expect(lines(model)[23].hasPrefix("Enter take  Esc leave"))
  }

  // MARK: Numbers

  @Test("a digit on a selected number is typed into it; the function keys still show screens")
  func digits() throws {
    var model = studio()
    _ = model.update(.key(.character("5")))
    #expect(model.screen == .gallery)
    _ = model.update(.key(.character("2")))
    _ = model.update(.key(.down))
    for key in "57" { _ = model.update(.key(.character(key))) }
    _ = model.update(.key(.enter))
    #expect(model.screen == .make && model.app.settings.steps == 57)
    #expect(
      lines(model)[1].hasPrefix("F1 Models F2 Make ") && lines(model)[1].contains("F8 Evaluate"))
    _ = model.update(.key(Key(.function(5))))
    #expect(model.screen == .gallery)
    _ = model.update(.key(Key(.character("2"), modifiers: .alt)))
    #expect(model.screen == .make)
  }

  @Test("one number of steps means every clip, until two are given, in every form")
  func steps() throws {
    var form = SettingsForm(settings: GenerationSettings())
    for key in [Key.down] + keys("5") + [.enter] { _ = form.handle(key) }
    #expect(form.settings.steps == 5 && form.settings.laterSteps == 5)
    for key in [Key.down] + keys("12") + [.enter, .up] + keys("30") + [.enter] {
      _ = form.handle(key)
    }
    #expect(form.settings.steps == 30 && form.settings.laterSteps == 12)
    // A preset that gives both numbers gave two.
    let paper = try #require(Fixtures.presets.first { $0.name == "draft" })
    form.replace(with: paper.settings, givesLaterSteps: true)
    for key in keys("9") + [.enter] { _ = form.handle(key) }
    #expect(form.settings.steps == 9 && form.settings.laterSteps == 10)

    var evaluation = EvaluateForm(.init(.drift, of: Fixtures.skies.reference))
    evaluation.follow(Fixtures.app)
    let before = evaluation.task.settings
    #expect(!before.givesLaterSteps)
    let typed = (0..<30).lazy.compactMap { row -> GenerationSettings? in
      var form = evaluation
      for key in Array(repeating: Key.down, count: row) + keys("7") + [.enter] {
        _ = form.handle(key)
      }
      return form.task.settings.steps == 7 ? form.task.settings : nil
    }.first
    #expect(typed?.laterSteps == 7)
  }

  @Test("a distilled model brings its steps along, and the next one does not keep them")
  func distilledSteps() {
    var app = Fixtures.app
    app.models = [Fixtures.skies, Fixtures.distilled]
    var model = studio(app, on: .make)
    let usual = model.app.settings
    _ = type("M", into: &model)
    #expect(model.app.modelID == Fixtures.distilled.id && model.app.settings.method == .distilled)
    #expect(model.app.settings.steps == 4 && model.app.settings.laterSteps == 4)
    #expect(lines(model).contains { $0.contains("Distilled") })
    _ = type("M", into: &model)
    #expect(model.app.modelID == Fixtures.skies.id && model.app.settings == usual)
  }

  // MARK: Stopping

  private var running: AppState {
    var app = Fixtures.app
    app.jobs = [Fixtures.job(7, .running)]
    app.videos = [Fixtures.summary()]
    return app
  }

  @Test("stopping is shown at once, on every screen, and not taken back by an older report")
  func stopping() {
    var model = studio(running)
    _ = model.update(.workspace(.progress(Fixtures.progress(7, .decoding))))
    #expect(
      model.update(.key(.character("x"))).contains(.job(.finish(JobID(rawValue: 7), atOnce: false)))
    )
    #expect(model.app.progress?.isStopping == true)
    _ = model.update(.workspace(.progress(Fixtures.progress(7))))
    #expect(model.app.progress?.isStopping == true)
    _ = model.update(.key(.character("6")))
    #expect(
      model.update(.key(.character("x"))).contains(.job(.finish(JobID(rawValue: 7), atOnce: true))))
  }

  @Test("Ctrl-C twice pauses, with the clip in progress kept")
  func interrupts() {
    var model = studio(running)
    #expect(model.update(.interrupt) == [.job(.finish(JobID(rawValue: 7), atOnce: false))])
    #expect(model.update(.interrupt) == [.job(.pause(JobID(rawValue: 7)))])
    #expect(model.status?.remedy == "P lets it go on")
  }

  @Test("a stop on another screen also ends what was to follow on Extend")
  func laterClips() {
    let tree = Fixtures.grownTree
    var app = Fixtures.growing(tree, after: 7, fork: 0)
    app.jobs[0].task = .generate(
      GenerateTask(
        video: Fixtures.video, origin: .clip(Fixtures.id(7)), fork: 0,
        model: Fixtures.skies.reference,
        settings: {
          var one = Fixtures.settings
          one.clipCount = 1
          return one
        }()))
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    _ = screen.handle(.character("e"), app)
    #expect(screen.laterRun == .clips(1))
    // The clip that was in progress is the job's last: by its count nothing tells that it was stopped.
    app.noteStop(of: JobID(rawValue: 7))
    app.jobs[0].state = .finished
    app.jobs[0].finishedClips = 1
    let effects = screen.followHidden(app)
    #expect(!effects.contains { if case .workspace(.order) = $0 { true } else { false } })
  }

  // MARK: Keys

  @Test("the loop has one key, and r makes or lets go on wherever it is bound")
  func letters() {
    for screen in ScreenID.allCases {
      let entries = Screens()[screen].sections(AppState()).flatMap(\.entries)
      let loops = entries.filter { $0.name == "loop" }.flatMap(\.keys)
      #expect(loops.allSatisfy { $0 == .character("L") }, "\(screen)")
      for entry in entries where entry.keys.contains(.character("r")) {
        #expect(entry.command == "run", "\(screen) \(entry.name)")
      }
    }
  }
}
