import CheckpointIO
import Foundation

/// A file of the golden set: reference numbers computed with PyTorch. The small ones are committed in
/// `Tests/Golden`; the others lie in ``Shared``.
public struct GoldenFile {
  /// Why a test cannot have its reference numbers.
  public enum Failure: Error, CustomStringConvertible {
    case missing(String)
    case unknownTensor(String, in: String)

    public var description: String {
      switch self {
      case .missing(let path): "\(path) is missing beside the project; its tests need it"
      case .unknownTensor(let name, let path): "\(path) holds no tensor \(name)"
      }
    }
  }

  /// Whether the golden files are there that are too large to be committed; see ``Shared``.
  public static let isAvailable = Shared.isThere
  /// Why tests that need those were skipped.
  public static let skipReason = Shared.skipReason

  /// The opened file.
  public let checkpoint: Checkpoint

  /// Opens the committed file `name`, or else the one of the shared folder.
  public init(named name: String) throws {
    let committed = Shared.project.appending(path: "Tests/Golden/\(name)").path
    checkpoint = try Checkpoint(
      contentsOf: FileManager.default.fileExists(atPath: committed)
        ? committed : Self.path("golden/\(name)"))
  }

  /// The path of something in the shared folder.
  ///
  /// - Throws: ``Failure`` if the folder is there and this is not.
  public static func path(_ name: String) throws -> String {
    let path = Shared.path(name)
    guard FileManager.default.fileExists(atPath: path) else { throw Failure.missing(path) }
    return path
  }

  /// What the file says beside its tensors.
  public var metadata: [String: String] { checkpoint.metadata }
  /// Names of the tensors, sorted.
  public var keys: [String] { checkpoint.tensors.map(\.name).sorted() }

  /// Extents of a tensor.
  public func shape(_ name: String) throws -> [Int] { try entry(name).shape }
  /// Numbers of a floating tensor, row-major.
  public func float(_ name: String) throws -> [Float] {
    try checkpoint.float32Values(entry(name))
  }
  /// Numbers of an integer tensor, row-major.
  public func ints(_ name: String) throws -> [Int] {
    try checkpoint.int64Values(entry(name)).map(Int.init)
  }

  private func entry(_ name: String) throws -> TensorEntry {
    guard let entry = checkpoint.tensors.first(where: { $0.name == name }) else {
      throw Failure.unknownTensor(name, in: checkpoint.path)
    }
    return entry
  }
}

/// Distance in representable float32 values, so that it is defined through zero as well.
public func unitsInLastPlace(_ first: Float, _ second: Float) -> Int {
  func rank(_ value: Float) -> Int {
    let magnitude = Int(value.bitPattern & 0x7FFF_FFFF)
    return value.sign == .minus ? -magnitude : magnitude
  }
  return abs(rank(first) - rank(second))
}

/// The largest such distance between two arrays; nil when their counts differ.
public func maximumUnitsInLastPlace(_ first: [Float], _ second: [Float]) -> Int? {
  guard first.count == second.count else { return nil }
  return zip(first, second).map(unitsInLastPlace).max() ?? 0
}
