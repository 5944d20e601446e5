import MediaIO
import TensorCore
import Testing
import TrainingData

@Suite("Synthetic skies")
struct SkySceneTests {
  /// FNV-1a.
  private func hash(_ image: RGBImage) -> UInt64 {
    FNV1a.hash(image.pixels)
  }

  /// Mean absolute difference of two frames in 8-bit levels, over some rows.
  private func difference(_ a: RGBImage, _ b: RGBImage, rows: Range<Int>) -> Double {
    let range = (rows.lowerBound * a.width * 3)..<(rows.upperBound * a.width * 3)
    let sum = range.reduce(0) { $0 + abs(Int(a.pixels[$1]) - Int(b.pixels[$1])) }
    return Double(sum) / Double(range.count)
  }

  @Test("A seed and a frame number give the same pixels on every machine")
  func known() {
    #expect(hash(SkyScene(seed: 1).frame(0, size: 64)) == 0xA709_1D45_2938_92AF)
    #expect(hash(SkyScene(seed: 1).frame(40, size: 64)) == 0x72DA_0A11_B702_5537)
    #expect(hash(SkyScene(seed: 2).frame(7, size: 33)) == 0x4747_2A0A_37D9_BC90)
  }

  @Test("Frames do not depend on the order in which they are drawn")
  func pure() {
    let scene = SkyScene(seed: 9)
    let late = scene.frame(20, size: 32)
    _ = scene.frame(3, size: 32)
    #expect(SkyScene(seed: 9).frame(20, size: 32) == late)
  }

  @Test("Hills stand still while clouds move", arguments: [0, 1, 5, 7, 8, 26] as [UInt64])
  func stillness(seed: UInt64) {
    let scene = SkyScene(seed: seed)
    let (first, later) = (scene.frame(0, size: 64), scene.frame(16, size: 64))
    let ground = difference(first, later, rows: 61..<64)
    let sky = difference(first, later, rows: 0..<40)
    #expect(ground < 1.5, "the ground changed by \(ground)")
    #expect(sky > 4 && sky > 4 * ground, "the sky changed by \(sky)")
  }

  @Test("Water mirrors the sky, and moves with it", arguments: [3, 14, 20, 35] as [UInt64])
  func lakes(seed: UInt64) {
    let scene = SkyScene(seed: seed)
    let frames = [0, 16].map { scene.frame($0, size: 64) }
    #expect(difference(frames[0], frames[1], rows: 58..<64) > 4)
    // The colour of the water is nearer to that of the sky than to that of the hills between them.
    func color(_ rows: Range<Int>) -> SIMD3<Double> {
      var sum = SIMD3<Double>()
      for y in rows {
        for x in 0..<64 {
          let pixel = frames[0][x, y]
          sum += SIMD3(Double(pixel.red), Double(pixel.green), Double(pixel.blue))
        }
      }
      return sum / Double(rows.count * 64)
    }
    let water = color(60..<64)
    let rows = (36..<56).map { color($0..<$0 + 1) }
    let darkest = rows.min { $0.sum() < $1.sum() } ?? .zero
    let sky = color(10..<36)
    func distance(_ other: SIMD3<Double>) -> Double { ((water - other) * (water - other)).sum() }
    #expect(distance(sky) < distance(darkest), "water \(water), sky \(sky), hills \(darkest)")
  }

  @Test("Evenings get dark and mornings bright within a video")
  func passing() {
    func brightness(_ image: RGBImage) -> Double {
      Double(image.pixels.reduce(0) { $0 + Int($1) }) / Double(image.pixels.count)
    }
    let ratios = (0..<40 as Range<UInt64>).map { seed in
      let scene = SkyScene(seed: seed)
      return brightness(scene.frame(63, size: 16)) / brightness(scene.frame(0, size: 16))
    }
    #expect(ratios.contains { $0 < 0.5 }, "no evening: \(ratios)")
    #expect(ratios.contains { $0 > 2 }, "no morning: \(ratios)")
    #expect(ratios.count { (0.75...1.33).contains($0) } > 20, "too little that stays: \(ratios)")
  }

  @Test("Neighbouring frames are alike, the more the closer they are")
  func smoothness() {
    for seed in 0..<8 as Range<UInt64> {
      let scene = SkyScene(seed: seed)
      let frames = [0, 1, 4, 16].map { scene.frame($0, size: 64) }
      let changes = frames.dropFirst().map { difference(frames[0], $0, rows: 0..<64) }
      #expect(changes[0] < 4, "seed \(seed) jumps by \(changes[0])")
      #expect(changes[0] < changes[1] && changes[1] < changes[2], "seed \(seed): \(changes)")
    }
  }

  @Test("Seeds give different places, times of day and amounts of cloud")
  func variety() {
    let frames = (0..<40).map { SkyScene(seed: $0).frame(0, size: 16) }
    let means = frames.map { Double($0.pixels.reduce(0) { $0 + Int($1) }) / 768 }
    #expect(means.min() ?? 0 < 50, "no night")
    #expect(means.max() ?? 0 > 150, "no bright day")
    for (number, frame) in frames.enumerated().dropFirst() {
      #expect(difference(frame, frames[number - 1], rows: 0..<16) > 4)
    }
  }

  @Test("Every size shows the same picture")
  func sizes() {
    for seed in [3, 20] as [UInt64] {
      let scene = SkyScene(seed: seed)
      let small = scene.frame(5, size: 32)
      let large = scene.frame(5, size: 128)
      var shrunk = RGBImage(width: 32, height: 32)
      for y in 0..<32 {
        for x in 0..<32 {
          var sums = (0, 0, 0)
          for place in 0..<16 {
            let pixel = large[x * 4 + place % 4, y * 4 + place / 4]
            sums.0 += Int(pixel.red)
            sums.1 += Int(pixel.green)
            sums.2 += Int(pixel.blue)
          }
          shrunk[x, y] = (UInt8(sums.0 / 16), UInt8(sums.1 / 16), UInt8(sums.2 / 16))
        }
      }
      #expect(difference(small, shrunk, rows: 0..<32) < 6)
    }
  }
}
