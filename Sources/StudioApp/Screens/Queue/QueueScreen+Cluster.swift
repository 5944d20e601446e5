import HandwrittenText
import RunKit
import StudioKit
import TerminalUI

/// Jobs that were given to a cluster, below the studio's own.
extension QueueScreen {
  /// The job of the cluster that is selected, if one is.
  func selectedClusterJob(_ app: AppState) -> ClusterJob? {
    if let id = selectedClusterID, let job = app.clusterJobs.first(where: { $0.id == id }) {
      return job
    }
    return app.jobs.isEmpty ? app.clusterJobs.first : nil
  }

  /// Rows of the table: the studio's jobs, then the cluster's.
  func rowCount(_ app: AppState) -> Int { app.jobs.count + app.clusterJobs.count }

  /// Selects what stands in a row.
  mutating func select(row: Int, _ app: AppState) {
    if app.jobs.indices.contains(row) {
      selectedID = app.jobs[row].id
      selectedClusterID = nil
    } else if app.clusterJobs.indices.contains(row - app.jobs.count) {
      selectedClusterID = app.clusterJobs[row - app.jobs.count].id
    } else {
      (selectedID, selectedClusterID) = (nil, nil)
    }
  }

  /// What a column tells of a job of the cluster.
  static func text(_ column: Column, of job: ClusterJob) -> String {
    switch column {
    case .number, .model, .seed: ""
    case .title: job.submission.command.title
    case .settings: "Slurm \(job.submission.name), \(counted(job.submission.nodes, "machine"))"
    case .state: job.stateWord
    case .clips: job.submission.parts > 1 ? "\(job.over)/\(job.submission.parts)" : ""
    case .time: job.elapsed
    }
  }

  /// Does an action to a job of the cluster.
  func perform(_ action: ActionName, on job: ClusterJob, _ app: AppState) -> [StudioEffect] {
    switch action {
    case .stop:
      guard !job.state.isOver else {
        return [.notify(Notice(.information, "\(job.title) is over"))]
      }
      return [
        .confirm(
          title: "Cancel \(job.title)?",
          lines: ["It saves and stops, and does not queue anew."],
          confirmed: [.job(.cancelOnCluster(job.id))])
      ]
    case .copy:
      return [.copy(job.commandText, what: "the command of \(job.title)")]
    case .extend where job.submission.command.kind == .training: return [.show(.train)]
    default:
      return [
        .notify(
          Notice(
            .information, "\(job.title) is in the hands of the cluster",
            remedy: job.state.isOver
              ? "\(app.keys[.clear]) forgets what is over" : "\(app.keys[.stop]) cancels it"))
      ]
    }
  }

  /// What is known of it.
  func facts(_ job: ClusterJob) -> [FactList.Fact] {
    var facts = [FactList.Fact("state", job.stateText)]
    if !job.left.isEmpty, job.state == .running { facts.append(.init("time left", job.left)) }
    let command = job.submission.command
    facts.append(.init("machines", "\(job.submission.nodes)"))
    if let folder = command.runFolder { facts.append(.init("run", folder)) }
    return facts + [
      .init("command", job.commandText), .init("in", command.directory),
      .init("submitted", job.submission.submitted.formatted(.iso8601)), .init("log", job.logPath),
    ]
  }

  /// Its log's last lines, then what is known of it.
  func drawDetails(of job: ClusterJob, in buffer: inout CellBuffer, area: Rectangle) {
    let inner = Border(title: job.title, subtitle: job.submission.command.title)
      .draw(in: &buffer, area: area)
    let facts = FactList(facts(job))
    let parts =
      area.width >= 80
      ? Layout.split(inner, .horizontal, gap: 2, [.fill(), .fixed(34)])
      : Layout.split(inner, .vertical, gap: 1, [.fill(), .fixed(facts.facts.count)])
    let log = job.lastLines.isEmpty ? ["Its log is empty so far"] : job.lastLines
    let lines = log.flatMap { TextWrap.lines($0, width: parts[0].width) }
    let role: Role = job.lastLines.isEmpty ? .secondary : .text
    for (index, line) in lines.suffix(max(parts[0].height, 0)).enumerated() {
      buffer.write(
        CharacterWidth.truncate(line, to: parts[0].width), column: parts[0].column,
        row: parts[0].row + index, style: Style(role), clip: parts[0])
    }
    facts.draw(in: &buffer, area: parts[1])
  }
}

extension ClusterJob {
  /// `Slurm job 4711`.
  var title: String { "Slurm job \(submission.name)" }

  /// Its command, as it would be typed.
  var commandText: String {
    ShellText.typed(["pvdm"] + submission.command.arguments)
  }

  /// Where it stands, in a word.
  var stateWord: String {
    switch state {
    case .waiting: "waiting"
    case .running: "running"
    case .finished: "finished"
    case .cancelled: "cancelled"
    case .failed: "failed"
    case .lost: "ended"
    }
  }

  /// How it is drawn.
  var role: Role {
    switch state {
    case .waiting: .text
    case .running: .accent
    case .finished: .success
    case .cancelled, .lost: .secondary
    case .failed: .error
    }
  }
}
