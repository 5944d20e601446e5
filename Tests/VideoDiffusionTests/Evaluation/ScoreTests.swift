import Foundation
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Inception score, structural similarity and temporal statistics where the result is known.
struct ScoreTests {
  // MARK: Inception score

  private static func sure(of label: Int, classes: Int) -> [Float] {
    (0..<classes).map { $0 == label ? 200 : 0 }
  }

  @Test("a classifier that is never sure gives 1, one that is sure of n classes alike gives n")
  func inceptionScore() throws {
    let unsure = try InceptionScore(
      logits: .init(repeating: .init(repeating: 3, count: 9), count: 6), splits: 2)
    #expect(abs(unsure.mean - 1) < 1e-12 && unsure.standardDeviation < 1e-12)
    let sure = (0..<40).map { Self.sure(of: $0 % 5, classes: 9) }
    let score = try InceptionScore(logits: sure, splits: 4)
    #expect(abs(score.mean - 5) < 1e-9 && score.standardDeviation < 1e-9)
  }

  @Test("splits are runs of clips in order, and their spread is the deviation")
  func splits() throws {
    // The first half has 1 class, the second 3.
    let logits =
      (0..<12).map { _ in Self.sure(of: 0, classes: 4) }
      + (0..<12).map { Self.sure(of: $0 % 3, classes: 4) }
    let score = try InceptionScore(logits: logits, splits: 2)
    #expect(abs(score.mean - 2) < 1e-9 && abs(score.standardDeviation - 1) < 1e-9)
    #expect(throws: EvaluationError.tooFewForSplits(clips: 24, splits: 25)) {
      try InceptionScore(logits: logits, splits: 25)
    }
    #expect(throws: EvaluationError.featureNotFinite(clip: 1)) {
      try InceptionScore(logits: [[0, 1], [.nan, 1]], splits: 1)
    }
  }

  // MARK: Structural similarity

  private static func clip(seed: UInt64, side: Int = 16, scale: Float = 0.8) -> PixelClip {
    var numbers = SeededNumbers(seed)
    return PixelClip(
      frames: 2, side: side, values: numbers.floats(2 * side * side * 3, scale: scale))
  }

  /// The index with the two-dimensional window written out, in float64.
  private static func reference(_ a: PixelClip, _ b: PixelClip) -> Double {
    let side = a.side
    let window = (-5...5).flatMap { y in
      (-5...5).map { x in exp(-Double(x * x + y * y) / 4.5) }
    }
    let total = window.reduce(0, +)
    var sum = 0.0
    var count = 0
    for frame in 0..<a.frames {
      for channel in 0..<3 {
        for y in 5..<(side - 5) {
          for x in 5..<(side - 5) {
            var moments = [Double](repeating: 0, count: 5)
            for (index, weight) in window.enumerated() {
              let (row, column) = (y + index / 11 - 5, x + index % 11 - 5)
              let place = ((frame * side + row) * side + column) * 3 + channel
              let p = (Double(a.values[place]) + 1) / 2
              let q = (Double(b.values[place]) + 1) / 2
              for (moment, value) in [p, q, p * p, q * q, p * q].enumerated() {
                moments[moment] += weight / total * value
              }
            }
            let (m, n) = (moments[0], moments[1])
            let (c, d) = (0.0001, 0.0009)
            sum +=
              (2 * m * n + c) * (2 * (moments[4] - m * n) + d)
              / ((m * m + n * n + c) * (moments[2] - m * m + moments[3] - n * n + d))
            count += 1
          }
        }
      }
    }
    return sum / Double(count)
  }

  @Test("similarity is the definition's, 1 for equal clips, and does not mind the order")
  func similarity() {
    let (a, b) = (Self.clip(seed: 1), Self.clip(seed: 2))
    var near = a
    for index in near.values.indices { near.values[index] += 0.1 * b.values[index] }
    for other in [b, near] {
      let index = StructuralSimilarity.between(a, other)
      #expect(abs(index - Self.reference(a, other)) < 1e-4)
      #expect(abs(index - StructuralSimilarity.between(other, a)) < 1e-6)
    }
    #expect(abs(StructuralSimilarity.between(a, a) - 1) < 1e-6)
    #expect(StructuralSimilarity.between(a, near) > StructuralSimilarity.between(a, b))
  }

  // MARK: PSNR

  @Test(
    "the golden ratios follow from the golden errors")
  func signalToNoise() throws {
    let golden = try GoldenFile(named: "evaluation.safetensors")
    let ratios = try golden.float("psnr")
    for (ratio, error) in zip(ratios, try golden.float("psnr_mse")) {
      // Two clips whose values, halved, differ everywhere by the root of the error.
      let size = 2 * 4 * 4 * 3
      let a = PixelClip(frames: 2, side: 4, values: .init(repeating: 0, count: size))
      let b = PixelClip(
        frames: 2, side: 4, values: .init(repeating: 2 * error.squareRoot(), count: size))
      #expect(abs(a.signalToNoise(against: b) - Double(ratio)) < 1e-4)
    }
  }

  // MARK: Temporal statistics

  /// A video of `clips` x 4 frames whose pixels come from a function of frame and pixel.
  private static func video(_ clips: Int, _ level: (Int, Int) -> [UInt8]) -> FrameBytes {
    FrameBytes(
      count: clips * 4, height: 2, width: 3,
      bytes: (0..<(clips * 4)).flatMap { frame in (0..<6).flatMap { level(frame, $0) } })
  }

  @Test("a still video has no motion, no drift and no seam")
  func still() {
    let statistics = TemporalStatistics(
      Self.video(3) { _, pixel in [UInt8(pixel * 20), 9, 200] }, clipFrames: 4)
    #expect(statistics.clipCount == 3 && statistics.motions == [0, 0, 0])
    #expect(statistics.seams == [1, 1])
    #expect(statistics.colorDrift == [0, 0, 0] && statistics.contrastDrift == [0, 0, 0])
  }

  @Test("a steady change has motion, drift in proportion, and no seam")
  func steady() {
    let statistics = TemporalStatistics(
      Self.video(3) { frame, _ in [UInt8(frame * 10), 0, 0] }, clipFrames: 4)
    for motion in statistics.motions { #expect(abs(motion - 10.0 / 3 / 255) < 1e-9) }
    for seam in statistics.seams { #expect(abs(seam - 1) < 1e-9) }
    #expect(abs(statistics.colorDrift[2] - 80.0 / 255) < 1e-9)
  }

  @Test("a jump between clips shows as a seam there, and in no other place")
  func seam() {
    let statistics = TemporalStatistics(
      Self.video(3) { frame, _ in
        let level = UInt8(frame * 2 + (frame >= 4 ? 100 : 0))
        return [level, level, level]
      }, clipFrames: 4)
    #expect(statistics.seams[0] > 40 && abs(statistics.seams[1] - 1) < 1e-9)
  }

  @Test("means over videos, and numbers that were kept come back")
  func meansAndRows() throws {
    let first = TemporalStatistics(
      Self.video(2) { frame, _ in [UInt8(frame), 8, 4] }, clipFrames: 4)
    let second = TemporalStatistics(
      Self.video(2) { frame, pixel in [UInt8(frame * 3), UInt8(pixel), 4] }, clipFrames: 4)
    let mean = TemporalStatistics(meanOf: [first, second])
    #expect(abs(mean.motions[1] - (first.motions[1] + second.motions[1]) / 2) < 1e-12)
    #expect(abs(mean.contrasts[0] - (first.contrasts[0] + second.contrasts[0]) / 2) < 1e-12)
    let back = try #require(TemporalStatistics(row: second.row, clipCount: 2, clipFrames: 4))
    #expect(abs(back.seams[0] - second.seams[0]) < 1e-5)
    #expect(abs(back.colors[1][0] - second.colors[1][0]) < 1e-6)
    #expect(TemporalStatistics(row: second.row, clipCount: 3, clipFrames: 4) == nil)
  }
}
