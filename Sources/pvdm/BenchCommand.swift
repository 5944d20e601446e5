import ArgumentParser
import BenchmarkKit
import Foundation
import MessagePassing
import RunKit
import StudioApp
import StudioLink
import TensorCore
import VideoDiffusion

/// `pvdm bench`: how fast the networks run here, against what the machine can do.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how fast the networks run here, against the machine's own peak.",
    discussion: """
      Measures the processor's peak and the memory's bandwidth, and in the same process the \
      denoiser's forward pass, a whole DDIM step, encoding and decoding of a clip, and the time to \
      pack weights, all with random weights. Times are medians; the spread is the slowest less \
      the fastest run, as a share of the median. GFLOP/s count a multiply-add as 2 and the direct \
      algorithms, whatever is done.

      Examples:
        pvdm bench --sizes skies-64
        pvdm bench --sizes published --precision bf16 --batch 1,4 \\
          --threads 1,2 --json
        pvdm bench --sizes published --precision f32 --batch 1 --profile
        pvdm bench --sizes skies-64 --tasks step,decode --batch 1 --neighbours 2
        pvdm bench --scaling --sizes published --precision f32 --runs 1
        pvdm bench --train --sizes published --batch 1 --checkpointing
        mpirun -n 2 pvdm bench --ranks --sizes published --networks denoiser
        pvdm bench --make-checkpoint big.pth --size published --network denoiser
        pvdm bench --checkpoint big.pth
        pvdm bench --clips 1000

      With --json, one object with flat names: peak.f32.gflops, memory.read.gbps, \
      memory.peak_resident_bytes, and for denoiser, step, encode, decode and load \
      TASK.SIZE.PRECISION.seconds, .spread, .gflops and .share_of_peak, with .batch4 after the \
      precision for a batch of 4, .threads1 for threads other than all and .neighbours2 beside two \
      busy processes, which adds .slowdown, how many times as long it took. linear-preview has seconds \
      and spread; step also linear_preview_share and decoded_preview_share, what a preview takes of it. \
      --scaling has scaling.TASK.SIZE.PRECISION.threadsN.seconds, .gain, .alone_seconds, .regions, .pieces, \
      .weights_gbps and .measured_seconds; --checkpoint has file.read.seconds and \
      file.load.PRECISION.seconds, --clips long.step.first.seconds, .last.seconds and \
      long.memory.first_bytes, .last_bytes. --ranks has network.latency.seconds, .exchange.gbps and \
      .gather.gbps (gigabytes a second that leave each rank), and for each training \
      TASK.ranks8.f32.share and .bf16.share, the share of the time that 8 ranks compute.
      """)

  @Option(help: "Sizes to measure, separated by commas: published, small, skies-64.")
  var sizes: CommaSeparated<BenchmarkSize> = CommaSeparated(BenchmarkSize.allCases)

  @Option(
    help:
      "What to measure, separated by commas: load, denoiser, step, encode, decode, linear-preview.")
  var tasks: CommaSeparated<BenchmarkMeasurement.Task> = CommaSeparated(
    BenchmarkMeasurement.Task.allCases)

  @Option(help: "Precisions, separated by commas: f32, bf16, and on graphics processors tf32.")
  var precision: CommaSeparated<Precision> = CommaSeparated(Precision.ofProcessors)

  @Option(help: "Batch sizes of the denoiser, separated by commas: 1 to 64 each.")
  var batch: CommaSeparated<Int> = CommaSeparated([1, 4])

  @Option(
    help: ArgumentHelp(
      "Thread counts, separated by commas: 1 to 4096 each. (default: 1, 2, 4 and so on to all)",
      valueName: "list"))
  var threads: CommaSeparated<Int>?

  @Option(
    help: ArgumentHelp(
      """
      What computes: cpu, cuda:N for the graphics processor of that number, or auto for one where there is \
      one. Not with --scaling, --ranks or --checkpoint, which measure the processor.
      """, valueName: "auto|cpu|cuda:N"))
  var device = DeviceChoice.processor

  @Option(help: "Runs of each, after one that is not counted: 1 to 1000.")
  var runs = 5

  @Option(
    help: ArgumentHelp(
      """
      Measures everything a second time beside so many busy processes, 0 to 256, that end with the program; \
      with --train, too.
      """, valueName: "count"))
  var neighbours = 0

  @Flag(help: "A check in a few seconds: skies-64, two runs, a batch of 1; for automatic tests.")
  var quick = false

  @Flag(help: "Also shows the time by kind of operation, by layer and by shape.")
  var profile = false

  @Flag(help: "Prints one JSON object with flat names instead of tables.")
  var json = false

  @Flag(
    help: """
      Measures training steps of both networks, the optimiser's work included, and their memory; \
      nothing else. --sizes, --precision, --batch, --runs, --neighbours, --profile and --json count.
      """)
  var train = false

  @Flag(
    help: """
      Tells how far the work divides among 1 to 64 threads, or those of --threads, whatever the machine has: \
      all pieces are timed on one thread and dealt out as threads would claim them. Nothing else; --sizes, \
      --tasks, --precision, --runs and --json count.
      """)
  var scaling = false

  @Flag(
    help: """
      Measures transfers between the processes that mpirun or srun has started, and from a training's step \
      how many of them are worth while; nothing else. --sizes, --networks, --precision, --batch, --threads, \
      --runs and --json count.
      """)
  var ranks = false

  @Flag(help: "With --train: also measures with gradient checkpointing.")
  var checkpointing = false

  @Option(
    help: "With --train and --ranks: the networks, separated by commas: autoencoder, denoiser.")
  var networks: CommaSeparated<NetworkKind> = CommaSeparated(NetworkKind.allCases)
  @Option(
    help: ArgumentHelp(
      """
      Makes a video of so many clips with a tiny model, 10 to 1000000, and compares the time of a step \
      and the memory at its beginning and its end; measures nothing else.
      """,
      valueName: "count"))
  var clips: Int?

  @Option(
    help: ArgumentHelp(
      "Measures how long a checkpoint takes to load, against reading its bytes; nothing else.",
      valueName: "path.pth"))
  var checkpoint: String?

  @Flag(
    help: """
      Measures what drawing the studio costs in a window of 160 x 48, and the way to its worker; nothing else.
      """)
  var screen = false

  @Option(
    help: ArgumentHelp(
      "Measures nothing, but writes a checkpoint with random weights in the authors' format.",
      valueName: "path.pth"))
  var makeCheckpoint: String?

  @Option(help: "With --make-checkpoint: the size, one of published, small, skies-64.")
  var size: BenchmarkSize = .published

  @Option(help: "With --make-checkpoint: the network, denoiser or autoencoder.")
  var network: NetworkKind = .denoiser

  @Option(help: "With --make-checkpoint: the type of stored numbers, f32 or f16.")
  var type: CheckpointType = .f32

  @Option(help: "With --make-checkpoint: the seed of the weights, 0 or more.")
  var seed: UInt64 = 0

  /// The types that `--make-checkpoint` stores.
  enum CheckpointType: String, ExpressibleByArgument, CaseIterable {
    case f32, f16

    var elementType: ElementType { self == .f32 ? .float32 : .float16 }
  }

  func validate() throws {
    guard (1...1000).contains(runs) else { throw ValidationError("--runs is 1 to 1000.") }
    guard batch.values.allSatisfy((1...64).contains) else {
      throw ValidationError("--batch is 1 to 64.")
    }
    guard clips.map((10...1_000_000).contains) ?? true else {
      throw ValidationError("--clips is 10 to 1000000.")
    }
    guard (0...256).contains(neighbours) else {
      throw ValidationError("--neighbours is 0 to 256.")
    }
    guard threads?.values.allSatisfy((1...4096).contains) ?? true else {
      throw ValidationError("--threads is 1 to 4096.")
    }
    guard !scaling || threads?.values.allSatisfy({ $0 <= TeamSimulation.mostThreads }) ?? true
    else {
      throw ValidationError("--threads is 1 to \(TeamSimulation.mostThreads) with --scaling.")
    }
    let measuresProcessor = scaling || ranks || checkpoint != nil
    guard device == .processor || !measuresProcessor else {
      throw ValidationError(
        "--device does not go with --scaling, --ranks or --checkpoint.")
    }
    guard device.resolved != .processor || !precision.values.contains(.tensorFloat32) else {
      throw ValidationError(
        "graphics processors alone compute in tf32: name one with --device cuda:0, or leave tf32 out."
      )
    }
    guard !scaling || !ScalingBenchmark.possibleTasks.allSatisfy({ !tasks.values.contains($0) })
    else {
      let possible = ScalingBenchmark.possibleTasks.map(\.rawValue).joined(separator: ", ")
      throw ValidationError(
        "--scaling simulates these tasks: \(possible); --tasks has none of them.")
    }
  }

  func run() async throws {
    if ranks { return try await explainingAmongRanks { try await measureRanks($0) } }
    try await explaining {
      if let makeCheckpoint {
        try RandomCheckpoint.write(
          to: makeCheckpoint, network, size, elementType: type.elementType, seed: seed)
        return
      }
      if screen { return try printScreen(StudioBenchmark(), LinkBenchmark()) }
      if train {
        let report = try TrainingBenchmark.run(trainingPlan) { step in
          if !json { writeToStandardError("measuring \(step)\n") }
        }
        try write(report.fields, BenchTables.text(report))
        return
      }
      if scaling {
        let result = try ScalingBenchmark.run(scalingPlan) { step in
          if !json { writeToStandardError("simulating \(step)\n") }
        }
        try write(result.fields, BenchTables.text(result))
        return
      }
      if let checkpoint {
        let result = try LoadBenchmark(
          path: checkpoint, precisions: precision.values,
          threadCount: threads?.values.first, runs: runs)
        try write(result.fields, BenchTables.text(result))
        return
      }
      if let clips {
        let result = try await LongVideoBenchmark.run(clipCount: clips)
        try write(result.fields, BenchTables.text(result))
        return
      }
      let report = try Benchmark.run(plan) { step in
        if !json { writeToStandardError("measuring \(step)\n") }
      }
      try write(report.fields, BenchTables.text(report))
    }
  }

  /// Writes a result as the options ask for it.
  private func write(_ fields: some Encodable, _ text: ConsoleText) throws {
    if json {
      try writeToStandardOutput(json: fields)
    } else {
      try writeToStandardOutput(text)
    }
  }

  /// Measures transfers, then steps on all ranks at once, since they may share a machine.
  private func measureRanks(_ ranks: (any Communicator)?) async throws {
    guard let ranks else { throw CommunicationError(.alone) }
    func say(_ step: String) {
      if !json, ranks.rank == 0 { writeToStandardError("measuring \(step)\n") }
    }
    say("transfers between \(ranks.size) ranks")
    let network = try await NetworkBenchmark.run(ranks, runs: runs)
    var plan = trainingPlan
    plan.neighbourCount = 0
    if threads == nil { plan.threads = try await ProcessorShare.threadCount(among: ranks) }
    let own = try TrainingBenchmark.run(plan) { say($0) }.measurements
    let seconds = try await ranks.gathered(own.map(\.median))
    let predictions = own.enumerated().map { index, measurement in
      ScalingPrediction(
        name: measurement.name, parameterCount: measurement.parameterCount,
        batchSeconds: seconds.map { $0[index] }.max() ?? measurement.median, network: network)
    }
    guard ranks.rank == 0 else { return }
    let fields = predictions.reduce(into: network.fields) { fields, prediction in
      fields.merge(BenchTables.fields(prediction)) { first, _ in first }
    }
    try write(fields, BenchTables.text(network, predictions))
  }

  private func printScreen(_ result: StudioBenchmark, _ link: LinkBenchmark) throws {
    let (new, repeated) = (result.newFrameSeconds * 1_000, result.repeatedFrameSeconds * 1_000)
    let (request, pictures) = (link.requestSeconds * 1_000, link.pictureSeconds * 1_000)
    let text = String(
      format:
        "a frame of the studio at %d x %d: %.2f ms, %.2f ms where the picture was drawn before\n"
        + "to the worker and back: %.3f ms, with the pictures of a clip %.2f ms",
      result.columns, result.rows, new, repeated, request, pictures)
    try write(
      [
        "studio.frame.new.seconds": result.newFrameSeconds,
        "studio.frame.repeated.seconds": result.repeatedFrameSeconds,
        "studio.worker.request.seconds": link.requestSeconds,
        "studio.worker.pictures.seconds": link.pictureSeconds,
      ], ConsoleText(lines: text))
  }

  private var scalingPlan: ScalingBenchmark.Plan {
    var plan = ScalingBenchmark.Plan(
      sizes: quick ? [.skies64] : sizes.values, tasks: Set(tasks.values),
      precisions: precision.values, runs: quick ? 1 : runs)
    if let threads { plan.threadCounts = threads.values }
    return plan
  }

  private var trainingPlan: TrainingBenchmark.Plan {
    var plan = TrainingBenchmark.Plan(
      sizes: quick ? [.skies64] : sizes.values, precisions: precision.values,
      batches: quick ? [1] : batch.values, runs: quick ? 1 : runs)
    plan.networks = networks.values
    plan.checkpointing = checkpointing ? [false, true] : [false]
    plan.device = device
    plan.threads = threads?.values.first ?? Processor.availableCount
    plan.neighbourCount = neighbours
    plan.isQuick = quick
    plan.profiles = profile
    return plan
  }

  private var plan: BenchmarkPlan {
    let all = Processor.availableCount
    let doublings = sequence(first: 1) { $0 * 2 }.prefix { $0 < all }
    return BenchmarkPlan(
      sizes: quick ? [.skies64] : sizes.values, tasks: Set(tasks.values),
      precisions: precision.values,
      batches: quick ? [1] : batch.values, device: device,
      threadCounts: threads?.values ?? (quick ? [all] : doublings + [all]), runs: quick ? 2 : runs,
      neighbourCount: neighbours, isQuick: quick, profiles: profile)
  }
}

extension DeviceChoice: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
  public var defaultValueDescription: String { description }
}

/// Several values of one option, separated by commas; each once, in the order given.
struct CommaSeparated<Value: ExpressibleByArgument & Hashable>: ExpressibleByArgument {
  let values: [Value]

  init(_ values: [Value]) { self.values = values }

  init?(argument: String) {
    var values: [Value] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Value(argument: part.trimmingCharacters(in: .whitespaces)) else {
        return nil
      }
      if !values.contains(value) { values.append(value) }
    }
    self.values = values
  }

  var defaultValueDescription: String {
    values.map(\.defaultValueDescription).joined(separator: ",")
  }
}

extension Precision: ExpressibleByArgument {}
extension BenchmarkMeasurement.Task: ExpressibleByArgument {}
extension BenchmarkSize: ExpressibleByArgument {}
extension NetworkKind: ExpressibleByArgument {}
