import Foundation
import MediaIO
import RunKit

/// Values as the payloads of frames: the length of a JSON text in four bytes, the text, and behind it the
/// pixels of all pictures in it. The payloads of greetings and controls are the text alone.
package enum WireValue {
  package static func plain(_ value: some Encodable) throws -> [UInt8] {
    Array(try encoder(PixelShelf()).encode(value))
  }

  package static func plain<Value: Decodable>(_ type: Value.Type, _ payload: [UInt8]) throws
    -> Value
  {
    try understood { try decoder(PixelShelf()).decode(type, from: Data(payload)) }
  }

  /// - Parameter number: Stands before the value, in eight bytes.
  package static func encode(_ value: some Encodable, number: UInt64? = nil) throws -> [UInt8] {
    let shelf = PixelShelf()
    let text = try encoder(shelf).encode(value)
    var payload: [UInt8] = []
    payload.reserveCapacity(12 + text.count + shelf.byteCount)
    if let number { withUnsafeBytes(of: number.littleEndian) { payload += $0 } }
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.count).littleEndian) { payload += $0 }
    payload += text
    for pixels in shelf.parts { payload += pixels }
    return payload
  }

  /// The number that stands before a value.
  ///
  /// - Throws: ``LinkError`` if there is none.
  package static func number(of payload: [UInt8]) throws(LinkError) -> UInt64 {
    guard payload.count >= 8 else {
      throw LinkError(.notUnderstood("a message without its number"))
    }
    return payload[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// - Parameter isNumbered: Whether a number stands before the value.
  /// - Throws: ``LinkError`` if it is no such value.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, _ payload: [UInt8], isNumbered: Bool = false
  ) throws -> Value {
    let rest = payload.dropFirst(isNumbered ? 8 : 0)
    guard rest.count >= 4 else {
      throw LinkError(.notUnderstood("a message of \(rest.count) bytes"))
    }
    let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    let body = rest.dropFirst(4)
    guard length <= body.count else {
      throw LinkError(.notUnderstood("a text of \(length) bytes in a message of \(body.count)"))
    }
    let shelf = PixelShelf(Array(body.dropFirst(length)))
    return try understood { try decoder(shelf).decode(type, from: Data(body.prefix(length))) }
  }

  private static func understood<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch DecodingError.dataCorrupted(let context) {
      // Settings that are out of range say so themselves.
      throw LinkError(.notUnderstood(context.debugDescription))
    } catch {
      throw LinkError(.notUnderstood("a message of another form"))
    }
  }

  private static let infinity = (positive: "inf", negative: "-inf", none: "nan")

  private static func encoder(_ shelf: PixelShelf) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.userInfo[.pixelShelf] = shelf
    encoder.outputFormatting = .withoutEscapingSlashes
    // A training that diverges has losses that are no numbers.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: infinity.positive, negativeInfinity: infinity.negative, nan: infinity.none)
    return encoder
  }

  private static func decoder(_ shelf: PixelShelf) -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.userInfo[.pixelShelf] = shelf
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: infinity.positive, negativeInfinity: infinity.negative, nan: infinity.none)
    return decoder
  }
}
