/// How finely a terminal shows pictures.
public enum PictureGrade: String, CaseIterable, Sendable, Hashable, Codable {
  /// Block characters in colours, on every terminal.
  case cells
  /// Pixels as DEC's terminals took them, six rows at a time; each picture is sent whole each time.
  case sixel
  /// Pixels that the terminal keeps under a number (kitty's graphics protocol), so that a picture is sent once.
  case kitty

  /// The words for a choice, in the order to list them.
  public static let optionNames = ["auto", "kitty", "sixel", "cells"]

  /// Reads a choice.
  ///
  /// - Returns: `.some(nil)` for `auto`, which takes what the terminal answers; nil for any other word.
  public static func parse(option: String) -> PictureGrade?? {
    if option.lowercased() == "auto" { return .some(nil) }
    guard let grade = PictureGrade(rawValue: option.lowercased()) else { return nil }
    return grade
  }
}

/// The pixels of a character.
public struct CellPixels: Sendable, Hashable {
  /// Pixels across, at least 1.
  public var width: Int
  /// Pixels down, at least 1.
  public var height: Int

  /// Nil for what no font has.
  public init?(width: Int, height: Int) {
    guard (1...512).contains(width), (1...512).contains(height) else { return nil }
    self.width = width
    self.height = height
  }

  /// Those of the VT340, for terminals that do not say.
  static let vt340 = CellPixels(knownWidth: 10, height: 20)

  private init(knownWidth: Int, height: Int) {
    width = knownWidth
    self.height = height
  }

  /// Width of a character divided by its height.
  public var ratio: Double { Double(width) / Double(height) }
}
