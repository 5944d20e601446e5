/// PNG files put together byte by byte (PNG specification), so that what is stored in them is known
/// without any library that writes or reads them.
struct PNGBuilder {
  /// The kinds of pixel, by the specification's numbers.
  enum Colour: UInt8 {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6

    /// Samples of a pixel.
    var samples: Int {
      switch self {
      case .grey, .palette: 1
      case .greyAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }
  }

  var width: Int
  var height: Int
  var depth: Int
  var colour: Colour
  var isInterlaced = false
  /// Chunks between the header and the pixels, in this order: type and data.
  var chunks: [(type: String, data: [UInt8])] = []
  /// The sample of a channel at a column and row, as it is to be stored.
  var sample: (_ x: Int, _ y: Int, _ channel: Int) -> Int

  /// The file.
  var bytes: [UInt8] {
    let header =
      Self.big(width, 4) + Self.big(height, 4)
      + [UInt8(depth), colour.rawValue, 0, 0, isInterlaced ? 1 : 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Self.chunk("IHDR", header)
      + chunks.flatMap { Self.chunk($0.type, $0.data) }
      + Self.chunk("IDAT", Self.stored(pixels)) + Self.chunk("IEND", [])
  }

  /// Start and step across and down of each pass (section 8.2, Adam7).
  private static let passes = [
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
  ]

  private var pixels: [UInt8] {
    let passes = isInterlaced ? Self.passes : [(0, 0, 1, 1)]
    return passes.flatMap { left, top, across, down -> [UInt8] in
      let columns = Array(stride(from: left, to: width, by: across))
      // A pass without pixels has no rows either.
      guard !columns.isEmpty else { return [] }
      return stride(from: top, to: height, by: down).flatMap { y in row(y, columns) }
    }
  }

  /// A row's filter, none, and its samples, the first in the highest bits.
  private func row(_ y: Int, _ columns: [Int]) -> [UInt8] {
    let samples = columns.flatMap { x in (0..<colour.samples).map { sample(x, y, $0) } }
    if depth == 16 { return [0] + samples.flatMap { Self.big($0, 2) } }
    let perByte = 8 / depth
    return [0]
      + stride(from: 0, to: samples.count, by: perByte).map { start in
        (0..<perByte).reduce(UInt8(0)) { byte, place in
          let value = start + place < samples.count ? samples[start + place] : 0
          return byte | UInt8(value << (8 - depth * (place + 1)))
        }
      }
  }

  static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    return big(data.count, 4) + body + big(Int(checksum(body)), 4)
  }

  static func big(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }

  /// A zlib stream of blocks without compression (RFC 1950, RFC 1951).
  static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x78, 0x01]
    for start in stride(from: 0, to: max(bytes.count, 1), by: 65535) {
      let piece = bytes[start..<min(start + 65535, bytes.count)]
      let length = [UInt8(truncatingIfNeeded: piece.count), UInt8(piece.count >> 8)]
      result += [start + 65535 >= bytes.count ? 1 : 0] + length + length.map { ~$0 } + piece
    }
    var (low, high) = (1, 0)
    for byte in bytes {
      low = (low + Int(byte)) % 65521
      high = (high + low) % 65521
    }
    return result + big(high << 16 | low, 4)
  }

  /// CRC-32 (section D).
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 {
        let isOdd = sum & 1 == 1
        sum >>= 1
        if isOdd { sum ^= 0xEDB8_8320 }
      }
    }
    return ~sum
  }
}
