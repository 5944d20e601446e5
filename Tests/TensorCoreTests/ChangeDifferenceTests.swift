import TensorCore
import TestSupport
import Testing

/// What the differences of two videos' changes, in space and in time, tell.
@Suite(.onEveryDevice)
struct ChangeDifferenceTests {
  private let context: ComputeContext

  init() throws { context = try ComputeContext(threadCount: 1) }

  /// A frame of eight by eight pixels with three channels.
  private func frame(_ value: (_ row: Int, _ column: Int) -> Float) throws -> Tensor {
    let values = (0..<8).flatMap { row in
      (0..<8).flatMap { column in [Float](repeating: value(row, column), count: 3) }
    }
    return try context.tensor(values, shape: [1, 8, 8, 3])
  }

  private func difference(_ x: Tensor, _ target: Tensor) throws -> Float {
    try context.read(context.gradientDifference(x, target))[0]
  }

  @Test func aShiftOfAllPixelsCountsNothing() throws {
    let ramp = try frame { Float($0 + 2 * $1) }
    #expect(try difference(frame { Float($0 + 2 * $1) + 5 }, ramp) == 0)
  }

  @Test func bothAxesAddTheirMeans() throws {
    let flat = try frame { _, _ in 0 }
    #expect(try difference(frame { row, _ in Float(row) }, flat) == 1)
    #expect(try difference(frame { _, column in Float(column) }, flat) == 1)
    #expect(try difference(frame { Float(3 * $0 - 2 * $1) }, flat) == 5)
  }

  @Test func aSlopeInTheWrongDirectionCountsTwice() throws {
    let up = try frame { row, _ in Float(row) }
    #expect(try difference(frame { row, _ in Float(-row) }, up) == 2)
  }

  @Test func blocksOfTheRightMeanAreFarFromASlope() throws {
    let slope = try frame { row, _ in Float(row) }
    // Blocks of four rows: three missing slopes of 1 and a step of 4 in place of 1, in 7 changes.
    let blocks = try frame { row, _ in row < 4 ? 1.5 : 5.5 }
    #expect(abs(try difference(blocks, slope) - 9 / 7) < 1e-6)
  }

  @Test func edgesOfFramesAndRowsAreNoNeighbours() throws {
    let values = (0..<2).flatMap { frame in
      (0..<4).flatMap { _ in (0..<6).map { Float(frame * 100 + $0 % 2) } }
    }
    // Channels differ, frames differ, but no pixel differs from its neighbours.
    let x = try context.tensor(values, shape: [2, 4, 3, 2])
    let zeros = try context.tensor([Float](repeating: 0, count: values.count), shape: [2, 4, 3, 2])
    #expect(try difference(x, zeros) == 0)
  }

  // MARK: From frame to frame

  /// Two by two pixels of one channel in eight frames.
  private func video(_ value: (_ frame: Int, _ pixel: Int) -> Float) throws -> Tensor {
    try context.tensor(
      (0..<8).flatMap { frame in (0..<4).map { value(frame, $0) } }, shape: [8, 2, 2, 1])
  }

  @Test func aPictureThatStandsStillMayBeAny() throws {
    let zeros = try video { _, _ in 0 }
    let picture = try video { _, pixel in Float(pixel * pixel) }
    #expect(try context.read(context.temporalDifference(picture, zeros, lags: [1, 4]))[0] == 0)
  }

  @Test func lagsAddWhatChangesOverThem() throws {
    let zeros = try video { _, _ in 0 }
    let steady = try video { frame, _ in Float(2 * frame) }
    #expect(try context.read(context.temporalDifference(steady, zeros, lags: [1]))[0] == 2)
    #expect(try context.read(context.temporalDifference(steady, zeros, lags: [7]))[0] == 14)
    #expect(try context.read(context.temporalDifference(steady, zeros, lags: [1, 4]))[0] == 10)
  }

  @Test func motionThatStopsCountsAsMuchAsItWas() throws {
    let moving = try video { frame, _ in Float(frame) }
    // Of four pixels one stands still, one moves back.
    let made = try video { frame, pixel in [1, 1, 0, -1][pixel] * Float(frame) }
    #expect(try context.read(context.temporalDifference(made, moving, lags: [1]))[0] == 0.75)
  }
}
