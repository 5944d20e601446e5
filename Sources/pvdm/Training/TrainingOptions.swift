import ArgumentParser
import Foundation
import MessagePassing
import RunKit
import StudioKit
import TensorCore
import TrainingKit

/// What a command makes of the configuration that is named for it.
struct TrainingCommandSettings {
  /// The configuration of a new run where none is named.
  var unnamed: () throws -> TrainingConfiguration = { TrainingPreset.published.configuration }
  /// What stands in place of what a named one says.
  var prepared: (TrainingConfiguration) -> TrainingConfiguration = { $0 }
  /// Settings of the command's own options, as of `--set` and after it.
  var assignments: [String] = []
}

/// What both stages of training are told.
struct TrainingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A preset (\(TrainingPreset.allCases.map(\.rawValue).joined(separator: ", "))), a TOML file \
      ("pvdm train config" prints one), or one of the authors' YAML files. (default: published)
      """, valueName: "config"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Videos to learn from: UCF-101, SkyTimelapse, or any folder of videos or of folders of frames.",
      valueName: "folder"), completion: .directory)
  var data: String?

  @Option(
    name: [.short, .long], help: ArgumentHelp("The run's folder.", valueName: "folder"),
    completion: .directory)
  var output: String

  @Flag(
    help: """
      Go on with the run in the folder, whose settings and data are known; or begin one, if the folder \
      holds none and --data is given.
      """)
  var resume = false

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Changes a setting of the configuration; may be repeated. Example: --set steps=2000.",
      valueName: "key=value"))
  var assignments: [String] = []

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp(
      """
      What to begin with in place of random weights: a trained network, with a new optimiser; or a \
      run's folder or one of its checkpoints, whose optimiser goes on.
      """, valueName: "path"), completion: .file())
  var initial: String?

  @Option(
    help: ArgumentHelp(
      "Threads to compute with; the same number gives the same weights. (default: all processors)"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      """
      What computes: cpu, cuda:N for a graphics processor, or auto for the first that is fit, else the \
      processor. A run goes on with what it was begun with. (default: cpu)
      """, valueName: "device"))
  var device: DeviceChoice?

  @Option(
    help: ArgumentHelp(
      """
      Where latents and what was found out about videos are kept. (default: pvdm in the user's \
      cache folder)
      """, valueName: "folder"), completion: .directory)
  var cache: String?

  @Flag(help: "Writes one JSON object a line to standard output for everything that happens.")
  var json = false

  @Flag(name: [.short, .long], help: "Show no progress.")
  var quiet = false

  @OptionGroup(title: "Slurm options") var submission: SubmissionOptions

  func validate() throws {
    guard threads ?? 1 >= 1 else { throw ValidationError("--threads is 1 or more.") }
    guard resume || data != nil else {
      throw ValidationError("--data names the folder of videos; or go on with a run with --resume.")
    }
  }

  /// The job that the options describe.
  ///
  /// - Parameters:
  ///   - ranks: Those that do it together; `nil` for one alone.
  ///   - command: What the command makes of the configuration.
  func job(
    _ stage: TrainingStage, _ ranks: (any Communicator)?,
    _ command: TrainingCommandSettings = TrainingCommandSettings()
  ) async throws -> TrainingJob {
    let assignments = assignments + command.assignments
    var job: TrainingJob
    if try await goesOn(ranks) {
      job = try TrainingJob(resuming: output)
      guard job.stage == stage else {
        throw StudioError(
          output,
          .resume(reason: "it is one of pvdm train \(job.stage.rawValue)"))
      }
      if let data { job.dataPath = data }
      if let config {
        try job.checkSettings(
          of: command.prepared(TrainingConfiguration.load(config).configuration),
          changing: assignments)
      }
    } else {
      let (configuration, notes) =
        try config.map { try TrainingConfiguration.load($0) } ?? (command.unnamed(), [])
      if !quiet, ranks?.rank ?? 0 == 0 {
        for note in notes { writeToStandardError("note: \(note)\n") }
      }
      job = TrainingJob(
        stage: stage, configuration: command.prepared(configuration), dataPath: data ?? "",
        runFolder: output)
    }
    try job.configuration.apply(assignments, stage: stage)
    if let initial { job.initialPath = initial }
    if let threads { job.threadCount = threads }
    if let device { job.device = device }
    if let cache { job.cacheFolder = cache }
    job.ranks = ranks
    try await job.divideProcessors()
    return job
  }

  /// Whether there is a run to go on with; the first rank looks, since it soon makes one.
  private func goesOn(_ ranks: (any Communicator)?) async throws -> Bool {
    let isThere = resume && (data == nil || TrainingRunFolder(path: output).holdsRun)
    return try await ranks?.gathered(isThere)[0] ?? isThere
  }

  /// Does a job with its progress shown.
  ///
  /// - Throws: `ExitCode` if it was stopped, and what ``TrainingJob/run(stop:report:now:)`` throws.
  func perform(_ job: TrainingJob) async throws {
    if submission.submit { return try await submit(job) }
    let stop = StopSignalSource()
    // The first of several ranks speaks for all.
    let speaks = job.ranks?.rank ?? 0 == 0
    let reporter = TrainingReporter(
      isQuiet: quiet || !speaks, writesEvents: json && speaks, stop: stop.signal)
    let outcome = try await job.run(stop: stop.signal) { reporter.report($0) }
    try reporter.end(outcome)
    if !outcome.isComplete {
      throw ExitCode(Explanation.Category.interrupted.rawValue)
    }
  }

  /// Gives the training to Slurm, with the option by which it goes on when the job begins anew.
  private func submit(_ job: TrainingJob) async throws {
    guard job.ranks == nil else {
      throw ValidationError("--submit starts the ranks itself; give the command to one process.")
    }
    // What the job itself would find out.
    if !resume { try TrainingRunFolder(path: output).checkHoldsNoRun() }
    try await submission.perform(.training, resumes: true, runFolder: output)
  }
}
