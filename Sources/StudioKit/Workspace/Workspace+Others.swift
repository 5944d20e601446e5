import Foundation
import RunKit
import TensorCore
import TrainingKit

/// What other processes and machines do for this user, which nobody tells the workspace: it looks.
extension Workspace {
  /// Seconds from one look at runs that others train to the next.
  private static let interval = 5.0
  /// Looks for one question to the cluster's scheduler, which serves many people.
  private static let looksForOneQuestion = 3

  /// Looks again and again, as long as the workspace is there and open.
  nonisolated func followOthers() -> Task<Void, Never> {
    Task { [weak self] in
      var looks = 0
      while !Task.isCancelled {
        await self?.lookAtOthers(asksCluster: looks % Self.looksForOneQuestion == 0)
        looks += 1
        try? await Task.sleep(for: .seconds(Self.interval))
        guard self != nil else { return }
      }
    }
  }

  /// Looks once: how jobs on the cluster stand, and how far runs are that others train.
  package func lookAtOthers(asksCluster: Bool = true) async {
    guard !isClosing else { return }
    if asksCluster { await findClusterJobs() }
    let isFollowed =
      trainingRuns.contains(where: \.isElsewhere)
      || clusterJobs.contains { !$0.state.isOver && $0.submission.command.runFolder != nil }
    if isFollowed { await findTrainingRuns() }
  }

  /// Asks how the jobs that were given to the cluster stand. Where there is no cluster, there are none.
  public func findClusterJobs() async {
    guard let slurm else { return }
    let folder = clusterFolder
    do {
      let jobs = try await WorkerPool.blocking.run { try ClusterJob.all(in: folder, slurm) }
      clusterProblem = nil
      guard jobs != clusterJobs else { return }
      let before = Dictionary(clusterJobs.map { ($0.id, $0.state) }) { first, _ in first }
      clusterJobs = jobs
      hub.send(.clusterJobs(jobs))
      for job in jobs where job.state.isOver && before[job.id]?.isOver == false { tellEnd(of: job) }
    } catch {
      // Said once, not every few seconds.
      let sentence = Explanation(error).sentence
      if clusterProblem != sentence { notify(Notice(error)) }
      clusterProblem = sentence
    }
  }

  private func tellEnd(of job: ClusterJob) {
    let what = "Slurm job \(job.submission.name) (\(job.submission.command.title))"
    switch job.state {
    case .finished: notify(Notice(.success, "\(what) is done"))
    case .cancelled: notify(Notice(.information, "\(what) was cancelled"))
    case .failed(let reason):
      notify(Notice(.error, "\(what) failed: \(reason)", remedy: job.logPath))
    case .waiting, .running, .lost: break
    }
  }

  /// Ends a job of the cluster: it saves, stops, and does not queue anew.
  ///
  /// - Throws: ``StudioError`` with what Slurm says.
  public func cancelOnCluster(_ id: ClusterJob.ID) async throws {
    guard let slurm, let job = clusterJobs.first(where: { $0.id == id }) else {
      throw StudioError(nil, .gone("the job"))
    }
    try await WorkerPool.blocking.run { try job.cancel(slurm) }
    await findClusterJobs()
  }

  /// Forgets jobs of the cluster that are over, with their logs; what they made stays.
  func clearClusterJobs() async {
    guard clusterJobs.contains(where: \.state.isOver) else { return }
    let (jobs, folder) = (clusterJobs, clusterFolder)
    await WorkerPool.blocking.run { _ = ClusterJob.forget(jobs, in: folder) }
    await findClusterJobs()
  }

  /// Where jobs of the cluster are kept. A configuration that cannot be understood is told of.
  static func clusterFolder(_ folders: StudioFolders, _ hub: EventHub) -> String {
    do {
      return try ClusterSettings(contentsOf: folders.settings).folder ?? folders.cluster
    } catch {
      hub.send(.notice(Notice(error)))
      return folders.cluster
    }
  }
}
