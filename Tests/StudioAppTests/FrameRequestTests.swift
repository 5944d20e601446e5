import RunKit
import StudioApp
import StudioLink
import Testing

/// Which frames are asked for, and when.
@Suite struct FrameRequestTests {
  private var app = Fixtures.app
  private var requests = FrameRequests()

  init() { app.frames = FrameShelf(capacity: 20) }

  private func ids(_ numbers: ClosedRange<Int64>) -> [ClipID] { numbers.map(Fixtures.id) }

  private mutating func load(_ clips: [ClipID]) -> [[ClipID]] {
    requests.load(clips, app).map { effect in
      if case .workspace(.query(.loadFrames(let clips))) = effect { return clips }
      return []
    }
  }

  @Test("a few are asked for at a time, the most wanted first, and the others as they arrive")
  mutating func fewAtATime() {
    let first = load(ids(1...30))
    #expect(first.count == 8 && first.flatMap { $0 } == ids(1...16))
    #expect(load(ids(1...30)).isEmpty)
    for clip in ids(1...3) { app.frames.put(Fixtures.frames(clip.rawValue)) }
    #expect(load(ids(1...30)) == [ids(17...18), ids(19...19)])
    // More than are kept would push each other out.
    for clip in ids(4...19) { app.frames.put(Fixtures.frames(clip.rawValue)) }
    #expect(load(ids(1...30)) == [ids(20...20)])
  }

  @Test("what arrived and had to make room before anybody looked is asked for again")
  mutating func madeRoom() {
    _ = load(ids(1...2))
    for clip in ids(1...2) + ids(40...59) { app.frames.put(Fixtures.frames(clip.rawValue)) }
    #expect(load(ids(1...2)) == [ids(1...2)])
  }

  @Test("what cannot be read is not asked for again, and keeps nothing else from it")
  mutating func unreadable() {
    for clips in load(ids(1...16)) { app.frames.put([], asked: clips) }
    #expect(load(ids(1...18)) == [ids(17...18)])
  }
}
