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

  @Test("deflated and encrypted records are refused in words")
  func otherMethods() {
    var deflated = ZipAssembler.torch(pickle, [storage])
    deflated.records[2].method = 8
    #expect(
      errorKind { _ = try folder.checkpoint(deflated.bytes) }
        == .unsupported(
          part: "zip record \"archive/data/0\"", found: "deflated data",
          expected: "stored data, as PyTorch writes it"))
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
