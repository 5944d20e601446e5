import Foundation
import HandwrittenText
import TOMLKit

extension String {
  /// The text as a basic string of TOML (TOML 1.0, "String").
  package var quotedForTOML: String {
    var result = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        result += String(format: "\\u%04X", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// Text that breaks the rules of TOML.
package struct TOMLSyntaxError: Error, Hashable {
  /// The line from 1.
  package let line: Int
  /// What is wrong with it.
  package let reason: String
}

extension TOMLTable {
  /// Parses text.
  ///
  /// - Throws: ``TOMLSyntaxError``.
  package convenience init(text: String) throws {
    if let pitfall = TOMLPitfall.first(in: text) {
      throw TOMLSyntaxError(line: pitfall.line, reason: pitfall.reason)
    }
    do {
      try self.init(string: text)
    } catch let error as TOMLParseError {
      throw TOMLSyntaxError(line: error.source.begin.line, reason: error.description)
    }
  }
}
