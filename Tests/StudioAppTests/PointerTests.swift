import Foundation
import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// What the mouse does, on every screen and before it.
@Suite struct PointerTests {
  @Test("the strip follows the mouse: pulled to the left, the next clips come")
  func dragging() throws {
    var model = studio(Fixtures.app(showing: Fixtures.grownTree, at: 2), on: .extend)
    _ = model.update(.resized(TerminalSize(columns: 100, rows: 30)))
    func position() -> ClipID? { (model.screens[.extend] as? ExtendScreen)?.tree?.position }
    let shown = lines(model, columns: 100, rows: 30)
    let row = try #require(shown.indices.first { shown[$0].contains("A2") && $0 > 2 })
    let column = try #require(shown[row].range(of: "A2")).lowerBound
    let place = shown[row].distance(from: shown[row].startIndex, to: column)
    #expect(model.update(.drag(column: place, row: row)).isEmpty, "nothing is held")
    _ = model.update(.click(column: place, row: row))
    #expect(position() == Fixtures.id(2))
    #expect(model.update(.drag(column: place - 3, row: row)).isEmpty, "less than a picture")
    _ = model.update(.drag(column: place + 7, row: row))
    #expect(position() == Fixtures.id(1))
    _ = model.update(.drag(column: place, row: row))
    #expect(position() == Fixtures.id(2))
    _ = model.update(.click(column: 1, row: 0))
    #expect(model.update(.drag(column: place + 20, row: row)).isEmpty)
  }

  @Test("tabs, hints, rows and pictures are clicked, and what stands in front covers them")
  func clicks() throws {
    var model = studio(Fixtures.galleryState, on: .make)
    _ = model.update(.resized(TerminalSize(columns: 80, rows: 24)))
    func click(_ text: String, row: Int? = nil) throws -> [Errand] {
      let shown = lines(model)
      let place = try #require(
        shown.indices.first { (row == nil || $0 == row) && shown[$0].contains(text) })
      let before = try #require(shown[place].range(of: text)).lowerBound
      let column = shown[place].distance(from: shown[place].startIndex, to: before)
      return model.update(.click(column: column, row: place))
    }
    _ = try click("5 Gallery", row: 1)
    #expect(model.screen == .gallery)
    _ = try click("✓ dawn")
    #expect((model.screens[.gallery] as? GalleryScreen)?.focus == VideoID(rawValue: 2))
    #expect(try click("✓ dawn").contains(.video(.open(VideoID(rawValue: 2)))))
    #expect(model.screen == .extend)
    _ = model.update(.key(Key(.function(1))))
    _ = try click("sky-256")
    #expect((model.screens[.models] as? ModelsScreen)?.selectedID == Fixtures.published.id)
    _ = try click("? keys", row: 23)
    guard case .menu? = model.overlay else {
      Issue.record("no menu")
      return
    }
    let before = model.screen
    _ = model.update(.click(column: 12, row: 1))
    #expect(model.screen == before, "the tab lies behind the menu")
  }

  @Test("answers to questions and lines of forms are clicked")
  func answersAndForms() throws {
    var app = Fixtures.app
    app.jobs = [Fixtures.job(7, .running)]
    var model = studio(app, on: .make)
    func click(_ text: String) throws -> [Errand] {
      let shown = lines(model)
      let row = try #require(shown.firstIndex { $0.contains(text) })
      let range = try #require(shown[row].range(of: text))
      let column = shown[row].distance(from: shown[row].startIndex, to: range.lowerBound)
      return model.update(.click(column: column, row: row))
    }
    #expect(!model.screens[.make].takesDigits(model.app))
    _ = try click("steps      100")
    #expect(model.screens[.make].takesDigits(model.app))
    _ = try click("steps      100")
    #expect(model.screens[.make].isTyping)
    for key in [Key.escape, .character("q")] { _ = model.update(.key(key)) }
    _ = try click("[ No ]")
    #expect(model.overlay == nil && !model.isClosing)
    _ = model.update(.key(.character("q")))
    #expect(try click("[ Yes ]") == [.quit])
  }

  @Test("clips and rolls of the strip are clicked")
  func strip() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var model = studio(app, on: .extend)
    _ = model.update(.resized(TerminalSize(columns: 80, rows: 24)))
    let shown = lines(model)
    let row = try #require(shown.firstIndex { $0.contains("A1 ") })
    let range = try #require(shown[row].range(of: "A1 "))
    let column = shown[row].distance(from: shown[row].startIndex, to: range.lowerBound)
    #expect(
      model.update(.click(column: column, row: row)).contains(
        .tree(.select(Fixtures.video, Fixtures.id(1)))))
  }

  @Test("the mouse is turned off and on, which is remembered")
  func mouse() {
    var model = studio(on: .make)
    _ = type(":mouse", into: &model)
    #expect(model.update(.key(.enter)).contains(.remember(.usesMouse(false))))
    #expect(model.usesMouse == false)
  }
}
