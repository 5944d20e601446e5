package import TOMLKit

/// Text that breaks the rules of TOML.
package struct TOMLSyntaxError: Error, Hashable {
  /// The line and the column, from 1.
  package let line, column: Int
  /// What is wrong with it.
  package let reason: String
}

extension TOMLTable {
  /// Parses text. Files reach the parser here alone, where what it ends the program over is refused first.
  ///
  /// - Throws: ``TOMLSyntaxError``.
  package convenience init(text: String) throws(TOMLSyntaxError) {
    if let pitfall = TOMLPitfall.first(in: text) {
      throw TOMLSyntaxError(line: pitfall.line, column: 1, reason: pitfall.reason)
    }
    do {
      try self.init(string: text)
    } catch let error as TOMLParseError {
      let place = error.source.begin
      throw TOMLSyntaxError(line: place.line, column: place.column, reason: error.description)
    } catch {
      throw TOMLSyntaxError(line: 1, column: 1, reason: "\(error)")
    }
  }
}
