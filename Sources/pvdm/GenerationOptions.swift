import ArgumentParser
import RunKit
import VideoDiffusion

/// What `sample` and `extend` have in common: every setting of a job but what it starts from.
struct GenerationOptions: ParsableArguments {
  @Flag(help: "Go on with an interrupted run of these outputs and settings.")
  var resume = false

  @OptionGroup(title: "Model options") var models: ModelOptions
  @OptionGroup(title: "Sampling options") var sampling: SamplingOptions
  @OptionGroup(title: "Sampling options") var batch: BatchOptions
  @OptionGroup(title: "Output options") var outputs: OutputOptions
  @OptionGroup(title: "Compute options") var compute: ComputeOptions
  @OptionGroup(title: "Display options") var show: ShowOptions
  @OptionGroup(title: "Display options") var previews: PreviewOptions
  @OptionGroup(title: "Slurm options") var submission: SubmissionOptions

  /// The job that the options describe.
  ///
  /// - Parameter clips: Clips that were asked for; `nil` for the preset's number, else 1.
  func job(_ model: String?, clips: Int?) throws -> GenerationJob {
    guard !outputs.output.isEmpty || show.preview || show.json else {
      throw ValidationError(
        "Nothing to do with the video: name a file with --output, or --preview.")
    }
    let files = try models.open(model)
    let chosen = try ChosenSettings(
      sampling, compute, previews, clips: clips, distilledSteps: files.denoiser?.distilledSteps)
    if !show.quiet { for note in chosen.notes { writeToStandardError("\(note)\n") } }
    let settings = chosen.settings
    var job = GenerationJob(
      model: files, request: settings.request(sampleCount: batch.batch),
      outputs: outputs.output)
    job.resumes = resume
    job.framesPerSecond = outputs.fps
    job.scale = outputs.scale
    job.overwrites = outputs.overwrite
    job.precision = settings.precision
    job.device = settings.device
    job.threadCount = settings.threadCount
    job.preview = show.preview && !show.json ? settings.preview : .off
    job.previewInterval = settings.previewInterval
    job.previewCacheFolder = StudioFolders().previews
    return job
  }

  /// Does a job with its progress shown, and says what it left.
  func perform(_ job: GenerationJob) async throws {
    if submission.submit {
      return try await submission.perform(.other, savedRun: resume ? nil : job.savedRunPath)
    }
    let stop = StopSignalSource()
    let reporter = try JobReporter(job, show, stop: stop.signal)
    let result: GenerationJob.Result
    do {
      result = try await job.run(stop: stop.signal) { reporter.report($0) }
    } catch {
      await reporter.finish()
      throw error
    }
    await reporter.finish()
    try reporter.conclude(result)
  }
}
