import RunKit
import TensorCore
import VideoDiffusion

/// How far the work of the networks divides among threads, also more than the machine has.
public struct ScalingBenchmark: Sendable {
  /// Tasks that are a network's alone.
  public static let possibleTasks: [BenchmarkMeasurement.Task] = [.denoiser, .encode, .decode]

  /// What is simulated.
  public struct Plan: Sendable {
    /// Model sizes.
    public var sizes: [BenchmarkSize]
    /// What of ``possibleTasks`` is simulated.
    public var tasks: Set<BenchmarkMeasurement.Task>
    /// Precisions.
    public var precisions: [Precision]
    /// Thread counts, 1 to ``TeamSimulation/mostThreads``; the first is what the others are compared with.
    public var threadCounts = [1, 2, 4, 8, 16, 32, 64]
    /// Runs of each, after one that is not counted.
    public var runs: Int

    /// Describes a simulation of the usual thread counts.
    public init(
      sizes: [BenchmarkSize], tasks: Set<BenchmarkMeasurement.Task>, precisions: [Precision],
      runs: Int
    ) {
      self.sizes = sizes
      self.tasks = tasks
      self.precisions = precisions
      self.runs = runs
    }
  }

  /// One task on a simulated team.
  public struct Row: Sendable, Hashable {
    /// What was simulated.
    public let task: BenchmarkMeasurement.Task
    /// The size of the model.
    public let size: BenchmarkSize
    /// Precision of weights and features.
    public let precision: Precision
    /// Threads of the team.
    public let threadCount: Int
    /// The middle one of all runs.
    public let simulation: TeamSimulation
    /// Seconds with that many real threads, the middle run; `nil` where the machine has fewer.
    public let measuredSeconds: Double?
    /// Bytes of weights, each of which is read at least once.
    public let weightByteCount: Int

    /// Gigabytes a second of weights alone that have to come from memory or a cache that all threads share.
    public var weightBandwidth: Double { Double(weightByteCount) / simulation.seconds / 1e9 }

    /// `scaling.denoiser.published.f32.threads64`.
    public var name: String {
      "scaling.\(task.rawValue).\(size.rawValue).\(precision.rawValue).threads\(threadCount)"
    }
  }

  /// What was simulated, the thread counts of one task after each other.
  public private(set) var rows: [Row] = []

  /// How many times as fast a row is as the first of its task; `nil` where that is not there.
  public func gain(of row: Row) -> Double? {
    rows.first { ($0.task, $0.size, $0.precision) == (row.task, row.size, row.precision) }
      .map { $0.simulation.seconds / row.simulation.seconds }
  }

  /// All of it as one flat object: for each row `NAME.seconds`, `.gain`, `.alone_seconds` (between regions),
  /// `.regions`, `.pieces`, `.weights_gbps` and, where the machine has the threads, `.measured_seconds`.
  public var fields: [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    for row in rows {
      fields["\(row.name).seconds"] = .number(rounded(row.simulation.seconds))
      fields["\(row.name).gain"] = gain(of: row).map { .number(rounded($0)) }
      fields["\(row.name).alone_seconds"] = .number(rounded(row.simulation.aloneSeconds))
      fields["\(row.name).regions"] = .integer(row.simulation.regionCount)
      fields["\(row.name).pieces"] = .integer(row.simulation.pieceCount)
      fields["\(row.name).weights_gbps"] = .number(rounded(row.weightBandwidth))
      fields["\(row.name).measured_seconds"] = row.measuredSeconds.map { .number(rounded($0)) }
    }
    return fields
  }

  /// Simulates what a plan asks for, on the calling thread; tasks that are no network's are left out.
  ///
  /// - Parameter onProgress: Called with what is simulated next.
  /// - Throws: ``TensorError`` if memory is short.
  public static func run(
    _ plan: Plan, onProgress: (String) -> Void = { _ in }
  ) throws -> Self {
    var result = Self()
    for size in plan.sizes {
      for precision in plan.precisions {
        for task in possibleTasks
        where plan.tasks.contains(task)
          && (task == .denoiser || size.bringsAutoencoder(among: plan.sizes))
        {
          for threads in plan.threadCounts {
            onProgress(
              "\(task.rawValue) \(size.rawValue) \(precision.rawValue), \(threads) threads")
            result.rows.append(try row(task, size, precision, threads, runs: plan.runs))
          }
        }
      }
    }
    return result
  }

  private static func row(
    _ task: BenchmarkMeasurement.Task, _ size: BenchmarkSize, _ precision: Precision,
    _ threads: Int, runs: Int
  ) throws -> Row {
    let simulations = try TeamSimulation.run {
      let work = try Self.work(task, size, precision, threads)
      try work()
      return try (0..<runs).map { _ in try TeamSimulation(of: work) }
    }.sorted { $0.seconds < $1.seconds }
    var measured: Double?
    if threads <= Processor.availableCount {
      let work = try Self.work(task, size, precision, threads)
      try work()
      let clock = ContinuousClock()
      let samples = try (0..<runs).map { _ in try clock.measure(work).inSeconds }
      measured = samples.median
    }
    let weights =
      task == .denoiser
      ? size.denoiser.parameters
      // What the decoder has of the autoencoder's parameters, or the encoder.
      : size.autoencoder.parameters.filter { $0.name.hasPrefix("decoder.") == (task == .decode) }
    return Row(
      task: task, size: size, precision: precision, threadCount: threads,
      simulation: simulations[runs / 2], measuredSeconds: measured,
      weightByteCount: weights.reduce(0) { $0 + $1.count } * precision.elementType.byteCount)
  }

  /// A forward pass of a task's network.
  private static func work(
    _ task: BenchmarkMeasurement.Task, _ size: BenchmarkSize, _ precision: Precision,
    _ threads: Int
  ) throws -> () throws -> Void {
    if task == .denoiser {
      let network = try MeasuredDenoiser(size, precision, on: Device.open(threadCount: threads))
      let start = try network.start(batch: 1)
      return { _ = try network.forward(start) }
    }
    let network = try MeasuredAutoencoder(size, precision, on: Device.open(threadCount: threads))
    return task == .encode ? { try network.encode() } : { try network.decode() }
  }
}
