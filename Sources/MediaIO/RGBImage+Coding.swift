import Synchronization

/// Where the pixels of pictures stand that are encoded into a text: beside it, since as text they would
/// take several times the room and the time.
///
/// An encoder or decoder finds it in its `userInfo` under ``Swift/CodingUserInfoKey/pixelShelf``.
package final class PixelShelf: Sendable {
  private let state: Mutex<[[UInt8]]>

  /// A shelf with pixels to take, or an empty one to put some on.
  package init(_ pixels: [UInt8] = []) { state = Mutex(pixels.isEmpty ? [] : [pixels]) }

  /// Bytes of all pixels.
  package var byteCount: Int { state.withLock { $0.reduce(0) { $0 + $1.count } } }

  /// The pixels of each picture, in the order in which they were put.
  package var parts: [[UInt8]] { state.withLock { $0 } }

  /// - Returns: Where they begin.
  fileprivate func put(_ pixels: [UInt8]) -> Int {
    state.withLock { parts in
      defer { parts.append(pixels) }
      return parts.reduce(0) { $0 + $1.count }
    }
  }

  /// - Returns: `nil` if so many are not there.
  fileprivate func take(_ count: Int, at start: Int) -> [UInt8]? {
    state.withLock { parts in
      guard let all = parts.first, start >= 0, start <= all.count, count <= all.count - start else {
        return nil
      }
      return Array(all[start..<(start + count)])
    }
  }
}

extension CodingUserInfoKey {
  /// The ``PixelShelf`` of an encoder or decoder.
  package static let pixelShelf: CodingUserInfoKey = {
    guard let key = CodingUserInfoKey(rawValue: "pvdm.pixels") else {
      preconditionFailure("a key may have any name")
    }
    return key
  }()
}

extension RGBImage: Codable {
  private enum CodingKeys: String, CodingKey { case width, height, start, pixels }

  /// Reads a picture.
  ///
  /// - Throws: `DecodingError` if its size is none, or its pixels are not there.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let width = try container.decode(Int.self, forKey: .width)
    let height = try container.decode(Int.self, forKey: .height)
    guard width > 0, height > 0, PictureLimits.allow(width: width, height: height) else {
      throw DecodingError.dataCorruptedError(
        forKey: .width, in: container, debugDescription: "a picture of \(width) x \(height) pixels")
    }
    let count = width * height * 3
    let pixels: [UInt8]?
    if let shelf = decoder.userInfo[.pixelShelf] as? PixelShelf {
      pixels = shelf.take(count, at: try container.decode(Int.self, forKey: .start))
    } else {
      pixels = try container.decode([UInt8].self, forKey: .pixels)
    }
    guard let pixels, pixels.count == count else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath,
          debugDescription: "the pixels of a picture of \(width) x \(height) are not there"))
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// Stores the picture: its pixels on the encoder's ``PixelShelf``, where it has one.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(width, forKey: .width)
    try container.encode(height, forKey: .height)
    if let shelf = encoder.userInfo[.pixelShelf] as? PixelShelf {
      try container.encode(shelf.put(pixels), forKey: .start)
    } else {
      try container.encode(pixels, forKey: .pixels)
    }
  }
}
