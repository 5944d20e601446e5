import TensorCore
import Testing
import VideoDiffusion

/// What a boundary between two clips looks like once its difference fades.
@Suite struct SeamFadeTests {
  private static let side = 4
  private static let size = side * side * 3

  /// A clip of noise around a slow change, and a frame of other noise to show it after.
  private func parts(frames: Int = 16, seed: UInt64 = 1) -> (clip: PixelClip, frame: [UInt8]) {
    var generator = TorchGenerator(seed: seed)
    let values = generator.normals(count: frames * Self.size).enumerated().map { index, noise in
      0.1 * noise + 0.02 * Float(index / Self.size)
    }
    let frame = generator.normals(count: Self.size).map {
      UInt8(128 + min(max($0 * 30, -100), 100))
    }
    return (PixelClip(frames: frames, side: Self.side, values: values), frame)
  }

  private func frame(_ clip: PixelClip, _ number: Int) -> ArraySlice<Float> {
    clip.values[(number * Self.size)..<((number + 1) * Self.size)]
  }

  private func difference(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test("the boundary's difference is spread in equal parts", arguments: [1, 4, 15])
  func spread(length: Int) {
    let (clip, frame) = parts()
    let shown = clip.fadingIn(from: frame, over: length)
    let before = frame.map { (Float($0) + 0.5) / 127.5 - 1 }
    let jump = zip(self.frame(clip, 0), before).map { $0 - $1 }
    for number in 0..<16 {
      let share = max(0, 1 - Float(number + 1) / Float(length + 1))
      let expected = zip(self.frame(clip, number), jump).map { $0 - share * $1 }
      #expect(difference(self.frame(shown, number), expected) < 1e-5, "frame \(number)")
    }
    let step = zip(self.frame(shown, 0), before).map { $0 - $1 }
    #expect(difference(step, jump.map { $0 / Float(length + 1) }) < 1e-5)
  }

  @Test("the last frame stays, however long the fade, so that what follows is shown as ever")
  func lastFrame() {
    let (clip, frame) = parts()
    let shown = clip.fadingIn(from: frame, over: 64)
    #expect(self.frame(shown, 15) == self.frame(clip, 15) && shown.lastFrame == clip.lastFrame)
    #expect(shown == clip.fadingIn(from: frame, over: 15))
    #expect(self.frame(shown, 14) != self.frame(clip, 14))
    #expect(clip.lastFrame == Array(clip.bytes.suffix(Self.size)))
  }

  @Test("no fade and no seam change nothing that can be seen")
  func nothing() {
    let (clip, frame) = parts()
    #expect(clip.fadingIn(from: frame, over: 0) == clip)
    let first = Array(clip.bytes.prefix(Self.size))
    let shown = clip.fadingIn(from: first, over: 15)
    #expect(zip(shown.bytes, clip.bytes).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }

  @Test("a clip of one frame has nothing to fade over")
  func single() {
    let (clip, frame) = parts(frames: 1)
    #expect(clip.fadingIn(from: frame, over: 15) == clip)
  }

  @Test("full white stays white: what is shown of it is the end of its range")
  func white() {
    let clip = PixelClip(
      frames: 4, side: Self.side, values: [Float](repeating: 1, count: 4 * Self.size))
    let white = [UInt8](repeating: 255, count: Self.size)
    #expect(clip.fadingIn(from: white, over: 3).bytes == clip.bytes)
  }
}
