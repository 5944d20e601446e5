import Foundation
import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// What the studio tells without being asked: in the line of notices, the clipboard and the window's title.
@Suite struct AnnouncementTests {
  @Test("what undo would do stands in the line of notices")
  func undo() {
    var model = studio(on: .make)
    #expect(!lines(model)[22].contains("u "))
    _ = model.update(.key(.down))
    for key in keys("57") + [.enter] { _ = model.update(.key(key)) }
    #expect(lines(model)[22].hasSuffix("u sets steps back to 100") == false, "then follows steps")
    #expect(lines(model)[22].contains("u "))
    _ = model.update(.key(.character("u")))
    #expect(model.app.settings.steps == 100)
  }

  @Test("a seed is copied to the clipboard")
  func copying() {
    var model = studio(Fixtures.app(showing: Fixtures.grownTree), on: .extend)
    #expect(type("y", into: &model) == [.terminal(.signal(.copy("17")))])
    #expect(model.status?.sentence.hasPrefix("the seed 17 copied") == true)
  }

  @Test("the window's title tells how far the run is, and its end is announced where nobody looks")
  func signals() {
    var app = Fixtures.busyState
    app.jobs = [Fixtures.job(7, .running)]
    var model = studio(app, on: .make)
    _ = model.update(.workspace(.progress(Fixtures.progress(7))))
    #expect(model.title == "35 % clip 2/4 - PVDM Studio")
    let done = Fixtures.job(7, .finished, finishedClips: 4)
    var watched = model
    _ = watched.update(.focus(true))
    #expect(!announces(watched.update(.workspace(.jobs([done])))))
    var attended = model
    _ = attended.update(.key(.down))
    #expect(!announces(attended.update(.workspace(.jobs([done])))), "whoever typed is there")
    var left = model
    _ = left.update(.key(.down))
    _ = left.update(.focus(false))
    #expect(announces(left.update(.workspace(.jobs([done])))))
    #expect(left.title == "PVDM Studio")
    var silent = model
    _ = silent.update(.focus(false))
    _ = type(":announce off", into: &silent)
    #expect(silent.update(.key(.enter)).contains(.remember(.announces(false))))
    #expect(!announces(silent.update(.workspace(.jobs([done])))))
  }

  private func announces(_ errands: [Errand]) -> Bool {
    errands.contains { if case .terminal(.signal(.announce)) = $0 { true } else { false } }
  }
}
