import Foundation

/// Why the bytes of a saved generator were refused.
public enum GeneratorStateError: Error, Hashable, Sendable {
  /// The state has another length than `TorchGenerator.encodedByteCount`.
  case wrongByteCount(expected: Int, found: Int)
  /// The first bytes do not name this format or a version of it that can be read.
  case unknownFormat(UInt32)
  /// The engine's position lies outside `0...624`.
  case positionOutOfRange(Int)
  /// The flag and value of the cached normal contradict each other or are not finite.
  case invalidCachedNormal
}

extension TorchGenerator {
  /// Bytes of an encoded generator: format, seed, position, cached normal, 624 words.
  public static let encodedByteCount = 4 + 8 + 4 + 4 + 8 + 4 * MersenneTwister.wordCount

  // "TRG" and the version 1, read as a little-endian word.
  private static let format: UInt32 = 0x0147_5254

  /// The complete state as bytes, little-endian on every machine.
  public func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.encodedByteCount)
    func append<Word: FixedWidthInteger>(_ word: Word) {
      withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }
    append(Self.format)
    append(seed)
    append(UInt32(engine.position))
    append(cachedNormal == nil ? UInt32(0) : 1)
    append((cachedNormal ?? 0).bitPattern)
    for word in engine.words { append(word) }
    return bytes
  }

  /// Restores a generator that continues exactly where the encoded one stood.
  ///
  /// - Parameter bytes: what `encoded()` gave, `encodedByteCount` bytes.
  /// - Throws: `GeneratorStateError` for anything else.
  public init(decoding bytes: some Collection<UInt8>) throws(GeneratorStateError) {
    guard bytes.count == Self.encodedByteCount else {
      throw .wrongByteCount(expected: Self.encodedByteCount, found: bytes.count)
    }
    var rest = bytes.makeIterator()
    // The length is checked above, so the iterator cannot run dry within a word.
    func read<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type) -> Word {
      var word: Word = 0
      for shift in stride(from: 0, to: Word.bitWidth, by: 8) {
        word |= Word(truncatingIfNeeded: rest.next() ?? 0) << Word(shift)
      }
      return word
    }
    let format = read(UInt32.self)
    guard format == Self.format else { throw .unknownFormat(format) }
    let seed = read(UInt64.self)
    let position = Int(read(UInt32.self))
    let flag = read(UInt32.self)
    let cached = Double(bitPattern: read(UInt64.self))
    guard flag <= 1, cached.isFinite, flag == 1 || cached.bitPattern == 0 else {
      throw .invalidCachedNormal
    }
    let words = (0..<MersenneTwister.wordCount).map { _ in read(UInt32.self) }
    guard let engine = MersenneTwister(words: words, position: position) else {
      throw .positionOutOfRange(position)
    }
    self.init(seed: seed, engine: engine, cachedNormal: flag == 1 ? cached : nil)
  }
}

extension TorchGenerator: Codable {
  /// Encodes the bytes of `encoded()` as one data value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Data(encoded()))
  }

  /// Decodes what `encode(to:)` wrote; a damaged state throws `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let data = try container.decode(Data.self)
    do {
      try self.init(decoding: data)
    } catch {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "not a saved generator",
          underlyingError: error))
    }
  }
}
