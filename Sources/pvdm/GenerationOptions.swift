import ArgumentParser
import StudioKit
import VideoDiffusion

/// What `sample` and `extend` have in common: every setting of a job but what it starts from.
struct GenerationOptions: ParsableArguments {
  @Flag(help: "Go on with an interrupted run of these outputs and settings.")
  var resume = false

  @OptionGroup(title: "Model options") var models: ModelOptions
  @OptionGroup(title: "Sampling options") var sampling: SamplingOptions
  @OptionGroup(title: "Output options") var outputs: OutputOptions
  @OptionGroup(title: "Compute options") var compute: ComputeOptions
  @OptionGroup(title: "Display options") var show: ShowOptions

  /// The job that the options describe.
  func job(_ model: String?, clips: Int) throws -> GenerationJob {
    guard !outputs.output.isEmpty || show.preview || show.json else {
      throw ValidationError(
        "Nothing to do with the video: name a file with --output, or --preview.")
    }
    var job = try GenerationJob(
      model: models.open(model), request: sampling.request(clips: clips),
      outputs: outputs.output)
    job.resumes = resume
    job.framesPerSecond = outputs.fps
    job.scale = outputs.scale
    job.overwrites = outputs.overwrite
    job.precision = compute.precision
    job.threadCount = compute.threads
    job.showsPreviews = show.preview
    return job
  }

  /// Does a job with its progress shown, and says what it left.
  func perform(_ job: GenerationJob) async throws {
    let reporter = try JobReporter(job, show)
    let stop = StopSignalSource()
    let result: GenerationJob.Result
    do {
      result = try await job.run(stop: stop.signal) { reporter.report($0) }
    } catch {
      await reporter.finish()
      throw error
    }
    await reporter.finish()
    reporter.conclude(result)
    if result.isInterrupted { throw ExitCode(Explanation.Category.interrupted.rawValue) }
  }
}
