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
    let path = CommandPath(arguments, of: root)
    let inner = path.command.configuration.subcommands
    guard let word = path.next, !word.hasPrefix("-"), !inner.isEmpty else { return nil }
    let meant = NearestName.find(word, in: inner.map { $0._commandName })
    explanation = Explanation(
      sentence: "there is no command \(path.names) \(word)",
      remedy: (meant.map { "Did you mean \(path.names) \($0)? " } ?? "")
        + "\"\(path.names) --help\" lists the commands")
  }
}
