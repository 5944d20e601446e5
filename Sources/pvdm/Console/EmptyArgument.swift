import RunKit

/// An argument without a character, as a shell makes of a variable that is not set. No option means
/// anything by it, and a path of it would lead to the root of the file system.
struct EmptyArgument {
  /// Which one it is, and what to do.
  let explanation: Explanation

  /// - Parameter arguments: The program's, without its name.
  /// - Returns: `nil` if all say something.
  init?(_ arguments: [String]) {
    // A shell that completes a word asks about empty ones too.
    guard arguments.first != "---completion", let place = arguments.firstIndex(where: Self.isEmpty)
    else { return nil }
    let option = arguments[place].isEmpty ? arguments[..<place].last : arguments[place]
    let name = option.flatMap { $0.hasPrefix("-") ? $0.prefix { $0 != "=" } : nil }
    explanation = Explanation(
      sentence: name.map { "the value of \($0) is empty" } ?? "argument \(place + 1) is empty",
      remedy: "Give it a value or leave it out; a variable of the shell may not be set")
  }

  private static func isEmpty(_ argument: String) -> Bool {
    argument.isEmpty
      || argument.hasPrefix("--") && argument.firstIndex(of: "=") == argument.indices.last
  }
}
