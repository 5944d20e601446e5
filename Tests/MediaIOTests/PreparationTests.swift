import Foundation
import MediaIO
import Testing

@Suite("Frames prepared for the model")
struct PreparationTests {
  /// A picture whose three channels hold the same values.
  private func grey(_ width: Int, _ height: Int, _ values: [UInt8]) -> RGBImage {
    RGBImage(width: width, height: height, pixels: values.flatMap { [$0, $0, $0] })
  }

  private func firstChannel(_ values: [Float]) -> [Float] {
    stride(from: 0, to: values.count, by: 3).map { values[$0] }
  }

  @Test("2x2 to 3x3: the middle is the mean, corners are kept")
  func twoToThree() {
    let values = firstChannel(
      FramePreparation(resolution: 3).preparedValues(grey(2, 2, [0, 60, 120, 240])))
    let expected: [Float] = [0, 30, 60, 60, 105, 150, 120, 180, 240]
    #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-3 }, "\(values)")
  }

  @Test("4x4 to 2x2: means of neighbours, no wider filter")
  func fourToTwo() {
    let picture = grey(4, 4, [0, 4, 8, 12, 16, 20, 24, 28, 100, 104, 108, 112, 116, 120, 124, 128])
    let values = firstChannel(FramePreparation(resolution: 2).preparedValues(picture))
    #expect(values == [10, 18, 110, 118])
  }

  @Test("6x6 to 2x2 takes only the nearest pixels")
  func noAntialiasing() {
    var values = [UInt8](repeating: 0, count: 36)
    // The centres fall on rows and columns 1 and 4.
    values[1 * 6 + 1] = 200
    values[4 * 6 + 4] = 100
    values[0] = 255
    let result = firstChannel(
      FramePreparation(resolution: 2).preparedValues(grey(6, 6, values)))
    #expect(result == [200, 0, 0, 100])
  }

  @Test("The crop is centred, its offset rounded down")
  func crop() {
    var wide = RGBImage(width: 5, height: 2)
    wide[1, 0] = (10, 20, 30)
    wide[2, 1] = (40, 50, 60)
    let cropped = FramePreparation(resolution: 2).prepared(wide)
    #expect(cropped[0, 0] == (10, 20, 30))
    #expect(cropped[1, 1] == (40, 50, 60))

    var tall = RGBImage(width: 2, height: 5)
    tall[0, 1] = (10, 20, 30)
    #expect(FramePreparation(resolution: 2).prepared(tall)[0, 0] == (10, 20, 30))
  }

  @Test("Rounding is to the nearest value, and a frame of the right size is kept")
  func rounding() {
    let prepared = FramePreparation(resolution: 1).prepared(grey(2, 2, [0, 1, 1, 1]))
    #expect(prepared[0, 0].red == 1)
    let frame = SyntheticClip.frame(3)
    #expect(FramePreparation(resolution: 64).prepared(frame) == frame)
  }

  @Test(
    "Crop and resize equal the reference within 1e-4",
    .enabled(
      if: FileManager.default.fileExists(atPath: ReferenceTensors.path),
      "../shared/golden, with the reference values, is not on this machine"),
    arguments: ["odd", "tall", "wide"])
  func reference(name: String) throws {
    let tensors = try ReferenceTensors()
    let (input, inputShape) = try tensors["resize_in_\(name)"]
    let (output, outputShape) = try tensors["resize_out_\(name)"]
    let (height, width, side) = (inputShape[2], inputShape[3], outputShape[2])
    for frame in 0..<inputShape[0] {
      var pixels: [UInt8] = []
      for index in 0..<height * width {
        for channel in 0..<3 {
          pixels.append(UInt8(input[(frame * 3 + channel) * height * width + index]))
        }
      }
      let values = FramePreparation(resolution: side).preparedValues(
        RGBImage(width: width, height: height, pixels: pixels))
      var largest: Float = 0
      for index in 0..<side * side {
        for channel in 0..<3 {
          let expected = output[(channel * inputShape[0] + frame) * side * side + index]
          largest = max(largest, abs(values[index * 3 + channel] - expected))
        }
      }
      #expect(largest < 1e-4, "frame \(frame)")
    }
  }
}

/// The 32-bit tensors of the evaluation reference: a length, a JSON header, then the values.
private struct ReferenceTensors {
  static let path = "../shared/golden/evaluation.safetensors"
  private let data: Data
  private let header: [String: Any]
  private let start: Int

  init() throws {
    data = try Data(contentsOf: URL(fileURLWithPath: Self.path))
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    header = try #require(
      try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any])
    start = 8 + length
  }

  subscript(name: String) -> (values: [Float], shape: [Int]) {
    get throws {
      let entry = try #require(header[name] as? [String: Any])
      let shape = try #require(entry["shape"] as? [Int])
      let offsets = try #require(entry["data_offsets"] as? [Int])
      let values = data.withUnsafeBytes { raw in
        (0..<(offsets[1] - offsets[0]) / 4).map {
          raw.loadUnaligned(fromByteOffset: start + offsets[0] + $0 * 4, as: Float.self)
        }
      }
      return (values, shape)
    }
  }
}
