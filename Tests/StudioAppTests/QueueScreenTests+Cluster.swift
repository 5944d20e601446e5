import Foundation
import RunKit
import StudioApp
import TerminalUI
import Testing

/// Jobs that were given to a cluster, below the studio's own.
extension QueueScreenTests {
  private func job(
    _ number: Int, _ state: ClusterJob.State, _ kind: SubmittedCommand.Kind = .training,
    _ arguments: [String] = ["train", "diffusion", "--data", "it's"], parts: Int = 1
  ) -> ClusterJob {
    let submission = Submission(
      id: "20270115-080000-\(number)", job: number, parts: parts, nodes: max(parts, 2),
      command: SubmittedCommand(
        kind, program: "/opt/pvdm", arguments: arguments, directory: "/home/anna/videos",
        runFolder: kind == .training ? "/home/anna/videos/second" : nil),
      submitted: Fixtures.start)
    return ClusterJob(
      submission, state, logPath: "/home/anna/cluster/\(number)/log\(parts > 1 ? "-0" : "").txt")
  }

  private var clusterApp: AppState {
    var app = Fixtures.app
    app.jobs = [Fixtures.job(7, .waiting), Fixtures.job(3, .finished, finishedClips: 4)]
    var running = job(4711, .running)
    running.elapsed = "1:12:03"
    running.left = "22:47:57"
    running.machines = "n[1-2]"
    running.lastLines = [
      "2 ranks train together, by Open MPI v4.1.4, with gradients in f32",
      "step 1200/4000  loss 0.0312  rate 0.0001  12.4 clips/s",
    ]
    var workers = job(4712, .waiting("Priority"), .worker, ["work", "run", "evals/fvd"], parts: 64)
    workers.waiting = 64
    app.clusterJobs = [workers, running, job(4700, .failed("its machine was lost"))]
    return app
  }

  private func clusterScreen(_ app: AppState, row: Int) -> QueueScreen {
    var screen = QueueScreen()
    _ = screen.refresh(app)
    for _ in 0..<row { _ = screen.handle(.down, app) }
    return screen
  }

  @Test func jobsOfAClusterFollowTheOwnOnesAndStaySelected() {
    var app = clusterApp
    var screen = clusterScreen(app, row: 3)
    #expect(screen.selectedClusterID == app.clusterJobs[1].id)
    app.clusterJobs.removeFirst()
    app.jobs.removeLast()
    _ = screen.refresh(app)
    #expect(screen.selectedClusterID == app.clusterJobs[0].id)
    #expect(screen.hints(app).first?.name == "cancel")
    _ = screen.handle(.up, app)
    #expect(screen.selectedClusterID == nil && screen.selectedID == app.jobs[0].id)
  }

  @Test func aJobOfAClusterIsCancelledAfterAQuestion() {
    let app = clusterApp
    var screen = clusterScreen(app, row: 3)
    #expect(
      screen.handle(.character("x"), app) == [
        .confirm(
          title: "Cancel Slurm job 4711?", lines: ["It saves and stops, and does not queue anew."],
          confirmed: [.job(.cancelOnCluster(app.clusterJobs[1].id))])
      ])
    #expect(
      screen.handle(.character("P"), app) == [
        .notify(
          Notice(
            .information, "Slurm job 4711 is in the hands of the cluster", remedy: "x cancels it"))
      ])
    _ = screen.handle(.down, app)
    #expect(
      screen.handle(.character("x"), app) == [
        .notify(Notice(.information, "Slurm job 4700 is over"))
      ])
    #expect(screen.handle(.character("D"), app) == [.job(.clearFinished)])
  }

  @Test func itsCommandIsCopiedAndItsRunIsOnTrain() {
    let app = clusterApp
    var screen = clusterScreen(app, row: 3)
    #expect(
      screen.handle(.character("y"), app) == [
        .copy(#"pvdm train diffusion --data 'it'\''s'"#, what: "the command of Slurm job 4711")
      ])
    #expect(screen.handle(.character("e"), app) == [.show(.train)])
  }

  @Test func whereOnlyAClusterHasJobsTheyAreTheQueue() {
    var app = clusterApp
    app.jobs = []
    let screen = clusterScreen(app, row: 0)
    #expect(screen.information(app).first?.value == "Slurm job 4712")
  }

  @Test func jobsOfAClusterAreDrawn() throws {
    let app = clusterApp
    try expectSnapshots(clusterScreen(app, row: 3), app, named: "queue-cluster")
    try expectSnapshot(
      window(clusterScreen(app, row: 2), app, columns: 48, rows: 14), named: "queue-cluster-small")
  }
}
