import CheckpointIO
import Foundation
import Testing

@Suite("Zip archives")
struct ZipReadingTests {
  private let folder: TemporaryFolder
  private let pickle = PickleAssembler.oneTensor(count: 2, shape: [2], strides: [1])
  private let storage = floatBytes([1.5, -2])

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "the archive's folder may have any name, or none",
    arguments: ["archive/", "a model with spaces é/", "", "deep/er/"])
  func folders(name: String) throws {
    let zip = ZipAssembler.torch(pickle, [storage], folder: name)
    let checkpoint = try folder.checkpoint(zip.bytes)
    #expect(try checkpoint.float32Values(checkpoint.tensors[0]) == [1.5, -2])
  }

  @Test("zip64 fields and end records are read, and a comment at the end does no harm")
  func zip64() throws {
    var zip = ZipAssembler.torch(pickle, [storage])
    zip.isWide = true
    zip.comment = Array("a comment with PK\u{5}\u{6} inside and more text to follow".utf8)
    let checkpoint = try folder.checkpoint(zip.bytes)
    #expect(try checkpoint.float32Values(checkpoint.tensors[0]) == [1.5, -2])
    try checkpoint.verifyChecksums()
  }

  @Test("an archive without a byte order or version, as old ones are, is read")
  func noVersion() throws {
    let zip = ZipAssembler.torch(pickle, [storage], byteOrder: nil, version: nil)
    #expect(try folder.checkpoint(zip.bytes).tensors.count == 1)
    let future = ZipAssembler.torch(pickle, [storage], version: "11")
    guard case .unsupported = errorKind({ _ = try folder.checkpoint(future.bytes) }) else {
      Issue.record("version 11 was accepted")
      return
    }
  }

  @Test(
    "checksums hold for records of every size, and one changed bit is found",
    arguments: [1, 3, 15, 16, 17, 31, 36, 63, 129, 2_050, 9_000])
  func checksums(count: Int) throws {
    let values = (0..<count).map { Float($0 % 97) - 48.5 }
    let pickle = PickleAssembler.oneTensor(count: count, shape: [count], strides: [1])
    var zip = ZipAssembler.torch(pickle, [floatBytes(values)])
    let checkpoint = try folder.checkpoint(zip.bytes)
    try checkpoint.verifyChecksums()
    #expect(try checkpoint.float32Values(checkpoint.tensors[0]) == values)
    zip.records[2].crc32 = ZipAssembler.crc32(zip.records[2].bytes)
    zip.records[2].bytes[count * 2] ^= 4
    let damaged = try folder.checkpoint(zip.bytes)
    guard case .checksumMismatch = errorKind({ try damaged.verifyChecksums() }) else {
      Issue.record("the damage was not found")
      return
    }
  }

  @Test(
    "deflated records are unpacked: the pickle, the small ones, and a storage that two tensors share"
  )
  func deflated() throws {
    var pickle = PickleAssembler()
    pickle.raw(0x7d)
    for (name, offset) in [("a", 0), ("b", 2)] {
      pickle.text(name)
      pickle.tensor(shape: [2], strides: [1], offset: offset) {
        $0.storage("FloatStorage", key: "0", count: 4)
      }
      pickle.raw(0x73)
    }
    var zip = ZipAssembler.torch(pickle.finished, [floatBytes([1, -2, 3, 4])])
    for index in zip.records.indices { zip.records[index].method = 8 }
    let checkpoint = try folder.checkpoint(zip.bytes)
    #expect(try checkpoint.float32Values(checkpoint.entry("a")) == [1, -2])
    #expect(try checkpoint.float32Values(checkpoint.entry("b")) == [3, 4])
    #expect(try checkpoint.byteRange(of: checkpoint.entry("a")) == nil)
    #expect(
      errorKind { try checkpoint.withBytes(of: checkpoint.entry("b")) { _ in } }
        == .notContiguous(tensor: "b"))
    try checkpoint.verifyChecksums()
    zip.records[2].crc32 = 7
    let damaged = try folder.checkpoint(zip.bytes)
    guard
      case .checksumMismatch = errorKind({ _ = try damaged.float32Values(damaged.entry("b")) })
    else {
      Issue.record("a wrong checksum was accepted")
      return
    }
  }

  @Test("a deflated record that claims another size, or more than deflating can save, is refused")
  func deflatedClaims() {
    for (claim, index) in [(9, 0), (7, 2), (1 << 20, 2), (Int(UInt32.max) - 1, 2)] {
      var zip = ZipAssembler.torch(pickle, [storage])
      zip.records[index].method = 8
      zip.records[index].claimedSize = claim
      guard
        case .malformed = errorKind({
          let checkpoint = try folder.checkpoint(zip.bytes)
          _ = try checkpoint.float32Values(checkpoint.tensors[0])
        })
      else {
        Issue.record("\(claim) bytes were accepted")
        continue
      }
    }
  }

  @Test("storages with the highest byte first are turned round, as a big-endian machine saves them")
  func bigEndian() throws {
    var pickle = PickleAssembler()
    pickle.raw(0x7d)
    for (index, type) in ["FloatStorage", "HalfStorage", "LongStorage", "BoolStorage"].enumerated()
    {
      pickle.text(type)
      pickle.tensor(shape: [2], strides: [1]) { $0.storage(type, key: "\(index)", count: 2) }
      pickle.raw(0x73)
    }
    let storages = [
      [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], [0x3e, 0, 0xb4, 0],
      [UInt8](repeating: 0, count: 7) + [5] + [UInt8](repeating: 0xff, count: 7) + [0xfe], [1, 0],
    ]
    let checkpoint = try folder.checkpoint(
      ZipAssembler.torch(pickle.finished, storages, byteOrder: "big").bytes)
    #expect(try checkpoint.float32Values(checkpoint.entry("FloatStorage")) == [1.5, -2])
    #expect(try checkpoint.float32Values(checkpoint.entry("HalfStorage")) == [1.5, -0.25])
    #expect(try checkpoint.int64Values(checkpoint.entry("LongStorage")) == [5, -2])
    #expect(try checkpoint.int64Values(checkpoint.entry("BoolStorage")) == [1, 0])
    #expect(try !checkpoint.entry("FloatStorage").isContiguous)
    #expect(try checkpoint.entry("BoolStorage").isContiguous)
    let other = ZipAssembler.torch(self.pickle, [storage], byteOrder: "middle")
    guard
      case .unsupported(_, "\"middle\"", _) = errorKind({ _ = try folder.checkpoint(other.bytes) })
    else {
      Issue.record("another byte order was accepted")
      return
    }
  }

  @Test("a sparse archive with a pickle of a terabyte is refused before any of it is read")
  func sparse() throws {
    var zip = ZipAssembler.torch(pickle, [storage])
    zip.isWide = true
    zip.records[0].claimedSize = 1 << 40
    let path = folder.file("sparse")
    let whole = zip.bytes
    let directory = zip.directoryStart
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
    defer { close(descriptor) }
    // The local headers stand at the front, a hole of a terabyte follows, then the directory.
    let shift = 1 << 40
    #expect(pwrite(descriptor, Array(whole[..<directory]), directory, 0) == directory)
    zip.shift = shift
    let end = Array(zip.bytes[directory...])
    #expect(pwrite(descriptor, end, end.count, off_t(directory + shift)) == end.count)
    #expect(
      errorKind { _ = try Checkpoint(contentsOf: path) }
        == .limitExceeded(
          what: "the length of zip record \"archive/data.pkl\"", limit: 64 << 20))
  }

  @Test("records by another method and encrypted ones are refused in words")
  func otherMethods() {
    var other = ZipAssembler.torch(pickle, [storage])
    other.records[2].method = 12
    #expect(
      errorKind { _ = try folder.checkpoint(other.bytes) }
        == .unsupported(
          part: "zip record \"archive/data/0\"", found: "compression method 12",
          expected: "stored or deflated data"))
    var encrypted = ZipAssembler.torch(pickle, [storage])
    encrypted.records[0].flags = 1
    guard
      case .unsupported(_, "encrypted data", _) = errorKind({
        _ = try folder.checkpoint(encrypted.bytes)
      })
    else {
      Issue.record("an encrypted record was accepted")
      return
    }
  }

  @Test("a record that appears twice is refused")
  func twice() {
    var zip = ZipAssembler.torch(pickle, [storage])
    zip.add("archive/data/0", storage)
    #expect(
      errorKind { _ = try folder.checkpoint(zip.bytes) } == .duplicateName(name: "archive/data/0"))
  }

  @Test("a flipped bit in a tensor is found when the tensor is first read, or on demand")
  func checksums() throws {
    var zip = ZipAssembler.torch(pickle, [storage])
    let crc32 = ZipAssembler.crc32(storage)
    zip.records[2].crc32 = crc32
    zip.records[2].bytes[3] ^= 0x10
    let expected = CheckpointError.Kind.checksumMismatch(
      record: "archive/data/0", stored: crc32, computed: ZipAssembler.crc32(zip.records[2].bytes))
    let checked = try folder.checkpoint(zip.bytes)
    #expect(errorKind { _ = try checked.float32Values(checked.tensors[0]) } == expected)
    #expect(errorKind { _ = try checked.float32Values(checked.tensors[0]) } == expected)
    let unchecked = try folder.checkpoint(zip.bytes, checksums: .never)
    #expect(try unchecked.float32Values(unchecked.tensors[0])[1] == -2)
    #expect(errorKind { try unchecked.verifyChecksums() } == expected)
  }

  @Test("a tensor that is part of its record has the whole record checked")
  func partialChecksum() throws {
    let part = PickleAssembler.oneTensor(count: 2, shape: [1], strides: [1])
    var zip = ZipAssembler.torch(part, [storage])
    zip.records[2].crc32 = ZipAssembler.crc32(storage)
    zip.records[2].bytes[7] ^= 1
    let checkpoint = try folder.checkpoint(zip.bytes)
    guard
      case .checksumMismatch = errorKind({
        _ = try checkpoint.float32Values(checkpoint.tensors[0])
      })
    else {
      Issue.record("damage beside the tensor went unnoticed")
      return
    }
  }

  @Test("a flipped bit in the pickle is found when the file is opened")
  func pickleChecksum() {
    var zip = ZipAssembler.torch(pickle, [storage])
    zip.records[0].crc32 = ZipAssembler.crc32(pickle) ^ 1
    guard case .checksumMismatch = errorKind({ _ = try folder.checkpoint(zip.bytes) }) else {
      Issue.record("a damaged pickle was accepted")
      return
    }
  }

  @Test("a file that shrinks after it was opened gives an error on the next read")
  func shrinking() throws {
    let path = folder.file()
    let bytes = ZipAssembler.torch(pickle, [storage]).bytes
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let checkpoint = try Checkpoint(contentsOf: path)
    #expect(truncate(path, bytes.count - 1) == 0)
    #expect(
      errorKind { _ = try checkpoint.float32Values(checkpoint.tensors[0]) }
        == .fileChanged(found: bytes.count - 1, expected: bytes.count))
  }
}
