import ArgumentParser
import Foundation
import RunKit

/// What the commands of a cluster do with its jobs.
struct ClusterControl {
  let slurm: Slurm
  /// Where submissions are kept.
  let folder: String

  /// - Throws: ``StudioError`` where there is no Slurm, or the user's configuration cannot be understood.
  init() throws {
    guard let slurm = Slurm() else { throw StudioError(nil, .noCluster) }
    self.slurm = slurm
    let folders = StudioFolders()
    folder = try ClusterSettings(contentsOf: folders.settings).folder ?? folders.cluster
  }

  /// All jobs, the latest first.
  func jobs() throws -> [ClusterJob] { try ClusterJob.all(in: folder, slurm) }

  /// The latest job of a name: its number alone, or with its cluster, as in `4711@north`.
  ///
  /// - Throws: ``StudioError`` if none of this program's has it, or those of several clusters do.
  func job(_ name: String) throws -> ClusterJob {
    let jobs = try jobs().filter { "\($0.number)" == name || $0.submission.name == name }
    let names = Set(jobs.map(\.submission.name)).sorted()
    guard let job = jobs.first, names.count == 1 else {
      throw StudioError(
        nil,
        .option(
          name: "the job's number", found: name,
          expected: names.isEmpty
            ? "one of \"pvdm cluster list\"" : names.joined(separator: " or ")))
    }
    return job
  }

  /// Shows what a job does until it is over. Ctrl-C ends the showing, not the job.
  ///
  /// - Throws: `ExitCode` if it did not end well, or the user has seen enough; ``StudioError`` if Slurm does
  ///   not answer any more.
  func follow(_ submission: Submission) async throws {
    let stop = StopSignalSource()
    var (path, place) = ("", UInt64(0))
    var shown: ClusterJob?
    var silence = 0
    while true {
      guard stop.signal.moment == .never else {
        writeToStandardError("job \(submission.name) goes on without being shown\n")
        throw ExitCode(Explanation.Category.interrupted.rawValue)
      }
      let job: ClusterJob?
      do {
        job = try jobs().first { $0.id == submission.id }
        silence = 0
      } catch {
        // A scheduler that begins anew is silent for a while.
        silence += 1
        guard silence < 30 else { throw error }
        try? await Task.sleep(for: .seconds(2))
        continue
      }
      guard let job else { return }
      if job.stands(otherThan: shown) {
        writeToStandardError("job \(submission.name): \(job.stateText)\n")
      }
      shown = job
      if job.logPath != path { (path, place) = (job.logPath, 0) }
      while let growth = LogTail.growth(of: path, from: place) {
        place = growth.place
        writeToStandardError(ConsoleText(lines: growth.text.replacing("\r", with: "\n")))
      }
      switch job.state {
      case .finished: return
      case .cancelled, .failed, .lost:
        throw ExitCode(Explanation.Category.badInput.rawValue)
      case .waiting, .running: break
      }
      try? await Task.sleep(for: .seconds(1))
    }
  }
}
