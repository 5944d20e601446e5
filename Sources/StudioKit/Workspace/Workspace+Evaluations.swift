import EvaluationKit
import Foundation
import RunKit
import SessionStore
import TensorCore
import VideoDiffusion

extension Workspace {
  /// Queues an evaluation. It takes its turn with the runs, so that neither slows the other down.
  ///
  /// - Throws: What ``EvaluateTask/check(_:)`` throws if something is missing, ``SessionStoreError`` if it
  ///   cannot be kept.
  @discardableResult
  public func evaluate(_ task: EvaluateTask) throws -> JobID {
    let task = task.standardized
    try task.check(WeightLibrary(folders))
    try checkSteps(of: task)
    let record = try store.write { try $0.insert(jobRecord(.evaluate(task))) }
    let job = try add(record)
    tellJobs()
    startJobs()
    return job
  }

  /// Everything that an evaluation lacks, as far as names and headers of files tell.
  public nonisolated func unmetRequirements(of task: EvaluateTask) async -> [EvaluationRequirement]
  {
    let library = WeightLibrary(folders)
    let unmet = await WorkerPool.blocking.run { task.standardized.unmetRequirements(library) }
    return await unmet + stepRequirements(of: task)
  }

  /// That a model cannot sample in the steps of an evaluation, if so.
  private func stepRequirements(of task: EvaluateTask) -> [EvaluationRequirement] {
    do {
      try checkSteps(of: task)
      return []
    } catch {
      let explanation = Explanation(error)
      return [
        EvaluationRequirement(
          .settings, explanation.sentence, remedy: explanation.remedyWithoutOptions)
      ]
    }
  }

  private func checkSteps(of task: EvaluateTask) throws {
    guard task.generates, let model = task.model else { return }
    try checkSteps(model, task.settings)
  }

  /// Reads the stored scores again: a command may have added some.
  ///
  /// - Throws: ``SessionStoreError``.
  public func findEvaluations() throws {
    evaluations = try store.evaluations()
    hub.send(.evaluations(evaluations))
  }

  /// Forgets a stored score. The folder of its report stays.
  ///
  /// - Throws: ``SessionStoreError`` if it cannot be kept.
  public func forgetEvaluation(_ id: EvaluationID) throws {
    _ = try store.write { try $0.delete(EvaluationRecord.self, number: id.rawValue) }
    try findEvaluations()
  }

  /// Does an evaluation of the queue and stores its score.
  ///
  /// - Throws: ``EvaluationStopped`` when it was stopped; its features are kept.
  func evaluate(_ job: JobID, _ task: EvaluateTask, _ stop: StopSignal) async throws {
    // It loads the model by itself, and two may be more than fits into memory.
    await engines.end()
    let folder = "\(folders.evaluations)/\(job.rawValue)-\(task.metric.rawValue)"
    let reporter = EvaluationReporter(job, hub, stop)
    let report = try await Self.report(
      task, folders, outputFolder: folder, stop, reporter, now)
    let record = try EvaluationRecord(report, folder: folder)
    _ = try store.write { try $0.insert(record) }
    try findEvaluations()
    let score = report.leadingScore.map { ": \($0.name) \($0.text)" } ?? ""
    endNotices[job] = Notice(.success, "\(report.metric.title) of \(task.sourceName)\(score)")
  }

  /// Away from the workspace, which must not wait for it.
  @concurrent
  private static func report(
    _ task: EvaluateTask, _ folders: StudioFolders, outputFolder: String, _ stop: StopSignal,
    _ reporter: EvaluationReporter, _ now: @escaping @Sendable () -> Date
  ) async throws -> EvaluationReport {
    var job = try task.job(
      cacheFolder: folders.features, outputFolder: outputFolder, weights: WeightLibrary(folders))
    // The folder is this job's own, and may hold what an earlier try left.
    job.overwrites = true
    return try await job.run(stop: stop, report: { reporter.note($0) }, now: now)
  }
}
