/// Numbers below 0 behind options: the parser takes `-3` for an option and says that the value is missing,
/// where the option's own range has the better answer.
enum NegativeNumber {
  /// Arguments in which `--clips -3` is `--clips=-3`.
  ///
  /// - Parameter arguments: The program's, without its name.
  static func joined(_ arguments: [String]) -> [String] {
    var joined: [String] = []
    // What follows `--` is no option.
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    for argument in arguments[..<end] {
      if isNegative(argument), let option = joined.last, takesNext(option) {
        joined[joined.count - 1] = "\(option)=\(argument)"
      } else {
        joined.append(argument)
      }
    }
    return joined + arguments[end...]
  }

  /// Whether an argument is a long option whose value has not been given.
  private static func takesNext(_ argument: String) -> Bool {
    argument.hasPrefix("--") && !argument.contains("=")
  }

  /// Whether an argument is a number below 0; no option of the program begins with a digit.
  private static func isNegative(_ argument: String) -> Bool {
    guard argument.hasPrefix("-") else { return false }
    let first = argument.dropFirst().first { $0 != "." }
    return first.map { $0.isASCII && $0.isNumber } ?? false
  }
}
