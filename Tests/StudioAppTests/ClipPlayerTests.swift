import StudioApp
import TerminalUI
import Testing

/// Playing one clip and several in a row.
@Suite struct ClipPlayerTests {
  private func strip(_ seed: Int) -> Filmstrip { Filmstrip(Fixtures.images(seed)) }

  @Test func severalClipsPlayOneAfterTheOther() {
    var player = ClipPlayer()
    player.show([strip(0), strip(1)], framesPerSecond: 8)
    #expect(player.frameCount == 32)
    player.show(frame: 15)
    player.advance()
    #expect(player.place?.strip == 1 && player.place?.frame == 0)
    #expect(player.image == strip(1).images[0])
    player.show(frame: 31)
    player.advance()
    #expect(player.place?.strip == 0 && player.place?.frame == 0)
  }

  @Test func timeFollowsTheVideosSpeedAndTheKeys() {
    var player = ClipPlayer()
    #expect(player.interval == nil)
    player.show([strip(0)], framesPerSecond: 8)
    #expect(player.interval == .milliseconds(125))
    _ = player.perform(.faster)
    #expect(player.interval == .microseconds(62_500))
    _ = player.perform(.play)
    #expect(player.interval == nil && !player.isPlaying)
  }

  @Test func loopingHasOneKey() {
    var player = ClipPlayer()
    player.show([strip(0)])
    let isDone = player.perform(.loop)
    #expect(isDone && ActionName.loop.keys == [.character("L")])
    #expect(player.statusText == "> 01/16  x1.0  once")
  }

  @Test func aGrowingClipKeepsItsFrameAndAnotherStartsOver() {
    var player = ClipPlayer()
    player.show([strip(0)])
    player.show(frame: 9)
    player.show([strip(1)])
    #expect(player.frame == 9)
    player.show([strip(2)], startsOver: true)
    #expect(player.frame == 0)
  }

  @Test func picturesAtRestAreFinerWhereTheTerminalCan() {
    var player = ClipPlayer()
    player.show([strip(0)])
    var app = AppState()
    func symbols(isUTF8: Bool) -> Set<Unicode.Scalar> {
      var buffer = CellBuffer(columns: 13, rows: 8)
      let context = ViewContext(
        capabilities: TerminalCapabilities(
          colorMode: .trueColor, isUTF8: isUTF8, isTerminal: true,
          size: TerminalSize(columns: 13, rows: 8)))
      player.draw(in: &buffer, area: buffer.bounds, title: "", app, context)
      return Set(buffer.cells.filter { $0.style.role == .image }.map(\.scalar))
    }
    let halves: Set<Unicode.Scalar> = [" ", "▀", "▄", "█"]
    #expect(symbols(isUTF8: true).isSubset(of: halves))
    _ = player.perform(.play)
    #expect(!symbols(isUTF8: true).isSubset(of: halves))
    #expect(symbols(isUTF8: false).allSatisfy { $0.isASCII })
    app.stillSymbols = .halfBlocks
    #expect(symbols(isUTF8: true).isSubset(of: halves))
  }
}
