import ArgumentParser
import EvaluationKit
import Foundation
import RunKit
import StudioKit

/// Real videos.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Real videos: UCF-101, SkyTimelapse, or any folder of videos or of folders of frames.",
      valueName: "folder"))
  var data: String?

  @Option(help: "The part of the real videos: train, test or all.")
  var split = EvaluateTask.Part.train

  @Option(
    help: "Chooses the clips of folders: their videos in random order, each from a random frame.")
  var clipSeed: UInt64 = 0

  @Option(help: "Side that all frames are cropped and resized to. (default: the model's)")
  var resolution: Int?

  func apply(to job: inout EvaluationJob) {
    job.dataPath = data
    job.split = split.split
    job.clipSeed = clipSeed
    job.resolution = resolution
  }
}

/// What is judged and where the result goes: what all evaluations have in common.
struct SourceOptions: ParsableArguments {
  @Option(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @Option(
    help: ArgumentHelp(
      "A folder of generated videos, in place of a model that makes them.", valueName: "folder"),
    completion: .directory)
  var generated: String?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The folder for the report. (default: evaluations/METRIC-MODEL)", valueName: "folder"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Where features are kept. (default: pvdm/features in the user's cache folder)",
      valueName: "folder"))
  var cache: String?

  @Flag(help: "Replace a report that exists.")
  var overwrite = false

  @Flag(help: "Write the report as JSON to standard output.")
  var json = false

  @Flag(name: [.short, .long], help: "Show no progress.")
  var quiet = false

  @OptionGroup(title: "Model options") var models: ModelOptions
  @OptionGroup(title: "Sampling options") var sampling: SamplingOptions
  @OptionGroup(title: "Sampling options") var batch: BatchOptions
  @OptionGroup(title: "Compute options") var compute: ComputeOptions
  @OptionGroup(title: "Slurm options") var submission: SubmissionOptions

  func validate() throws {
    if generated != nil, model != nil || models.autoencoder != nil || models.denoiser != nil {
      throw ValidationError("Give either a model or --generated, not both.")
    }
  }

  /// - Throws: `ValidationError` where a folder of videos is given for what only a model has.
  func check(_ metric: Metric) throws {
    if generated != nil, !metric.canJudgeFolder {
      throw ValidationError(
        "--generated: \(metric.rawValue) is measured of a model alone; name one.")
    }
  }

  /// The job that the options describe.
  func job(_ metric: Metric) throws -> EvaluationJob {
    if let generated {
      return job(metric, of: .folder(generated), try chosen(distilledSteps: nil))
    }
    let files = try models.open(model)
    let settings = try chosen(distilledSteps: files.denoiser?.distilledSteps)
    return job(metric, of: .model(files, settings.request(sampleCount: batch.batch)), settings)
  }

  private func chosen(distilledSteps: Int?) throws -> GenerationSettings {
    let chosen = try ChosenSettings(
      sampling, compute, nil, clips: 1, distilledSteps: distilledSteps)
    if !quiet { for note in chosen.notes { writeToStandardError("\(note)\n") } }
    return chosen.settings
  }

  private func job(
    _ metric: Metric, of source: EvaluationJob.Source, _ settings: GenerationSettings
  ) -> EvaluationJob {
    var job = EvaluationJob(
      metric, of: source, cacheFolder: cache ?? StudioFolders().features, outputFolder: "")
    job.outputFolder = output ?? "evaluations/\(metric.rawValue)-\(job.sourceName)"
    job.overwrites = overwrite
    job.precision = settings.precision
    job.device = settings.device
    job.threadCount = settings.threadCount
    return job
  }

  /// Does a job with its progress shown, and prints its report.
  func perform(_ job: EvaluationJob) async throws {
    // What was computed is kept, and found when the job begins anew.
    if submission.submit { return try await submission.perform(.other) }
    let stop = StopSignalSource()
    let progress = EvaluationReporter(isQuiet: quiet)
    let report: EvaluationReport
    do {
      report = try await job.run(stop: stop.signal) { progress.report($0) }
    } catch {
      progress.end()
      throw error
    }
    progress.end()
    // The work of hours is kept before anything that can fail.
    store(report, job)
    if json {
      try writeToStandardOutput(ConsoleText(json: try report.json), terminator: "")
    } else {
      try writeToStandardOutput(EvaluationText(report).text, terminator: "")
      writeToStandardError("wrote \(job.outputFolder)\n")
    }
  }

  /// Keeps the score for the studio. The report is written: what fails here is said, and no more.
  private func store(_ report: EvaluationReport, _ job: EvaluationJob) {
    do {
      try EvaluationArchive.ofUser.add(report, folder: job.outputFolder)
    } catch {
      writeToStandardError(
        "note: the score is not in the studio's list: \(Explanation(error).text)\n")
    }
  }
}

extension EvaluateTask.Part: ExpressibleByArgument {}
