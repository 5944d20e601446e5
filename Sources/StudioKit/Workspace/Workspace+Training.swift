import Foundation
import MediaIO
import RunKit
import TensorCore
import TrainingKit
import VideoDiffusion

extension Workspace {
  /// Queues a new training. It takes its turn with the runs and evaluations, so that none slows the
  /// others down.
  ///
  /// - Throws: ``StudioError`` if its name is none or taken or a path is missing,
  ///   ``TrainingConfigurationError`` for settings that cannot be used, ``SessionStoreError`` if it
  ///   cannot be kept.
  @discardableResult
  public func train(_ request: TrainingRequest) throws -> JobID {
    let (request, path) = try checked(request)
    return try queue(TrainTask(runFolder: path, request: request))
  }

  /// Gives a new training to the cluster, with what the user's configuration says of it.
  ///
  /// - Throws: as ``train(_:)``, and ``StudioError`` where there is no cluster or it refuses.
  public func submit(_ request: TrainingRequest) async throws {
    let (request, path) = try checked(request)
    guard let slurm else { throw StudioError(nil, .noCluster) }
    var settings = try ClusterSettings(contentsOf: folders.settings)
    settings.mpi = settings.mpi ?? ClusterSettings.mpiOfLibrary
    let command = SubmittedCommand(
      .training, program: ResourceLocator.runningExecutable,
      arguments: request.arguments(runFolder: path, cacheFolder: folders.cache),
      directory: folders.data, runFolder: path)
    let (folder, moment, chosen) = (clusterFolder, now(), settings)
    let submission = try await WorkerPool.blocking.run {
      try Submission(command, to: slurm, chosen, in: folder, now: moment)
    }
    notify(
      Notice(
        .success, "\(request.name) is Slurm job \(submission.name)", remedy: "It is in the queue"))
    await findClusterJobs()
  }

  /// A request with absolute paths and the folder that its run gets.
  private func checked(_ request: TrainingRequest) throws -> (TrainingRequest, String) {
    let request = request.standardized
    try request.check()
    _ = try request.load()
    let path = folders.training(named: request.name)
    let isTaken =
      FileManager.default.fileExists(atPath: path) || openTraining(of: path) != nil
      || clusterJobs.contains { !$0.state.isOver && $0.submission.command.runFolder == path }
    guard !isTaken else {
      throw StudioError(
        nil,
        .option(
          name: "the run's name", found: request.name,
          expected: "another, since there is a run of this name"))
    }
    return (request, path)
  }

  /// Lets a run go on from its newest checkpoint, in its turn.
  ///
  /// - Throws: ``TrainingError`` if the folder holds no run, ``SessionStoreError`` if it cannot be
  ///   kept.
  @discardableResult
  public func resumeTraining(_ runFolder: String) throws -> JobID {
    if let job = openTraining(of: runFolder) {
      resume(job)
      return job
    }
    _ = try TrainingJob(resuming: runFolder)
    return try queue(TrainTask(runFolder: runFolder, request: nil))
  }

  /// The job that is to train, or to go on training, in a folder.
  private func openTraining(of runFolder: String) -> JobID? {
    openJobs.first { job in
      if case .train(let task) = job.task { task.runFolder == runFolder } else { false }
    }?.id
  }

  private func queue(_ task: TrainTask) throws -> JobID {
    let record = try store.write { try $0.insert(jobRecord(.train(task))) }
    let job = try add(record)
    tellJobs()
    startJobs()
    return job
  }

  /// Looks through the folder of runs, and at those that were given to the cluster, and says what is there.
  public func findTrainingRuns() async {
    let folder = folders.trainings
    let submitted = clusterJobs.compactMap(\.submission.command.runFolder)
    var runs = await WorkerPool.blocking.run {
      TrainingRunEntry.entries(in: folder, and: submitted)
    }
    // Some file systems do not tell one machine of the locks of another.
    let working = Set(
      clusterJobs.filter { $0.state == .running }.compactMap(\.submission.command.runFolder))
    for index in runs.indices where working.contains(runs[index].path) {
      runs[index].isElsewhere = true
    }
    trainingRuns = runs
    hub.send(.trainingRuns(runs))
  }

  /// What can be told of a training before it begins.
  public nonisolated func preparation(of request: TrainingRequest) async -> TrainingPreparation {
    await WorkerPool.blocking.run { [folders] in
      TrainingPreparation(
        request, runs: TrainingRunEntry.entries(in: folders.trainings),
        cacheFolder: folders.cache + "/datasets", weights: WeightLibrary(folders))
    }
  }

  /// The frames of a run's video of samples.
  ///
  /// - Throws: `MediaError` if it cannot be read.
  public nonisolated func trainingSample(at path: String) async throws -> TrainingSample {
    try await WorkerPool.blocking.run { try TrainingSample(contentsOf: path) }
  }

  // MARK: The queue's part

  /// Trains until the end, or until it is asked to stop.
  ///
  /// - Throws: `CancellationError` if it was stopped, with everything saved; what training throws.
  func train(_ job: JobID, _ task: TrainTask, _ stop: StopSignal) async throws {
    // A training needs the memory of a model that was left loaded.
    await engines.end()
    var failure: (any Error)?
    do {
      let outcome = try await Self.perform(task, job, hub, stop, folders)
      endNotices[job] = Self.notice(outcome, task)
      if !outcome.isComplete { failure = CancellationError() }
    } catch {
      failure = error
    }
    await findTrainingRuns()
    if let failure { throw failure }
  }

  /// Away from the workspace, which must not wait for it.
  @concurrent
  private static func perform(
    _ task: TrainTask, _ job: JobID, _ hub: EventHub, _ stop: StopSignal,
    _ folders: StudioFolders
  ) async throws -> TrainingOutcome {
    let training = try task.trainingJob(cacheFolder: folders.cache, WeightLibrary(folders))
    let reporter = TrainingReporter(job, try task.entry(training), hub, stop)
    return try await training.run(stop: stop) { reporter.note($0) }
  }

  private static func notice(_ outcome: TrainingOutcome, _ task: TrainTask) -> Notice {
    let name = URL(filePath: task.runFolder).lastPathComponent
    return outcome.isComplete
      ? Notice(.success, "\(name) is trained: \(outcome.step) steps")
      : Notice(
        .information, "\(name) stopped at step \(outcome.step), and all of it is saved",
        remedy: "It can go on from there")
  }
}

extension TrainTask {
  /// The training: one that goes on if the folder holds a run, which it does from the first step of a
  /// new one on.
  func trainingJob(cacheFolder: String, _ library: WeightLibrary) throws -> TrainingJob {
    guard let request, !TrainingRunFolder(path: runFolder).holdsRun else {
      return try TrainingJob(resuming: runFolder, cacheFolder: cacheFolder)
    }
    var job = request.job(
      try request.load().configuration, runFolder: runFolder, cacheFolder: cacheFolder)
    job.takeFetchedWeights(from: library)
    return job
  }

  /// The run as it is before it begins or goes on.
  func entry(_ job: TrainingJob) throws -> TrainingRunEntry {
    if TrainingRunFolder(path: runFolder).holdsRun {
      return TrainingRunEntry(try TrainingRunSummary(contentsOf: runFolder))
    }
    return TrainingRunEntry(
      path: runFolder, stage: job.stage, configuration: job.configuration,
      dataPath: job.dataPath, finishedSteps: 0)
  }
}
