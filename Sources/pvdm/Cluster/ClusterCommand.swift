import ArgumentParser
import Foundation
import HandwrittenText
import RunKit

/// `pvdm cluster`: the jobs that `--submit` gave to Slurm.
struct Cluster: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Shows, follows and cancels jobs that --submit gave to Slurm.",
    discussion: """
      Commands that take long (train, work run, sample, extend, refine, evaluate) take --submit, which gives \
      them to Slurm. A job is asked to save and stop before its time is over and then queues anew, until it is \
      done. What is usual is kept in the table [cluster] of ~/.config/pvdm/config.toml; an option of the \
      command line wins over it:

        [cluster]
        nodes = 2                       # machines
        time = "24:00:00"
        partition = "long"
        arguments = ["--account=video"] # further options of sbatch
        grace = 120                     # seconds for saving before the time is over
        mpi = "pmix"                    # srun --mpi; without it, by the library that is found
        folder = "/shared/me/jobs"      # scripts and logs; all machines must see it

      Examples:
        pvdm train diffusion --config my.toml --data videos --output second \\
          --autoencoder first --submit --nodes 4 --time 24:00:00
        pvdm work run evals/fvd --submit --nodes 64
        pvdm cluster
        pvdm cluster follow 4711
      """,
    subcommands: [List.self, Follow.self, Cancel.self], defaultSubcommand: List.self)

  /// `pvdm cluster list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the jobs, the latest first.")

    @Flag(help: "Print one JSON array.")
    var json = false

    @Flag(help: "Forget those that are over, with their logs.")
    var clear = false

    func run() async throws {
      try await explaining {
        let control = try ClusterControl()
        let jobs = try control.jobs()
        if clear {
          let forgotten = ClusterJob.forget(jobs, in: control.folder)
          return writeToStandardError("forgot \(counted(forgotten, "job"))\n")
        }
        if json { return try writeToStandardOutput(json: jobs.map(Row.init)) }
        guard !jobs.isEmpty else {
          return writeToStandardError("no job was submitted; --submit gives a command to Slurm\n")
        }
        for job in jobs {
          try writeToStandardOutput(
            "\(job.submission.name)  \(job.stateText)  \(job.submission.command.title)\n",
            terminator: "")
        }
      }
    }

    /// A job as JSON tells it.
    private struct Row: Encodable {
      var job: Int
      var cluster: String?
      var state: String
      var command: [String]
      var directory: String
      var log: String
      var submitted: Double

      init(_ job: ClusterJob) {
        self.job = job.number
        cluster = job.submission.cluster
        state = job.stateText
        command = job.submission.command.arguments
        directory = job.submission.command.directory
        log = job.logPath
        submitted = job.submission.submitted.timeIntervalSince1970
      }
    }
  }

  /// `pvdm cluster follow`.
  struct Follow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a job's log until it is over; Ctrl-C leaves the job alone.")

    @Argument(help: "The job's number; with @CLUSTER after it where two clusters have it.")
    var job: String

    func run() async throws {
      try await explaining {
        let control = try ClusterControl()
        try await control.follow(control.job(job).submission)
      }
    }
  }

  /// `pvdm cluster cancel`.
  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ends a job, which saves and stops.")

    @Argument(help: "The job's number; with @CLUSTER after it where two clusters have it.")
    var job: String

    func run() async throws {
      try await explaining {
        let control = try ClusterControl()
        let job = try control.job(job)
        guard !job.state.isOver else {
          return writeToStandardError("job \(job.submission.name) is over: \(job.stateText)\n")
        }
        try job.cancel(control.slurm)
        writeToStandardError("cancelled job \(job.submission.name)\n")
      }
    }
  }
}
