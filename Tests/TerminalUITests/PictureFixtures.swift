import Foundation
import TerminalUI
import Testing

/// Pictures at a place, and what a layer sends for them.
enum PictureFixtures {
  static let red = picture(200, 10, 10)
  static let green = picture(10, 200, 10)
  static let blue = picture(10, 10, 200)

  /// One colour all over.
  static func picture(_ red: UInt8, _ green: UInt8, _ blue: UInt8, side: Int = 2)
    -> PixelImage
  {
    let pixels = Array(repeating: [red, green, blue], count: side * side).flatMap { $0 }
    guard let image = try? PixelImage(width: side, height: side, bytes: pixels) else {
      preconditionFailure("the bytes are as many as the pixels need")
    }
    return image
  }

  static let place = Rectangle(column: 4, row: 2, width: 6, height: 3)

  static func placed(_ image: PixelImage, at area: Rectangle = place) -> PlacedPicture {
    PlacedPicture(image, area: area, symbols: .halfBlocks)
  }

  /// A layer that shows pictures in a way, as numbered by 7.
  static func layer(_ grade: PictureGrade, isThroughTmux: Bool = false) -> PictureLayer {
    var layer = PictureLayer(isThroughTmux: isThroughTmux, isUTF8: true, seed: 7)
    #expect(
      layer.use(
        grade, mode: .trueColor, systemPixels: CellPixels(width: 8, height: 16)) == [])
    return layer
  }

  static func show(
    _ layer: inout PictureLayer, _ pictures: [PlacedPicture], keeps: Bool = false,
    detail: ImageDetail = .full, limit: Int? = nil
  ) -> PictureUpdate {
    layer.show(pictures, keeps: keeps, detail: detail, limit: limit)
  }

  static func text(_ update: PictureUpdate) -> String {
    String(decoding: update.bytes, as: UTF8.self).replacing("\u{1B}", with: "^")
  }

  /// The picture as PNG in base 64, as commands carry it.
  static func payload(_ text: String) -> String {
    String(text.prefix { $0 != "^" })
  }
}
