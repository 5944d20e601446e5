import ArgumentParser
import Glibc
import HandwrittenText
import RunKit

/// The program: one subcommand for each thing that people do.
@main
struct PVDM: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pvdm",
    abstract: "Makes, continues and inspects videos with projected latent video diffusion (PVDM).",
    discussion: """
      Without a command, pvdm opens the studio.

      MODEL is a folder with an autoencoder and a denoiser, or the name of one that comes with the \
      program, such as skies-64, which is taken where none is named. Commands that take a MODEL also \
      take the two checkpoints by themselves, with --autoencoder and --denoiser.

      Exit status: 0 done, 2 a file or setting cannot be used, 64 wrong usage, 70 a fault of the \
      program or machine, 74 standard output cannot be written, 130 interrupted.
      """,
    version: RunSettings.programVersion,
    subcommands: [
      StudioCommand.self, Attach.self, Status.self, Stop.self, Worker.self, Sample.self,
      Extend.self, Bridge.self, Retake.self, Refine.self,
      Encode.self, Decode.self, Reconstruct.self,
      Inspect.self, Convert.self, Models.self, Presets.self, Dataset.self, Train.self,
      Evaluate.self, Weights.self, Work.self, Cluster.self, Doctor.self, Bench.self,
    ], defaultSubcommand: StudioCommand.self)

  static func main() async {
    // A file that may not grow further (ulimit -f) is an error of a write that is told like a full disk,
    // not the end of the program.
    signal(SIGXFSZ, SIG_IGN)
    StandardStreams.reserveNumbers()
    ParentWatch.begin()
    if let problem = UnicodeNames.problem { Glibc.exit(report(problem).rawValue) }
    let arguments = NegativeNumber.joined(Array(CommandLine.arguments.dropFirst()))
    let mistake =
      UnknownCommand(arguments, of: Self.self)?.explanation
      ?? EmptyArgument(arguments)?.explanation
    if let mistake {
      _ = report(mistake)
      Glibc.exit(ExitCode.validationFailure.rawValue)
    }
    var parsed: (any ParsableCommand.Type)?
    do {
      var command = try await asyncParseAsRoot(arguments)
      parsed = type(of: command)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Glibc.exit(await end(with: error, arguments, in: parsed).rawValue)
    }
  }

  /// Writes what the argument parser has to say: help, or what is wrong with the arguments, which are
  /// quoted as they can be shown.
  ///
  /// - Parameter command: What ran, where the arguments could be read.
  /// - Returns: The exit status.
  private static func end(
    with error: any Error, _ arguments: [String], in command: (any ParsableCommand.Type)?
  ) async -> ExitCode {
    let status = exitCode(for: error)
    var message = fullMessage(for: await quotable(error, arguments))
    if let command {
      // What a command finds wrong with its arguments while it runs, the parser takes for the root's.
      message = message.replacing(usageString(), with: usageString(for: command))
        .replacing(
          "'\(_commandName) --help'",
          with: "'\(CommandPath(arguments, of: Self.self).names) --help'")
    }
    guard !message.isEmpty else { return status }
    guard status == .success else {
      writeToStandardError("\(ConsoleText(lines: message))\n")
      return status
    }
    do {
      try writeToStandardOutput(ConsoleText(lines: message))
      return status
    } catch {
      return report(
        Explanation(sentence: error.sentence, remedy: "", category: .outputFailure))
    }
  }

  /// The same error about arguments in which nothing acts on a terminal: the parser's messages hold
  /// them within lines of its own, where a line end in them could not be told any more.
  private static func quotable(_ error: any Error, _ arguments: [String]) async -> any Error {
    let shown = arguments.map { PrintableText.field($0) }
    guard shown != arguments else { return error }
    do {
      _ = try await asyncParseAsRoot(shown)
      return error
    } catch {
      return error
    }
  }
}
