internal import HandwrittenText
internal import TOMLKit

/// Reads which keys a user wants for which action, from TOML:
///
///     reroll = "R"
///     extend = ["e", "Ctrl-E"]
///
/// A file with mistakes still counts: what cannot be understood is left out and reported.
public enum KeyFile {
  /// What a file says.
  public struct Content: Sendable, Hashable {
    /// The keys of the actions that it names, none to take them away.
    public var keys: [String: [Key]] = [:]
    /// What was left out, with file and line.
    public var problems: [String] = []
    /// The file's name and the line of each action, to say where something stands.
    public var places: [String: String] = [:]
  }

  /// Reads a file's text.
  ///
  /// - Parameters:
  ///   - source: The text.
  ///   - file: Its name, for what is reported.
  ///   - actions: The names that there are.
  public static func read(_ source: String, file: String, actions: [String]) -> Content {
    var content = Content()
    let table: TOMLTable
    do {
      table = try TOMLTable(text: source)
    } catch {
      content.problems = ["\(file):\(error.line): \(error.reason)"]
      return content
    }
    let lines = KeyLines(source)
    for name in table.keys.sorted() {
      let place = lines.line(of: [name]).map { "\(file):\($0)" } ?? file
      guard actions.contains(name) else {
        let meant = NearestName.find(name, in: actions).map { "; did you mean '\($0)'?" } ?? ""
        content.problems.append("\(place): there is no action '\(name)'\(meant)")
        continue
      }
      let texts: [String]?
      if let text = table[name]?.string {
        texts = [text]
      } else if let array = table[name]?.array {
        let strings = array.compactMap { $0.string }
        texts = strings.count == array.count ? strings : nil
      } else {
        texts = nil
      }
      guard let texts else {
        content.problems.append(
          "\(place): '\(name)' must be a key such as \"R\", or a list of keys")
        continue
      }
      let keys = texts.map { (text: $0, key: Key(named: $0)) }
      for (text, key) in keys where key == nil {
        content.problems.append(
          "\(place): '\(text)' is no key; keys are written as R, Ctrl-R, Alt-3, Space or F5")
      }
      let known = keys.compactMap(\.key)
      guard texts.isEmpty || !known.isEmpty else { continue }
      content.keys[name] = known
      content.places[name] = place
    }
    return content
  }

  /// Reads a file that is there.
  public static func read(path: String, actions: [String]) -> Content {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    do {
      return read(try SmallFile.text(of: path, limit: 1 << 20), file: name, actions: actions)
    } catch {
      var content = Content()
      content.problems = ["\(name): the file cannot be read as a short UTF-8 text"]
      return content
    }
  }
}
