import ArgumentParser
import Foundation
import RunKit
import TerminalUI

/// Runs a command's work, and says what is wrong in one sentence on standard error if it fails.
///
/// Every command's `run()` is one call of this function, so that errors are phrased, and exit
/// statuses chosen, in one place: 2 for a file or setting that cannot be used, 70 for a fault of
/// the program or machine, 74 for standard output that cannot be written, 130 when interrupted. What
/// the argument parser throws itself (usage errors, `ExitCode`, requests for help) passes through.
///
/// - Throws: `ExitCode` with the category's exit status.
func explaining(_ body: () async throws -> Void) async throws {
  do {
    try await body()
  } catch {
    throw told(error)
  }
}

/// Says what an error is, unless that is the argument parser's to do.
///
/// - Parameter teller: Who met it, where several processes run one command; empty for one alone.
/// - Returns: What to throw in its place.
func told(_ error: any Error, by teller: String = "") -> any Error {
  func report(_ explanation: Explanation) -> ExitCode {
    pvdm.report(
      Explanation(
        sentence: teller + explanation.sentence, remedy: explanation.remedy,
        category: explanation.category))
  }
  switch error {
  case is ExitCode, is ValidationError, is CleanExit: return error
  case let error as OutputError:
    return report(Explanation(sentence: error.sentence, remedy: "", category: .outputFailure))
  case let error as TerminalError:
    return report(Explanation(sentence: error.description, remedy: remedy(for: error)))
  default: return report(Explanation(error))
  }
}

/// What to do where the studio cannot be shown.
private func remedy(for error: TerminalError) -> String {
  switch error {
  case .notATerminal:
    "The studio needs one; \"pvdm --help\" lists the commands that do without"
  case .unsupportedTerminal:
    "Try TERM=xterm-256color, or install the terminal descriptions (Debian: ncurses-term)"
  default: "\"pvdm --help\" lists the commands that need no terminal"
  }
}

/// Writes an explanation to standard error: the sentence after the program's name, and what to do
/// next on a line of its own.
///
/// - Returns: The exit status to throw.
func report(_ explanation: Explanation) -> ExitCode {
  var lines: ConsoleText = "pvdm: \(explanation.sentence, limit: 4_000)\n"
  if !explanation.remedy.isEmpty { lines += "      \(explanation.remedy, limit: 4_000).\n" }
  writeToStandardError(lines)
  return ExitCode(explanation.category.rawValue)
}

/// Writes a value to standard output as JSON.
///
/// - Throws: ``OutputError``; `EncodingError` for a number that JSON cannot hold.
func writeToStandardOutput(json value: some Encodable) throws {
  try writeToStandardOutput(ConsoleText(json: json(value)))
}

/// A value as JSON: keys sorted, so that equal values give equal text.
///
/// - Parameter pretty: Whether to indent; one line otherwise, as for a stream of events.
/// - Throws: `EncodingError` for a number that JSON cannot hold.
func json(_ value: some Encodable, pretty: Bool = true) throws -> String {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
