import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// Clips that lead somewhere: what marks and keys ask for, what is said where that cannot be.
extension ExtendScreenTests {
  /// What a way was asked for with.
  private func led(_ effects: [StudioEffect]) -> LeadOrder? {
    for case .workspace(.order(.lead(let order))) in effects { return order }
    return nil
  }

  /// A screen on which two clips were marked one after the other.
  private func marking(_ first: Int64, _ second: Int64) -> (ExtendScreen, AppState) {
    var screen = screen(Fixtures.app(showing: Fixtures.grownTree, at: first))
    press(keys("m"), on: &screen, Fixtures.app(showing: Fixtures.grownTree, at: first))
    let app = Fixtures.app(showing: Fixtures.grownTree, at: second)
    _ = screen.refresh(app)
    press(keys("m"), on: &screen, app)
    return (screen, app)
  }

  @Test("two marked clips ask for the way between them, of as many frames as a number says")
  func wayBetweenMarks() throws {
    var (screen, app) = marking(3, 7)
    #expect(screen.marked == [id(3), id(7)])
    let order = try #require(led(press(keys("Y"), on: &screen, app)))
    #expect(order.clip == id(3) && order.lead == .clip(id(7), frames: 8))
    #expect(order.fork == 0 && order.video == Fixtures.video && order.model == reference)
    #expect(order.settings.clipCount == 2 && order.settings.isSeedLocked)
    #expect(order.question?.first == "Make 8 frames from A3 to B4?")
    let effects = screen.perform(.bridge, count: 12, app) ?? []
    #expect(led(effects)?.lead == .clip(id(7), frames: 12))
    let (other, _) = marking(2, 7)
    var fromMiddle = other
    // What continues the clip already stays: the way is another branch.
    #expect(led(press(keys("Y"), on: &fromMiddle, app))?.fork == 2)
  }

  @Test("a mark is taken back by the same key, moves on with a third clip, and goes with its clip")
  func marks() throws {
    var (screen, app) = marking(3, 7)
    press(keys("m"), on: &screen, app)
    #expect(screen.marked == [id(3)])
    press(keys("m"), on: &screen, app)
    let third = Fixtures.app(showing: Fixtures.grownTree, at: 1)
    _ = screen.refresh(third)
    press(keys("m"), on: &screen, third)
    #expect(screen.marked == [id(7), id(1)])
    var tree = Fixtures.grownTree
    tree.drop(id(7))
    app = Fixtures.app(showing: tree)
    _ = screen.refresh(app)
    #expect(screen.marked == [id(1)])
  }

  @Test("without two marks, and with too many frames, it is said what is missing")
  func missingMarks() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 3)
    var screen = screen(app)
    #expect(press(keys("Y"), on: &screen, app).onlyNotice?.sentence == "no clip is marked")
    press(keys("m"), on: &screen, app)
    #expect(press(keys("Y"), on: &screen, app).onlyNotice?.sentence == "only A3 is marked")
    let (both, other) = marking(3, 7)
    var marked = both
    let wide = try #require(marked.perform(.bridge, count: 16, other)?.first)
    guard case .notify(let notice) = wide else {
      Issue.record("\(wide)")
      return
    }
    #expect(notice.sentence == "a way of 16 frames does not fit into a clip")
    #expect(notice.remedy.contains("1 to 15"))
  }

  @Test("the end of the branch that plays leads back to its beginning, once")
  func closedLoop() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 6)
    var screen = screen(app)
    let order = try #require(led(press(keys(")"), on: &screen, app)))
    #expect(order.clip == id(7) && order.lead == .start && order.fork == 0)
    // The noise goes on from the branch's own seed.
    #expect(order.settings.seed == 17 && order.settings.clipCount == 1)
    #expect(order.question?.first == "Close the loop from B4 to A1?")
    let growing = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0)
    _ = screen.refresh(growing)
    #expect(
      press(keys(")"), on: &screen, growing).onlyNotice?.sentence
        == "this branch is still growing")
    var tree = Fixtures.grownTree
    tree.add(Fixtures.led(8, after: 7, index: 4, .loop(frames: 4)), following: true)
    let closed = Fixtures.app(showing: tree)
    _ = screen.refresh(closed)
    #expect(
      press(keys(")"), on: &screen, closed).onlyNotice?.sentence == "this branch is a loop already")
    // Its end is made again as a loop's.
    let again = try #require(led(press(keys("R"), on: &screen, closed)))
    #expect(again.lead == .start && again.clip == id(7) && again.question == nil)
  }

  @Test("a model that continues no clip closes no loop; an empty canvas has nothing to lead from")
  func cannotLead() {
    var app = Fixtures.app(showing: Fixtures.grownTree)
    app.models[0] = Fixtures.unconditional
    var screen = screen(app)
    let notice = press(keys(")"), on: &screen, app).onlyNotice
    #expect(notice?.sentence.contains("continues no clip") == true)
    let empty = Fixtures.app(showing: ClipTree(video: Fixtures.video))
    _ = screen.refresh(empty)
    for key in ["m", "Y", ")"] {
      #expect(press(keys(key), on: &screen, empty).onlyNotice?.sentence == "there is no clip yet")
    }
  }

  @Test(
    "a way shows where it leads, its copy what it is a copy of, and both count their own frames")
  func facts() throws {
    var tree = Fixtures.grownTree
    tree.add(Fixtures.led(8, after: 3, index: 3, .bridge(to: id(7), frames: 6)), following: true)
    tree.select(id(8))
    tree.add(Fixtures.led(9, after: 8, index: 4, .copy(of: id(7))), following: true)
    tree.select(id(9))
    let app = Fixtures.app(showing: tree)
    var screen = screen(app)
    func value(_ name: String) -> String? {
      screen.information(app).first { $0.name == name }?.value
    }
    #expect(value("copy of") == "B4")
    let length = try #require(app.frames[id(1)]?.images.count)
    #expect(value("frames")?.hasPrefix("\(3 * length + 7)-\(4 * length + 6)") == true)
    #expect(
      press(keys("R"), on: &screen, app).onlyNotice?.sentence == "this clip is a copy of B4")
    let before = Fixtures.app(showing: tree, at: 8)
    _ = screen.refresh(before)
    #expect(screen.information(before).contains { $0.name == "leads to" && $0.value == "B4" })
    let again = try #require(led(press(keys("R"), on: &screen, before)))
    #expect(again.lead == .clip(id(7), frames: 6) && again.clip == id(3))
  }

  @Test("what a way costs is told before it is made, and yes makes it")
  func cost() throws {
    let order = LeadOrder(
      video: Fixtures.video, clip: id(3), fork: 0, lead: .clip(id(7), frames: 8), model: reference,
      settings: Fixtures.settings)
    let estimate = DirectedEstimate(
      steps: 20, directedSteps: 10, share: 2.34,
      whole: RunEstimate(seconds: 71, bytes: 1, isMeasured: true))
    let asked = StudioEffect.ask(order, ["Make it?", "A copy follows."], estimate)
    guard case .confirm(let title, let lines, let confirmed) = asked else {
      Issue.record("\(asked)")
      return
    }
    #expect(title == "Make it?")
    #expect(
      lines == [
        "A copy follows.",
        "10 of 20 steps decode and encode the clip, about 2.3 times the work of one without.",
        "It takes about 1:11.",
      ])
    #expect(led(confirmed) == order)
  }
}
