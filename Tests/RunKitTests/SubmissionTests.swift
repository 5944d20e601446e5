import Foundation
import KitTestSupport
import RunKit
import TestSupport
import Testing

/// Commands given to a Slurm that writes down what it is asked for.
@Suite struct SubmissionTests {
  private let folder: TemporaryFolder
  private let slurm: FakeSlurm

  init() throws {
    folder = try TemporaryFolder()
    slurm = try FakeSlurm(in: folder.path("slurm"))
  }

  private func submission(
    _ kind: SubmittedCommand.Kind = .training, _ arguments: [String] = ["train", "diffusion"],
    directory: String? = nil, savedRun: String? = nil, program: String = "/opt/pvdm",
    with settings: ClusterSettings = ClusterSettings()
  ) throws -> Submission {
    try Submission(
      SubmittedCommand(
        kind, program: program, arguments: arguments, directory: directory ?? folder.url.path,
        savedRun: savedRun, runFolder: kind == .training ? "/runs/second" : nil),
      to: #require(slurm.slurm), settings, in: folder.path("jobs"))
  }

  private func file(_ name: String, of submission: Submission) -> String {
    folder.path("jobs/\(submission.id)/\(name)")
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test("a training asks for its machines, for a signal before its time is over, and to queue anew")
  func training() throws {
    var settings = ClusterSettings()
    settings.nodes = 4
    settings.time = "1-12:00:00"
    settings.partition = "long"
    settings.arguments = ["--account=video"]
    settings.mpi = "pmi2"
    let submission = try submission(with: settings)
    #expect(submission.job == 4711 && submission.parts == 1)
    let words = try slurm.calls("sbatch")[0]
    for word in [
      "--parsable", "--requeue", "--open-mode=append", "--signal=B:USR1@120", "--nodes=4",
      "--ntasks-per-node=1", "--time=1-12:00:00", "--partition=long", "--account=video",
      "--exclusive", "--job-name=pvdm-train-diffusion", "--chdir=\(folder.url.path)",
    ] { #expect(words.contains(word), "\(word) in \(words)") }
    #expect(words.last == file("job.sh", of: submission))
    let script = try text(file("job.sh", of: submission))
    #expect(
      script.contains(
        "srun --ntasks-per-node=1 --cpu-bind=none --kill-on-bad-exit=1 --mpi='pmi2' '/opt/pvdm' 'train' 'diffusion' &"
      ))
    #expect(Submission.all(in: folder.path("jobs")) == [submission])
    #expect(submission.command.title == "train diffusion second")
  }

  @Test(
    "workers of a list are an array of single jobs; a job with processors of its own shares machines"
  )
  func workers() throws {
    var settings = ClusterSettings()
    settings.nodes = 64
    settings.arguments = ["--cpus-per-task=8"]
    let submission = try submission(.worker, ["work", "run", "evals/fvd"], with: settings)
    #expect(submission.parts == 64 && submission.command.title == "work run evals/fvd")
    let words = try slurm.calls("sbatch")[0]
    #expect(words.contains("--array=0-63") && words.contains("--nodes=1"))
    #expect(!words.contains("--exclusive"))
    #expect(words.contains { $0.hasPrefix("--output=") && $0.hasSuffix("/log-%a.txt") })
    #expect(try !text(file("job.sh", of: submission)).contains("srun -"))
  }

  @Test("what Slurm refuses is told in its words, and nothing is left of it")
  func refusal() throws {
    try slurm.answer("sbatch", "", errors: "sbatch: error: invalid partition specified: long\n", 1)
    let error = #expect(throws: StudioError.self) { try submission() }
    #expect(
      error.map { Explanation($0).sentence }
        == "Slurm refuses the job: sbatch: error: invalid partition specified: long")
    #expect(Submission.all(in: folder.path("jobs")).isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("jobs")).isEmpty)
  }

  @Test(
    "words of a command reach the program as they are, whatever a shell would make of them",
    arguments: [
      "it's", "$(touch hacked)", "`touch hacked`", "a\nb; touch hacked", "\u{1B}[2J\\", "*", "",
      "-n",
      "ä 漢\t🎬", "\"; touch hacked; \"", "'\ntouch hacked\n'", "\u{7F}\u{1}", "\\'; touch hacked",
    ])
  func hostileWords(word: String) throws {
    // The folder is one of the texts that the script holds.
    let directory = folder.path("in " + (word.isEmpty ? "x" : word.replacing("/", with: "_")))
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let program = folder.path("program")
    try ExecutableFile.write(
      #"printf '%s\0' "$@" > "$PVDM_TOLD"; pwd > "$PVDM_TOLD.pwd""#, to: program)
    let submission = try submission(
      .other, ["sample", word, "last"], directory: directory, savedRun: directory + "/none",
      program: program)
    let told = folder.path("told")
    let status = try FakeSlurm.run(
      file("job.sh", of: submission), ["PVDM_TOLD": told, "SLURM_JOB_ID": "1"])
    #expect(status == 0)
    let words = try Data(contentsOf: URL(filePath: told)).split(
      separator: 0, omittingEmptySubsequences: false
    ).dropLast().map { String(decoding: $0, as: UTF8.self) }
    #expect(words == ["sample", word, "last"])
    #expect(try text(told + ".pwd") == directory + "\n")
    for place in [folder.url.path, directory] {
      #expect(!(try FileManager.default.contentsOfDirectory(atPath: place)).contains("hacked"))
    }
    #expect(try text(file("ended", of: submission)) == "0\n")
    #expect(try slurm.calls("sbatch")[0].contains("--chdir=\(directory)"))
  }

  /// How a program ends, and what its job then does.
  struct Ending: Sendable, CustomTestStringConvertible {
    var program: String
    var isSignalled = false
    var restarts = 0
    var status: Int32
    var queuesAnew: Bool
    var testDescription: String { program + (isSignalled ? ", signalled" : "") + ", \(restarts)" }
  }

  @Test(
    "a job queues anew after it saved in time or a process of it was killed, and not otherwise",
    arguments: [
      // What a program does with the signal: it waits for its step and saves.
      Ending(
        program: "trap 'echo saved; exit 130' USR1; ready; while :; do sleep 0.01; done",
        isSignalled: true, status: 130, queuesAnew: true),
      // One that is still starting does not know the signal yet.
      Ending(
        program: "ready; while :; do sleep 0.01; done", isSignalled: true, status: 138,
        queuesAnew: true),
      Ending(
        program: "trap 'exit 0' USR1; ready; while :; do sleep 0.01; done", isSignalled: true,
        status: 0, queuesAnew: false),
      Ending(program: "exit 130", status: 130, queuesAnew: false),
      Ending(program: "exit 2", status: 2, queuesAnew: false),
      // As srun does where a machine does not start the program.
      Ending(program: "exit 1", status: 1, queuesAnew: true),
      Ending(program: "exit 1", restarts: 3, status: 1, queuesAnew: false),
      Ending(program: "kill -KILL $$", status: 137, queuesAnew: true),
      Ending(program: "kill -KILL $$", restarts: 3, status: 137, queuesAnew: false),
    ])
  func endings(ending: Ending) throws {
    let program = folder.path("program")
    try ExecutableFile.write(
      "ready() { : > \"$PVDM_TOLD.ready\"; }\n" + ending.program, to: program)
    let submission = try submission(.other, ["sample"], program: program)
    let told = folder.path("told")
    let status = try FakeSlurm.run(
      file("job.sh", of: submission),
      [
        "PVDM_TOLD": told, "SLURM_JOB_ID": "4711", "SLURM_RESTART_COUNT": "\(ending.restarts)",
        "PATH": slurm.folder + ":/usr/bin:/bin",
      ],
      signalledWhen: ending.isSignalled
        ? { FileManager.default.fileExists(atPath: told + ".ready") } : nil)
    #expect(status == ending.status)
    #expect(try slurm.calls("scontrol") == (ending.queuesAnew ? [["requeue", "4711"]] : []))
    let ended = FileManager.default.fileExists(atPath: file("ended", of: submission))
    #expect(ended != ending.queuesAnew)
  }

  @Test("a run that was saved goes on when its job begins anew, and begins where none was")
  func resuming() throws {
    let program = folder.path("program")
    try ExecutableFile.write(#"echo "$@" >> "$PVDM_TOLD""#, to: program)
    let saved = folder.path("it's.resume.safetensors")
    let submission = try submission(
      .other, ["sample", "-o", "x.mp4"], savedRun: saved, program: program)
    let told = folder.path("told")
    _ = try FakeSlurm.run(file("job.sh", of: submission), ["PVDM_TOLD": told])
    try Data().write(to: URL(filePath: saved))
    _ = try FakeSlurm.run(file("job.sh", of: submission), ["PVDM_TOLD": told])
    #expect(try text(told) == "sample -o x.mp4\nsample -o x.mp4 --resume\n")
  }

  @Test("jobs stand as Slurm says, and once it has forgotten them as they left word")
  func standing() throws {
    var settings = ClusterSettings()
    settings.nodes = 3
    let training = try submission()
    try slurm.answer("sbatch", "4712\n")
    let workers = try submission(.worker, ["work", "run", "list"], with: settings)
    let all = folder.path("jobs")
    func jobs() throws -> [Int: ClusterJob] {
      Dictionary(
        uniqueKeysWithValues: try ClusterJob.all(in: all, #require(slurm.slurm)).map {
          ($0.number, $0)
        })
    }
    try slurm.answer(
      "squeue",
      """
      4711|PENDING|0:00|1:00:00||Resources
      4712_0|RUNNING|0:42|1:00:00|n1|None
      4712_1|COMPLETED|0:40|0:00|n2|None
      4712_2|PENDING|0:00|1:00:00||Priority
      12|RUNNING|9:00|1:00|n9|None
      nonsense

      """)
    try Data("a\r\u{1B}[Kstep 1\n\u{1B}[2Jevil\n".utf8).write(
      to: URL(filePath: "\(all)/\(workers.id)/log-0.txt"))
    var found = try jobs()
    #expect(found[4711]?.state == .waiting("Resources"))
    #expect(found[4711]?.stateText == "waiting (Resources)")
    #expect(found[4712]?.stateText == "1 running, 1 waiting, 1 over")
    #expect(found[4712]?.elapsed == "0:42" && found[4712]?.machines == "n1")
    #expect(found[4712]?.lastLines == ["step 1", "\\u{1b}[2Jevil"])

    // It is forgotten, but for what its script wrote.
    try slurm.answer("squeue", "4712_0|COMPLETED|0:42|0:00|n1|None\n")
    try Data("0\n".utf8).write(to: URL(filePath: "\(all)/\(workers.id)/ended-1"))
    try Data("2\n".utf8).write(to: URL(filePath: "\(all)/\(workers.id)/ended-2"))
    found = try jobs()
    #expect(found[4711]?.state == .lost)
    #expect(found[4712]?.state == .failed("exit status 2; its log says why"))

    // What is over stays known without a question; of what is lost nothing is known.
    #expect(ClusterJob.forget(found.values.filter { $0.state == .lost }, in: all) == 1)
    try slurm.answer("squeue", "", errors: "squeue: error: no scheduler\n", 1)
    #expect(try jobs()[4712]?.state == found[4712]?.state)
    #expect(ClusterJob.forget(Array(try jobs().values), in: all) == 1)
    #expect(Submission.all(in: all).isEmpty)
    _ = training
  }

  @Test("a job of another cluster is asked for there, also once it was lost, and cancelled there")
  func otherCluster() throws {
    try slurm.answer("sbatch", "4711;far\n")
    let submission = try submission()
    #expect(submission.job == 4711 && submission.cluster == "far")
    let all = folder.path("jobs")
    #expect(Submission.all(in: all) == [submission])
    let there = try #require(slurm.slurm)
    #expect(try ClusterJob.all(in: all, there).map(\.state) == [.lost])
    // What an earlier version noted.
    try Data(#"{"lost":{}}"#.utf8).write(to: URL(filePath: file("outcome.json", of: submission)))
    try slurm.answer("squeue", "CLUSTER: far\n4711|RUNNING|0:42|1:00:00|f1|None\n")
    let job = try #require(try ClusterJob.all(in: all, there).first)
    #expect(job.state == .running)
    let questions = try slurm.calls("squeue")
    #expect(questions.count == 2 && questions.allSatisfy { $0.contains("--clusters=far") })
    try job.cancel(there)
    #expect(try slurm.calls("scancel") == [["--clusters=far", "4711"]])
  }

  @Test("jobs of two clusters with one number are told apart")
  func sameNumber() throws {
    let here = try submission()
    try slurm.answer("sbatch", "4711;far\n")
    let far = try submission()
    try ExecutableFile.write(
      #"case "$*" in *--clusters=far*) state=RUNNING;; *) state=PENDING;; esac"#
        + "\necho \"4711|$state|0:01|1:00||None\"", to: slurm.folder + "/squeue")
    let jobs = try ClusterJob.all(in: folder.path("jobs"), #require(slurm.slurm))
    let states = Dictionary(uniqueKeysWithValues: jobs.map { ($0.id, $0.state) })
    #expect(states == [here.id: .waiting(""), far.id: .running])
  }

  @Test("a scheduler that does not answer is told of, with its words")
  func silence() throws {
    _ = try submission()
    try slurm.answer("squeue", "", errors: "squeue: error: no scheduler\n", 1)
    let error = #expect(throws: StudioError.self) {
      try ClusterJob.all(in: folder.path("jobs"), #require(slurm.slurm))
    }
    #expect(
      error.map { Explanation($0).sentence }
        == "Slurm does not answer: squeue: error: no scheduler")
  }

  @Test("where one of its commands is missing there is no Slurm")
  func missing() throws {
    #expect(Slurm(environment: ["PATH": folder.path("nowhere") + ":relative"]) == nil)
    try FileManager.default.removeItem(atPath: slurm.folder + "/scancel")
    #expect(slurm.slurm == nil)
  }
}
