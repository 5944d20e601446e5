import CheckpointIO
import Foundation
import OutputFiles

/// What became of an item: `done/ITEM.json` or `failed/ITEM.json`.
public struct WorkRecord: Sendable, Hashable, Codable {
  /// The worker that did it.
  public var worker: String
  /// Seconds that it took this worker.
  public var seconds: Double
  /// Workers that held it before, and were lost.
  public var lostWorkers: Int
  /// Names in `outputs/`.
  public var outputs: [String]
  /// What was wrong; `nil` for an item that is done.
  public var fault: String?

  /// Writes the record unless there is one: that of the first worker stays.
  ///
  /// - Returns: Whether it is this one.
  /// - Throws: `CheckpointError` if it cannot be written.
  func write(to path: String) throws -> Bool {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = Array(try encoder.encode(self))
    // Beside the name first, so that a record is whole and none is kept under another name.
    let own = "\(path).\(UInt64.random(in: 0 ... .max)).new"
    defer { unlink(own) }
    try AtomicFile.write(to: own, replaces: false) { try $0.write(bytes) }
    let code = OutputPlacement.renameWithoutReplacing(own, path, isFolder: false)
    guard code == 0 || code == EEXIST else { throw StudioError.unwritable(path, code: code) }
    return code == 0
  }

  /// Reads a record; `nil` if there is none that can be read.
  init?(contentsOf path: String) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20,
      let record = try? decoder.decode(WorkRecord.self, from: data), record.seconds.isFinite
    else { return nil }
    self = record
  }

  init(
    worker: String, seconds: Double, lostWorkers: Int, outputs: [String], fault: String? = nil
  ) {
    self.worker = worker
    self.seconds = seconds
    self.lostWorkers = lostWorkers
    self.outputs = outputs
    self.fault = fault
  }
}
