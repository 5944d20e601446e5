import Foundation

/// Pickles of NumPy arrays as `pickle.dumps` writes them, put together here so that nothing is downloaded.
struct ArrayPickle {
  private(set) var bytes: [UInt8] = [0x80, 4]

  /// A pickle of a dictionary of arrays by their names, a level for each dot.
  init(_ arrays: [(name: String, shape: [Int], values: [Float])]) {
    self.init(entries: arrays.map { (name: $0.name.split(separator: "|").map(String.init), $0) })
    bytes.append(0x2e)
  }

  private init(
    entries: [(name: [String], array: (name: String, shape: [Int], values: [Float]))]
  ) {
    dictionary(entries)
  }

  private mutating func dictionary(
    _ entries: [(name: [String], array: (name: String, shape: [Int], values: [Float]))]
  ) {
    bytes.append(0x7d)
    var names: [String] = []
    for entry in entries where !names.contains(entry.name[0]) { names.append(entry.name[0]) }
    for name in names {
      text(name)
      let own = entries.filter { $0.name[0] == name }
      if own.count == 1, own[0].name.count == 1 {
        array(own[0].array.shape, own[0].array.values)
      } else {
        dictionary(own.map { (name: Array($0.name.dropFirst()), array: $0.array) })
      }
      bytes.append(0x73)
    }
  }

  private mutating func array(_ shape: [Int], _ values: [Float]) {
    global("numpy.core.multiarray", "_reconstruct")
    global("numpy", "ndarray")
    bytes += [0x4b, 0, 0x85, 0x43, 1, 0x62, 0x87, 0x52]
    bytes += [0x28, 0x4b, 1, 0x28]
    for size in shape {
      bytes.append(0x4a)
      withUnsafeBytes(of: Int32(size).littleEndian) { bytes += $0 }
    }
    bytes.append(0x74)
    global("numpy", "dtype")
    text("f4")
    bytes += [0x89, 0x88, 0x87, 0x52, 0x28, 0x4b, 3]
    text("<")
    bytes += [
      0x4e, 0x4e, 0x4e, 0x4a, 0xff, 0xff, 0xff, 0xff, 0x4a, 0xff, 0xff, 0xff, 0xff, 0x4b, 0,
    ]
    bytes += [0x74, 0x62, 0x89]
    bytes.append(0x42)
    withUnsafeBytes(of: UInt32(values.count * 4).littleEndian) { bytes += $0 }
    values.withUnsafeBytes { bytes += $0 }
    bytes += [0x74, 0x62]
  }

  private mutating func text(_ text: String) {
    bytes += [0x8c, UInt8(text.utf8.count)] + Array(text.utf8)
  }

  private mutating func global(_ module: String, _ name: String) {
    bytes += [0x63] + Array("\(module)\n\(name)\n".utf8)
  }

  /// A pickle that would run a command where it is loaded as Python does.
  static let hostile: [UInt8] =
    [0x80, 4] + Array("cos\nsystem\n".utf8) + [0x8c, 4] + Array("true".utf8)
    + [0x85, 0x52, 0x2e]
}

/// Archives of packages, with nothing compressed.
enum PackageAssembler {
  /// A source distribution.
  static func sourceDistribution(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var tar: [UInt8] = []
    for (name, bytes) in files {
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, at place: Int) {
        header.replaceSubrange(place..<(place + text.utf8.count), with: Array(text.utf8))
      }
      put(name, at: 0)
      put("0000644", at: 100)
      let size = String(bytes.count, radix: 8)
      put(String(repeating: "0", count: 11 - size.count) + size, at: 124)
      put("0", at: 156)
      put("ustar\u{0}00", at: 257)
      tar += header + bytes
      tar += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }
    tar += [UInt8](repeating: 0, count: 1024)
    var gzip: [UInt8] = [0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3] + Array("x.tar".utf8) + [0]
    var rest = tar[...]
    repeat {
      let piece = rest.prefix(65_535)
      rest = rest.dropFirst(piece.count)
      gzip.append(rest.isEmpty ? 1 : 0)
      gzip += little(UInt16(piece.count)) + little(~UInt16(piece.count)) + piece
    } while !rest.isEmpty
    return gzip + little(checksum(tar)) + little(UInt32(tar.count))
  }

  /// A wheel.
  static func wheel(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in files {
      let sizes =
        little(checksum(bytes)) + little(UInt32(bytes.count)) + little(UInt32(bytes.count))
        + little(UInt16(name.utf8.count))
      directory +=
        little(UInt32(0x0201_4b50)) + little(UInt16(20)) + little(UInt16(20))
        + [UInt8](repeating: 0, count: 8) + sizes + [UInt8](repeating: 0, count: 12)
        + little(UInt32(archive.count)) + Array(name.utf8)
      archive +=
        little(UInt32(0x0403_4b50)) + little(UInt16(20)) + [UInt8](repeating: 0, count: 8) + sizes
        + [0, 0] + Array(name.utf8) + bytes
    }
    return archive + directory + little(UInt32(0x0605_4b50)) + [0, 0, 0, 0]
      + little(UInt16(files.count)) + little(UInt16(files.count))
      + little(UInt32(directory.count)) + little(UInt32(archive.count)) + [0, 0]
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// CRC-32 of ISO-HDLC, bit by bit.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0xffff_ffff
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xedb8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
