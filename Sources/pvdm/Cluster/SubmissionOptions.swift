import ArgumentParser
import Foundation
import RunKit

/// Gives a command to Slurm in place of doing it here.
struct SubmissionOptions: ParsableArguments {
  @Flag(help: "Give the command to Slurm as a job, which saves, stops and queues anew by itself.")
  var submit = false

  @Flag(help: "Show the job's log until it is over; Ctrl-C leaves it alone.")
  var follow = false

  @Option(
    help: ArgumentHelp(
      "Machines: of a training one rank each, of a list of work one worker each. (default: 1)",
      valueName: "count"))
  var nodes: Int?

  @Option(
    help: ArgumentHelp(
      "The job's time in Slurm's manner, such as 24:00:00; it goes on in a time of its own after that.",
      valueName: "time"))
  var time: String?

  @Option(help: ArgumentHelp("The partition.", valueName: "name"))
  var partition: String?

  @Option(
    help: ArgumentHelp(
      "An option of sbatch with its value in one word: --slurm=--account=me; may be repeated.",
      valueName: "option"))
  var slurm: [String] = []

  func validate() throws {
    guard !submit else { return }
    for (name, isGiven) in [
      ("--follow", follow), ("--nodes", nodes != nil), ("--time", time != nil),
      ("--partition", partition != nil), ("--slurm", !slurm.isEmpty),
    ] where isGiven {
      throw ValidationError("\(name) is of use with --submit alone.")
    }
  }

  /// What was given, over what the user's configuration says.
  private var settings: ClusterSettings {
    get throws {
      var settings = try ClusterSettings(contentsOf: StudioFolders().settings)
      settings.nodes = nodes ?? settings.nodes
      settings.time = time ?? settings.time
      settings.partition = partition ?? settings.partition
      settings.arguments += slurm
      if settings.mpi == nil { settings.mpi = ClusterSettings.mpiOfLibrary }
      return settings
    }
  }

  /// Submits the command that this process was started with, says its number, and follows it if asked to.
  ///
  /// - Parameters:
  ///   - kind: What it is.
  ///   - resumes: Whether `--resume` is added, with which the job goes on when it begins anew.
  ///   - savedRun: Where it keeps a run that was stopped, for a command that takes `--resume` only then.
  ///   - runFolder: The folder that a training writes.
  /// - Throws: `ExitCode` if the job failed while it was followed, ``StudioError`` where there is no Slurm or
  ///   it refuses.
  func perform(
    _ kind: SubmittedCommand.Kind, resumes: Bool = false, savedRun: String? = nil,
    runFolder: String? = nil
  ) async throws {
    var arguments = Self.remaining(Array(CommandLine.arguments.dropFirst()))
    if resumes, !arguments.contains("--resume") { arguments.append("--resume") }
    let directory = FileManager.default.currentDirectoryPath
    func absolute(_ path: String?) -> String? {
      path.map { URL(filePath: $0, relativeTo: URL(filePath: directory + "/")).standardized.path }
    }
    let settings = try settings
    let command = SubmittedCommand(
      kind, program: ResourceLocator.runningExecutable, arguments: arguments,
      directory: directory, savedRun: absolute(savedRun), runFolder: absolute(runFolder))
    let control = try ClusterControl()
    let submission = try Submission(command, to: control.slurm, settings, in: control.folder)
    writeToStandardError(
      "submitted job \(submission.name); its log is \(submission.log(in: control.folder))\n")
    guard follow else { return }
    try await control.follow(submission)
  }

  private static let flags: Set = ["--submit", "--follow"]
  private static let options: Set = ["--nodes", "--time", "--partition", "--slurm"]

  /// A command line without the options of this group.
  static func remaining(_ arguments: [String]) -> [String] {
    var rest: [String] = []
    var waiting = arguments[...]
    while let argument = waiting.popFirst() {
      // What follows is no option, whatever it looks like.
      if argument == "--" { return rest + [argument] + waiting }
      if flags.contains(argument) { continue }
      if options.contains(argument) {
        _ = waiting.popFirst()
        continue
      }
      if options.contains(where: { argument.hasPrefix($0 + "=") }) { continue }
      rest.append(argument)
    }
    return rest
  }
}
