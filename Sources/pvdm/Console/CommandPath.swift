import ArgumentParser

/// How far the program's arguments name commands, each within the one before.
struct CommandPath {
  /// The names from the program's on: `pvdm dataset cut`.
  private(set) var names: String
  /// The last command that is named.
  private(set) var command: any ParsableCommand.Type
  /// What comes after it; `nil` if nothing does.
  private(set) var next: String?

  /// - Parameter arguments: The program's, without its name.
  init(_ arguments: [String], of root: any ParsableCommand.Type) {
    (names, command) = (root._commandName, root)
    for word in arguments.drop(while: { $0 == "help" }) {
      let inner = command.configuration.subcommands
      guard let named = inner.first(where: { $0._commandName == word }) else {
        next = word
        return
      }
      (command, names) = (named, names + " " + word)
    }
  }
}
