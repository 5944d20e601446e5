import Foundation
import KitTestSupport
import TestSupport
import Testing

/// `--submit` and `pvdm cluster`, with a Slurm that writes down what it is asked for.
@Suite struct ClusterCommandTests {
  private let folder: TemporaryFolder
  private let slurm: FakeSlurm

  init() throws {
    folder = try TemporaryFolder()
    slurm = try FakeSlurm(in: folder.path("slurm"))
  }

  private func run(_ arguments: [String], path: String? = nil) throws -> CommandRun {
    try CommandRun(
      arguments, home: folder.path("home"),
      variables: ["PATH": (path ?? slurm.folder) + ":/usr/bin:/bin"])
  }

  private var jobs: String { folder.path("home/.local/share/pvdm/studio/cluster") }

  /// The script of the only job.
  private var script: String {
    get throws {
      let names = try FileManager.default.contentsOfDirectory(atPath: jobs)
      return "\(jobs)/\(try #require(names.first))/job.sh"
    }
  }

  private func configure(_ text: String) throws {
    let configuration = folder.path("home/.config/pvdm")
    try FileManager.default.createDirectory(
      atPath: configuration, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: configuration + "/config.toml"))
  }

  private func sample(_ name: String, steps: Int = 6) -> [String] {
    let denoiser = CommandRun.package + "/samples/skies-64/denoiser.safetensors"
    return [
      "sample", "--denoiser", denoiser, "--steps", "\(steps)", "--clips", "3", "--seed", "8",
      "--threads",
      "1", "--output", folder.path(name),
    ]
  }

  @Test(
    "a training becomes a job that begins or goes on with its run, over what the user configured")
  func training() throws {
    try configure(
      "[cluster]\nnodes = 2\ntime = \"4:00:00\"\npartition = \"short\"\narguments = [\"--account=me\"]\n"
    )
    let result = try run([
      "train", "autoencoder", "--submit", "--partition=long", "--config", "tiny", "--data", "it's",
      "--nodes", "3", "--output", folder.path("run"), "--slurm=--mem=0", "--set", "steps=2",
    ])
    #expect(result.status == 0 && result.errors.contains("submitted job 4711"), "\(result.errors)")
    let words = try #require(try slurm.calls("sbatch").first)
    for word in ["--nodes=3", "--time=4:00:00", "--partition=long", "--account=me", "--mem=0"] {
      #expect(words.contains(word), "\(word) in \(words)")
    }
    let text = try String(contentsOfFile: script, encoding: .utf8)
    #expect(
      text.contains(
        #"'train' 'autoencoder' '--config' 'tiny' '--data' 'it'\''s' '--output' '\#(folder.path("run"))' '--set' 'steps=2' '--resume' &"#
      ), "\(text)")
    let mode = try FileManager.default.attributesOfItem(atPath: jobs)[.posixPermissions] as? Int
    #expect(mode == 0o700, "what is submitted is its owner's business")
  }

  @Test(
    "a run that is signalled before its time is over saves, queues anew and ends with the same video"
  )
  func signalled() throws {
    let whole = try run(sample("whole.safetensors"))
    try #require(whole.status == 0, "\(whole.errors)")
    let submitted = try run(sample("parts.safetensors") + ["--submit"])
    try #require(submitted.status == 0, "\(submitted.errors)")
    let saved = folder.path("parts.safetensors.resume.safetensors")
    let job = ["PATH": slurm.folder + ":/usr/bin:/bin", "SLURM_JOB_ID": "4711"]
    // The program's first output is there once it has begun, and knows the signal.
    let status = try FakeSlurm.run(
      script, job,
      signalledWhen: {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? []
        return names.contains { $0.hasPrefix(".parts.safetensors") }
      })
    #expect(status == 130, "it was stopped, and not over before")
    #expect(try slurm.calls("scontrol") == [["requeue", "4711"]])
    #expect(FileManager.default.fileExists(atPath: saved))
    #expect(try FakeSlurm.run(script, job) == 0)
    #expect(!FileManager.default.fileExists(atPath: saved))
    #expect(
      try Data(contentsOf: URL(filePath: folder.path("parts.safetensors")))
        == Data(contentsOf: URL(filePath: folder.path("whole.safetensors"))))
  }

  @Test("jobs are listed, followed to their end, cancelled and forgotten")
  func jobsOfUser() throws {
    #expect(try run(sample("a.mp4") + ["--submit"]).status == 0)
    try slurm.answer("squeue", "4711|RUNNING|0:42|1:00|n1|None\n")
    let listed = try run(["cluster"])
    #expect(listed.output == "4711  running, 0:42 on n1  sample\n", "\(listed.output)")
    let cancelled = try run(["cluster", "cancel", "4711"])
    #expect(cancelled.status == 0 && cancelled.errors == "cancelled job 4711\n")
    #expect(try slurm.calls("scancel") == [["4711"]])
    #expect(try run(["cluster", "list", "--clear"]).errors == "forgot 0 jobs\n")

    try slurm.answer("squeue", "4711|FAILED|0:42|1:00|n1|NonZeroExitCode\n")
    let log = try script.replacing("job.sh", with: "log.txt")
    try Data("pvdm: \u{1B}[2Jno such file\n".utf8).write(to: URL(filePath: log))
    let followed = try run(["cluster", "follow", "4711"])
    #expect(followed.status == 2)
    #expect(
      followed.errors
        == "job 4711: failed: failed; its log says why\npvdm: \\u{1b}[2Jno such file\n",
      "\(followed.errors)")
    let rows =
      try JSONSerialization.jsonObject(
        with: Data(try run(["cluster", "list", "--json"]).output.utf8)) as? [[String: Any]]
    #expect(rows?.count == 1 && rows?[0]["job"] as? Int == 4711)
    #expect(try run(["cluster", "list", "--clear"]).errors == "forgot 1 job\n")
    #expect(try run(["cluster", "follow", "4711"]).errors.contains("the job's number is 4711"))
  }

  @Test("jobs of two clusters that have one number are named with their clusters")
  func sameNumber() throws {
    for cluster in ["far", "near"] {
      try slurm.answer("sbatch", "4711;\(cluster)\n")
      let submitted = try run(sample("\(cluster).mp4") + ["--submit"])
      #expect(submitted.errors.hasPrefix("submitted job 4711@\(cluster);"), "\(submitted.errors)")
    }
    try slurm.answer("squeue", "4711|RUNNING|0:42|1:00|n1|None\n")
    let lines = try run(["cluster"]).output.split(separator: "\n").map { $0.prefix { $0 != " " } }
    #expect(Set(lines) == ["4711@far", "4711@near"])
    let unclear = try run(["cluster", "cancel", "4711"])
    #expect(unclear.status == 2 && unclear.errors.contains("expected 4711@far or 4711@near"))
    #expect(try slurm.calls("scancel").isEmpty)
    #expect(try run(["cluster", "cancel", "4711@far"]).errors == "cancelled job 4711@far\n")
    #expect(try slurm.calls("scancel") == [["--clusters=far", "4711"]])
  }

  @Test("what cannot be submitted is refused with what to do, and nothing is asked of Slurm")
  func refusals() throws {
    let cases: [([String], Int32, String)] = [
      (["--nodes", "2"], 64, "--nodes is of use with --submit alone"),
      (["--follow"], 64, "--follow is of use with --submit alone"),
      (["--submit", "--nodes", "0"], 2, "the number of nodes is 0; expected 1 to 10000"),
      (["--submit", "--time", "soon"], 2, "the time is soon; expected minutes"),
      (["--submit", "--partition", "a;b"], 2, "the partition is a;b; expected names"),
      (["--submit", "--slurm=job.sh"], 2, "an argument of sbatch is job.sh; expected an option"),
      (["--submit", "--stepz", "2"], 64, "--stepz"),
    ]
    for (options, status, sentence) in cases {
      let result = try run(sample("a.mp4") + options)
      #expect(result.status == status && result.errors.contains(sentence), "\(result.errors)")
    }
    try configure("[cluster]\nnods = 2\n")
    let configured = try run(sample("a.mp4") + ["--submit"])
    #expect(configured.status == 2)
    #expect(
      configured.errors.contains("line 2: [cluster] has no setting nods; did you mean nodes?"))
    #expect(try slurm.calls("sbatch").isEmpty)
  }

  @Test("where there is no Slurm, a sentence says so")
  func noSlurm() throws {
    try FileManager.default.removeItem(atPath: slurm.folder + "/sbatch")
    // The machine may have one of its own.
    let variables = ["PATH": slurm.folder]
    for arguments in [sample("a.mp4") + ["--submit"], ["cluster"]] {
      let result = try CommandRun(arguments, home: folder.path("home"), variables: variables)
      #expect(
        result.status == 2 && result.errors.contains("no Slurm was found"), "\(result.errors)")
    }
  }

  @Test(
    "a scheduler's signal stops a sample, a training and a worker as Ctrl-C does, with all of it saved",
    arguments: ["sample", "train", "work"])
  func signal(command: String) throws {
    var arguments = sample("a.safetensors", steps: 1000)
    var sign: () -> Bool = { folder.contents.contains { $0.hasPrefix(".a.safetensors") } }
    var saved = folder.path("a.safetensors.resume.safetensors")
    switch command {
    case "train":
      let made = try run([
        "dataset", "skies", "--clips", "4", "--size", "32", "--frames", "40", "--output",
        folder.path("skies"),
      ])
      try #require(made.status == 0, "\(made.errors)")
      arguments =
        ["train", "autoencoder", "--config", "tiny", "--data", folder.path("skies")]
        + ["--threads", "1", "--output", folder.path("run"), "--set", "steps=100000"]
        + ["--set", "checkpoint_interval=1"]
      let checkpoints = folder.path("run/checkpoints")
      sign = {
        ((try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? [])
          .contains { $0.hasSuffix(".safetensors") }
      }
      saved = checkpoints
    case "work":
      let denoiser = CommandRun.package + "/samples/skies-64/denoiser.safetensors"
      let made = try run([
        "work", "create", folder.path("list"), "--format", "safetensors", "--", "sample",
        "--denoiser", denoiser, "--steps", "1000", "--seeds", "0-3",
      ])
      try #require(made.status == 0, "\(made.errors)")
      arguments = ["work", "run", folder.path("list")]
      let parts = folder.path("list/parts")
      func names(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      }
      sign = { names(parts).contains { !names(parts + "/" + $0).isEmpty } }
      saved = parts
    default: break
    }
    let errors = folder.path("errors")
    let status = try CommandRun.signalled(
      arguments, SIGUSR1, twice: true, errors: errors, when: sign)
    let said = try String(contentsOfFile: errors, encoding: .utf8)
    #expect(status == 130, "\(said)")
    #expect(FileManager.default.fileExists(atPath: saved), "\(said)")
    if command == "work" { #expect(said.contains("left for another worker"), "\(said)") }
  }
}
