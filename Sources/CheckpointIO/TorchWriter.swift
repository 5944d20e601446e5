/// Writes a .pth file that `torch.load(weights_only=True)` of PyTorch 1.6 and later reads.
///
/// Elements are asked for one tensor at a time and go straight to the disk, each storage aligned to
/// 64 bytes, with zip64 fields from 4 GB on.
/// Format: PyTorch, torch/serialization.py `_save`, archive version 3.
public struct TorchWriter: Sendable {
  /// What the file holds.
  public let value: TorchValue
  /// The folder within the archive; PyTorch takes the file's name, readers accept any.
  public let archiveName: String
  private let wideLimit: Int

  /// Plans a file that holds `value`.
  public init(_ value: TorchValue, archiveName: String = "archive") {
    self.init(value, archiveName: archiveName, wideLimit: 0xFFFF_FFFF)
  }

  /// Plans a file that uses zip64 fields from `wideLimit` bytes on, for tests.
  package init(_ value: TorchValue, archiveName: String, wideLimit: Int) {
    self.value = value
    self.archiveName = archiveName
    self.wideLimit = wideLimit
  }

  /// Plans a file that holds a state dictionary of `tensors`, whose names must be unique.
  public init(tensors: [TensorDescription], archiveName: String = "archive") {
    self.init(.stateDictionary(tensors), archiveName: archiveName)
  }

  /// Writes the file to `path`, whole or not at all.
  ///
  /// - Parameters:
  ///   - replaces: whether a file that is there is replaced; see `AtomicFile`.
  ///   - data: called once per tensor of `value.tensors`, in order, to give its elements.
  /// - Throws: `CheckpointError` for keys that are not unique, impossible shapes, too few or too
  ///   many elements, and failures of the file system; and what `data` throws. Nothing is left of
  ///   the file then, and what was at `path` before is still there.
  public func write(
    to path: String, replaces: Bool = true, data: (TensorDescription, TensorSink) throws -> Void
  ) throws {
    let tensors = value.tensors
    let pickle: [UInt8]
    let sizes: [Int]
    do throws(CheckpointError.Kind) {
      guard (1...255).contains(archiveName.utf8.count), !archiveName.contains("/") else {
        throw .malformed(
          part: "the archive's name", found: archiveName.quotedForMessage,
          expected: "1 to 255 bytes without a slash")
      }
      pickle = try PickleWriter.pickle(value)
      sizes = try tensors.map { tensor throws(CheckpointError.Kind) in try tensor.byteCount() }
    } catch {
      throw CheckpointError(path: path, kind: error)
    }
    try AtomicFile.write(to: path, replaces: replaces) { file in
      var zip = ZipWriter(file, wideLimit: wideLimit)
      try zip.add("\(archiveName)/data.pkl", pickle)
      try zip.add("\(archiveName)/byteorder", [UInt8]("little".utf8))
      for (index, tensor) in tensors.enumerated() {
        try zip.add("\(archiveName)/data/\(index)", size: sizes[index]) {
          let sink = TensorSink(
            tensor, byteCount: sizes[index], file: file, countsChecksum: true)
          try data(tensor, sink)
          return try sink.finish()
        }
      }
      try zip.add("\(archiveName)/version", [UInt8]("3\n".utf8))
      try zip.finish()
    }
  }
}
