import MediaIO
import TestSupport
import Testing

/// The preparation of real frames against PyTorch's.
struct CropAndResizeTests {
  @Test(
    "crop and resize are PyTorch's within 1e-4",
    arguments: ["odd", "tall", "wide"])
  func golden(name: String) throws {
    let golden = try GoldenFile(named: "evaluation.safetensors")
    let source = try golden.shape("resize_in_\(name)")
    let target = try golden.shape("resize_out_\(name)")
    let (frames, height, width, side) = (source[0], source[2], source[3], target[3])
    let values = try golden.float("resize_in_\(name)")
    let reference = try golden.float("resize_out_\(name)")
    for frame in 0..<frames {
      // Stored with the channels first; frames are read with the channels last.
      let pixels = (0..<(height * width)).flatMap { pixel -> [UInt8] in
        (0..<3).map { channel -> UInt8 in
          UInt8(values[(frame * 3 + channel) * height * width + pixel])
        }
      }
      let prepared = FramePreparation(resolution: side).preparedValues(
        RGBImage(width: width, height: height, pixels: pixels))
      let expected = (0..<(side * side)).flatMap { pixel -> [Float] in
        (0..<3).map { channel -> Float in
          reference[(channel * frames + frame) * side * side + pixel]
        }
      }
      #expect(largestDifference(prepared, expected) < 1e-4)
    }
  }
}
