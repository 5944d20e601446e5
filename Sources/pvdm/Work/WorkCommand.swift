import ArgumentParser
import Foundation
import HandwrittenText
import RunKit

/// `pvdm work`: thousands of videos by many processes and machines, through one folder.
struct Work: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work",
    abstract: "Shares many samples or evaluations among many processes and machines.",
    discussion: """
      A list of work is a folder that all machines see. "create" writes down what is to be done, any \
      number of "run" do it, each taking what nobody has, and "status" says how far they are. Workers may \
      come, be stopped, and be lost at any time: what one held is taken over by another, and every output \
      is there once, as one process would have made it. There is no server.

      Examples:
        pvdm work create evals/fvd -- sample models/ucf-101 --seeds 0-9999 --batch 8
        pvdm work create tries -- sample skies-64 --seeds 0-3 --each steps=10,20,50
        pvdm work run tries
        pvdm work run evals/fvd --submit --nodes 64 --time 4:00:00
        pvdm work status evals/fvd
        pvdm work gather evals/fvd --output generated
      """,
    subcommands: [Create.self, Run.self, Status.self, Gather.self])

  /// `pvdm work create`.
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes down what is to be done.",
      discussion: """
        After -- stands a command as it is given otherwise (sample, extend, reconstruct, encode or \
        evaluate), without outputs, and with options for many values: --seeds 0-99, --models A,B, \
        --inputs A.mp4,B.mp4 and --each OPTION=VALUE,VALUE. Several of them give every combination. \
        With --batch N as many neighbouring seeds are made side by side.
        """)

    @Argument(
      help: ArgumentHelp("A folder that does not exist yet, or is empty.", valueName: "folder"),
      completion: .directory)
    var folder: String

    @Option(help: "The format of videos: mp4, gif, png, safetensors and others, as for --output.")
    var format = "mp4"

    @Argument(parsing: .postTerminator, help: "The command, after --.")
    var command: [String] = []

    func run() async throws {
      try await explaining {
        let items = try WorkTemplate(command).items(format: format)
        // A mistake shows now and not on 64 machines.
        do {
          _ = try await PVDM.asyncParseAsRoot(items[0].arguments + ["--output", items[0].output])
        } catch {
          throw ValidationError("\(command[0]): \(PVDM.message(for: error))")
        }
        let list = try WorkList(
          creating: folder, directory: FileManager.default.currentDirectoryPath, items: items)
        writeToStandardError(
          "\(counted(list.items.count, "item")) in \(folder); \"pvdm work run \(folder)\" does them\n"
        )
      }
    }
  }

  /// `pvdm work run`.
  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Does what nobody else does, until nothing is left.",
      discussion: """
        Ctrl-C, SIGTERM and the end of a Slurm job leave what is at work for another worker, which goes on \
        from its last step. The exit status is 2 if items failed; "pvdm work status" says why.
        """)

    @OptionGroup var list: ListOptions

    @Option(help: "The most items to do. (default: all)")
    var limit: Int?

    @Flag(help: "End as soon as all that is left is held by others.")
    var noWait = false

    @Flag(help: "Try items again that failed.")
    var retryFailed = false

    @Flag(help: "Say nothing about each item.")
    var quiet = false

    @OptionGroup(title: "Slurm options") var submission: SubmissionOptions

    func validate() throws {
      if let limit, limit < 1 { throw ValidationError("--limit is \(limit); expected 1 or more") }
    }

    func run() async throws {
      try await explaining {
        let work = try list.open()
        if submission.submit { return try await submission.perform(.worker) }
        if retryFailed { try work.forgetFailures() }
        var worker = try WorkerRun(work, lease: list.lease)
        worker.limit = limit
        worker.waits = !noWait
        let stop = StopSignalSource()
        let summary = try await worker.run(
          stop: stop.signal
        ) { item, place in
          try await ItemProcess(item: item, place: place, directory: work.directory).run()
        } report: { event in
          if !quiet { writeToStandardError(Self.line(event)) }
        }
        if !quiet { writeToStandardError("did \(summary.done), failed \(summary.failed)\n") }
        if summary.isStopped { throw ExitCode(Explanation.Category.interrupted.rawValue) }
        if summary.failed > 0 { throw ExitCode(Explanation.Category.badInput.rawValue) }
      }
    }

    private static func line(_ event: WorkerRun.Event) -> ConsoleText {
      switch event {
      case .began(let item, lostWorkers: 0): "\(item.name) ...\n"
      case .began(let item, let lost):
        "\(item.name) ... (taken over, \(counted(lost, "worker")) lost)\n"
      case .done(let item, let seconds, let isOwn):
        "\(item.name) done in \(PaceText.time(seconds))\(isOwn ? "" : ", after another worker")\n"
      case .failed(let item, let fault): "\(item.name) failed: \(fault)\n"
      case .left(let item): "\(item.name) left for another worker\n"
      case .waiting(let held): "waiting for \(held) that others hold\n"
      }
    }
  }

  /// `pvdm work status`.
  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Says how far all workers are.")

    @OptionGroup var list: ListOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
      try await explaining {
        let status = try WorkStatus(of: list.open(), lease: list.lease)
        if json { return try writeToStandardOutput(json: status) }
        var text: ConsoleText = "\(status.done) of \(status.items) done"
        for (count, what) in [
          (status.running, "running"), (status.left, "left by a worker"),
          (status.waiting, "waiting"), (status.failed, "failed"),
        ] where count > 0 { text += ", \(count) \(what)" }
        text += "; \(counted(status.workers, "worker"))"
        if let seconds = status.secondsPerItem { text += ", \(PaceText.time(seconds)) an item" }
        if let seconds = status.secondsLeft, seconds > 0 {
          text += ", \(PaceText.time(seconds)) left"
        }
        text += "\n"
        for fault in status.faults.prefix(20) {
          text += "\(fault.item): \(fault.fault) (\(fault.log))\n"
        }
        if status.faults.count > 20 { text += "and \(status.faults.count - 20) more (--json)\n" }
        try writeToStandardOutput(text)
      }
    }
  }

  /// `pvdm work gather`.
  struct Gather: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Puts all outputs into one folder, once they are complete.")

    @OptionGroup var list: ListOptions

    @Option(
      name: [.short, .long],
      help: ArgumentHelp("A folder that does not exist yet.", valueName: "folder"),
      completion: .directory)
    var output: String

    @Flag(help: "Gather what there is, though items are missing.")
    var partial = false

    func run() async throws {
      try await explaining {
        let work = try list.open()
        let count = try work.gather(into: output, isPartial: partial)
        writeToStandardError("wrote \(output) (\(count) of \(counted(work.items.count, "item")))\n")
      }
    }
  }

  /// The list, and when a worker counts as lost.
  struct ListOptions: ParsableArguments {
    @Argument(
      help: ArgumentHelp("The folder of the list.", valueName: "folder"), completion: .directory)
    var folder: String

    @Option(
      help: """
        Seconds after which a worker that gives no sign counts as lost; the same for all workers of a list.
        """)
    var lease = WorkerRun.usualLease

    func validate() throws {
      guard (1...86_400).contains(lease) else {
        throw ValidationError("--lease is \(lease); expected 1 to 86400 seconds")
      }
    }

    func open() throws -> WorkList { try WorkList(opening: folder) }
  }
}
