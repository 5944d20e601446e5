import Foundation
import MediaIO

/// A folder of its own for one test, removed with this object.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "media-io-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  func bytes(of name: String) throws -> [UInt8] { try Self.bytes(at: file(name)) }

  static func bytes(at path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// All names below the folder, hidden ones too.
  func names() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
  }
}

/// The real videos that stand beside the project on the machine it is built on.
enum SharedMedia {
  static let folder = "../shared/media"
  static let isPresent = FileManager.default.fileExists(atPath: folder)
  static let absence: String = "../shared/media, with the real videos, is not on this machine"
}

/// Inputs of kinds that people have, beside the project on the machine it is built on.
enum SharedCases {
  static let inputs = "../shared/cases/inputs"
  static let isPresent = FileManager.default.fileExists(atPath: inputs)
  static let absence: String = "../shared/cases, with inputs of many kinds, is not on this machine"
}

/// Smooth colours that drift: easy for every codec, with no two frames alike.
enum SyntheticClip {
  static func frame(_ number: Int, width: Int = 64, height: Int = 64) -> RGBImage {
    var image = RGBImage(width: width, height: height)
    let time = Double(number) * 0.15
    for y in 0..<height {
      for x in 0..<width {
        let (u, v) = (Double(x) / Double(width), Double(y) / Double(height))
        image[x, y] = (
          UInt8(128 + 100 * sin(3 * u + time)), UInt8(128 + 100 * cos(2 * v - time)),
          UInt8(128 + 80 * sin(2 * (u + v) + time))
        )
      }
    }
    return image
  }

  static func frames(_ count: Int, width: Int = 64, height: Int = 64) -> [RGBImage] {
    (0..<count).map { frame($0, width: width, height: height) }
  }

  /// Frames whose red value says their number, for tests of order.
  static func numbered(_ count: Int, width: Int = 16, height: Int = 16) -> [RGBImage] {
    (0..<count).map {
      RGBImage(width: width, height: height, fill: (UInt8($0 * 4), 60, UInt8(255 - $0 * 4)))
    }
  }

  static func number(of frame: RGBImage) -> Int {
    Int((Double(frame[frame.width / 2, frame.height / 2].red) / 4).rounded())
  }
}

/// Peak signal-to-noise ratio over all frames, in decibels.
func signalToNoise(_ first: [RGBImage], _ second: [RGBImage]) -> Double {
  var sum = 0.0
  var count = 0
  for (left, right) in zip(first, second) {
    for (a, b) in zip(left.pixels, right.pixels) {
      let difference = Double(a) - Double(b)
      sum += difference * difference
    }
    count += left.pixels.count
  }
  return 10 * log10(255 * 255 / max(sum / Double(count), 1e-9))
}

/// SplitMix64, so that mutations are the same on every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The error that `work` throws, if it is one of this module's.
func mediaError(_ work: () throws -> Void) -> MediaError? {
  do {
    try work()
    return nil
  } catch {
    return error as? MediaError
  }
}
