import CheckpointIO
import Foundation
import RunKit
import TensorCore
import VideoDiffusion

/// Measures how long a checkpoint takes until its network can compute, against reading the file's
/// bytes from the page cache.
public struct LoadBenchmark: Sendable {
  /// The file's size.
  public let byteCount: Int
  /// Seconds that reading the bytes takes, all of them in the page cache.
  public let readSeconds: Double
  /// Seconds from opening the file to a network that is ready, by precision, in the order asked for.
  public let loads: [(precision: Precision, seconds: Double)]

  /// Reads a file and loads it in each precision, each as often as asked for; the median counts.
  ///
  /// - Throws: what opening and loading the checkpoint throws.
  public init(
    path: String, precisions: [Precision], threadCount: Int? = nil, runs: Int = 3
  ) throws {
    // What cannot be opened is told as everywhere.
    _ = try Checkpoint(contentsOf: path)
    var byteCount = 0
    // The first reading fills the page cache.
    byteCount = try Self.read(path)
    let reads = try (0..<runs).map { _ in try Self.seconds { byteCount = try Self.read(path) } }
    self.byteCount = byteCount
    readSeconds = reads.median
    loads = try precisions.map { precision in
      let samples = try (0..<runs).map { _ in
        let context = ComputeContext(try Device.open(threadCount: threadCount))
        return try Self.seconds {
          let file = try NetworkFile(path: path)
          switch file.kind {
          case .autoencoder:
            _ = try file.loadAutoencoder(context, elementType: precision.elementType)
          case .denoiser: _ = try file.loadDenoiser(context, elementType: precision.elementType)
          }
        }
      }
      return (precision, samples.median)
    }
  }

  /// Reads a file from end to end into one small buffer; returns its size.
  private static func read(_ path: String) throws -> Int {
    let handle = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { try? handle.close() }
    var count = 0
    while let part = try handle.read(upToCount: 8 << 20), !part.isEmpty { count += part.count }
    return count
  }

  private static func seconds(of work: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(work).inSeconds
  }

  /// All of it as flat fields.
  public var fields: [String: JSONValue] {
    var fields: [String: JSONValue] = [
      "file.bytes": .integer(byteCount), "file.read.seconds": .number(rounded(readSeconds)),
    ]
    for load in loads {
      let name = "file.load.\(load.precision.rawValue)"
      fields["\(name).seconds"] = .number(rounded(load.seconds))
      fields["\(name).beyond_reading.seconds"] = .number(rounded(load.seconds - readSeconds))
    }
    return fields
  }
}
