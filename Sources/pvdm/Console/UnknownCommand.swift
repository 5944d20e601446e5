import ArgumentParser
import HandwrittenText
import RunKit

/// A word that stands where a command is expected, and is none. The parser would take it for an argument
/// of the command that is taken by default, and speak of that one.
struct UnknownCommand {
  /// What is wrong and what was probably meant.
  let explanation: Explanation

  /// - Parameter arguments: The program's, without its name.
  /// - Returns: `nil` if all words that name a command do.
  init?(_ arguments: [String], of root: any ParsableCommand.Type) {
    var command = root
    var path = "pvdm"
    var words = arguments[...]
    while words.first == "help" { words = words.dropFirst() }
    while let word = words.popFirst(), !word.hasPrefix("-") {
      let inner = command.configuration.subcommands
      guard !inner.isEmpty else { return nil }
      guard let next = inner.first(where: { $0._commandName == word }) else {
        let meant = NearestName.find(word, in: inner.map { $0._commandName })
        explanation = Explanation(
          sentence: "there is no command \(path) \(word)",
          remedy: (meant.map { "Did you mean \(path) \($0)? " } ?? "")
            + "\"\(path) --help\" lists the commands")
        return
      }
      command = next
      path += " \(word)"
    }
    return nil
  }
}
