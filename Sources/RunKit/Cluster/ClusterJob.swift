import CheckpointIO
import Foundation

/// A submission as it stands: what Slurm says of it, or what its folder says once Slurm has forgotten it.
public struct ClusterJob: Sendable, Hashable, Identifiable, Codable {
  /// Where a job stands.
  public enum State: Sendable, Hashable, Codable {
    /// It waits for its turn; Slurm's word for the reason, which may be empty.
    case waiting(String)
    /// It is at work.
    case running
    /// It was done.
    case finished
    /// It was cancelled.
    case cancelled
    /// It ended otherwise; why, in words.
    case failed(String)
    /// Slurm does not know it any more, and it left no word.
    case lost

    /// Whether nothing more will happen to it.
    public var isOver: Bool {
      switch self {
      case .waiting, .running: false
      case .finished, .cancelled, .failed, .lost: true
      }
    }
  }

  /// What was submitted.
  public let submission: Submission
  /// Where it stands.
  public var state: State
  /// Time that it took since it last began, and that is left, in Slurm's manner; empty where unknown.
  public var elapsed = ""
  public var left = ""
  /// Its machines, in Slurm's manner.
  public var machines = ""
  /// Parts that are at work, waiting and over, of an array.
  public var running = 0
  public var waiting = 0
  public var over = 0
  /// Its log, and the last lines of it.
  public var logPath: String
  public var lastLines: [String] = []

  public var id: String { submission.id }
  /// The job's number.
  public var number: Int { submission.job }

  /// Describes a job.
  public init(_ submission: Submission, _ state: State, logPath: String) {
    self.submission = submission
    self.state = state
    self.logPath = logPath
  }

  // MARK: Looking

  /// How all submissions in a folder stand, the latest first.
  ///
  /// What has ended is noted in its folder, so that it stays known when Slurm has forgotten it. Of one
  /// that is lost nothing is known: Slurm is asked again.
  ///
  /// - Throws: ``StudioError`` if Slurm does not answer.
  public static func all(in folder: String, _ slurm: Slurm) throws -> [ClusterJob] {
    let submissions = Submission.all(in: folder)
    guard !submissions.isEmpty else { return [] }
    let ended = submissions.map { outcome(of: $0, in: folder) }
    // Of what is over for good, nobody needs to ask.
    let open = zip(submissions, ended).filter { $0.1 == nil }
    var tasks: [String?: [Slurm.Task]] = [:]
    for cluster in Set(open.map { $0.0.cluster }) {
      tasks[cluster] = try slurm.tasks(on: cluster)
    }
    return zip(submissions, ended).map { submission, outcome in
      var job = ClusterJob(submission, .lost, logPath: submission.log(in: folder))
      if let outcome {
        job.state = outcome
        job.over = submission.parts
      } else {
        let known = tasks[submission.cluster] ?? []
        job.take(known.filter { $0.job == submission.job }, in: folder)
        if job.state.isOver { job.noteOutcome(in: folder) }
      }
      job.lastLines = LogTail.lines(of: job.logPath)
      return job
    }
  }

  /// Takes what Slurm says of the parts, and for those that it does not know what they left.
  private mutating func take(_ tasks: [Slurm.Task], in folder: String) {
    var states: [State] = []
    for part in submission.partNumbers {
      let task = tasks.first { $0.part == part } ?? tasks.first { $0.part == nil }
      let state =
        task.map(Self.state) ?? Self.ending(in: "\(folder)/\(submission.id)", part: part)
      states.append(state)
      if state == .running, let task {
        (elapsed, left) = (task.elapsed, task.left)
        if !task.nodes.isEmpty { machines += (machines.isEmpty ? "" : ",") + task.nodes }
        logPath = BatchScript.log(in: "\(folder)/\(submission.id)", part: part)
      }
    }
    running = states.count { $0 == .running }
    over = states.count(where: \.isOver)
    waiting = states.count - running - over
    let open = states.first { $0 == .running } ?? states.first { !$0.isOver }
    let faulty = states.first { if case .failed = $0 { true } else { false } }
    state =
      open ?? faulty ?? states.first { $0 == .cancelled || $0 == .lost } ?? .finished
  }

  /// What Slurm's word means.
  static func state(_ task: Slurm.Task) -> State {
    switch task.state {
    case "RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "STOPPED", "SUSPENDED": .running
    case "COMPLETED": .finished
    case "CANCELLED", "REVOKED": .cancelled
    case "FAILED": .failed("failed; its log says why")
    case "TIMEOUT", "DEADLINE": .failed("its time was over before it had saved")
    case "OUT_OF_MEMORY": .failed("it needed more memory than it was given")
    case "NODE_FAIL", "BOOT_FAIL": .failed("its machine was lost")
    case "PREEMPTED": .failed("another job took its place")
    // PENDING, CONFIGURING, REQUEUED, RESIZING and what may be added.
    default: .waiting(task.reason == "None" ? "" : task.reason)
    }
  }

  /// What a part's own script left.
  private static func ending(in folder: String, part: Int?) -> State {
    let path = BatchScript.ending(in: folder, part: part)
    guard let data = FileManager.default.contents(atPath: path), data.count < 16,
      let status = Int(
        String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    else { return .lost }
    return status == 0 ? .finished : .failed("exit status \(status); its log says why")
  }

  private static func outcomeFile(_ submission: Submission, _ folder: String) -> String {
    "\(folder)/\(submission.id)/outcome.json"
  }

  private static func outcome(of submission: Submission, in folder: String) -> State? {
    guard let data = FileManager.default.contents(atPath: outcomeFile(submission, folder)),
      data.count < 1 << 16
    else { return nil }
    // Earlier versions noted as lost what another cluster may still have.
    let state = try? JSONDecoder().decode(State.self, from: data)
    return state == .lost ? nil : state
  }

  /// What cannot be noted is asked for again the next time.
  private func noteOutcome(in folder: String) {
    guard state != .lost, let text = try? JSONEncoder().encode(state) else { return }
    try? AtomicFile.write(to: Self.outcomeFile(submission, folder)) { try $0.write(Array(text)) }
  }

  // MARK: Changing

  /// Ends the job.
  ///
  /// - Throws: ``StudioError`` with what Slurm says.
  public func cancel(_ slurm: Slurm) throws {
    try slurm.cancel(number, on: submission.cluster)
  }

  /// Removes what is kept of jobs that are over, with their logs.
  ///
  /// - Returns: How many there were.
  @discardableResult
  public static func forget(_ jobs: [ClusterJob], in folder: String) -> Int {
    let over = jobs.filter(\.state.isOver)
    for job in over { try? FileManager.default.removeItem(atPath: "\(folder)/\(job.id)") }
    return over.count
  }
}

extension ClusterJob {
  /// Whether it has gone on to something else: time that passes is nothing else.
  public func stands(otherThan before: ClusterJob?) -> Bool {
    guard let before else { return true }
    return state != before.state || running != before.running || over != before.over
  }

  /// Where it stands, in a few words: `running, 1:12:03 on n1`, `waiting (Resources)`.
  public var stateText: String {
    let counts = submission.parts > 1 ? " \(over) of \(submission.parts) over" : ""
    switch state {
    case .waiting(let reason):
      return "waiting" + (reason.isEmpty ? "" : " (\(reason))") + counts
    case .running:
      guard submission.parts == 1 else {
        return "\(running) running, \(waiting) waiting, \(over) over"
      }
      let place = machines.isEmpty ? "" : " on \(machines)"
      return "running" + (elapsed.isEmpty ? "" : ", \(elapsed)") + place
    case .finished: return "finished"
    case .cancelled: return "cancelled"
    case .failed(let reason): return "failed: \(reason)"
    case .lost: return "ended, and left no word"
    }
  }
}
