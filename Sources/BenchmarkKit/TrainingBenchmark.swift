import NeuralLayers
import RunKit
import TensorCore
import VideoDiffusion

/// What a training step costs.
public struct TrainingMeasurement: NeighbourMeasurement, Sendable, Hashable {
  /// The network that learns.
  public let network: NetworkKind
  /// The size of the model.
  public let size: BenchmarkSize
  /// Precision of products and features.
  public let precision: Precision
  /// Clips of a step.
  public let batch: Int
  /// Whether blocks run twice in place of keeping what gradients need.
  public let isCheckpointing: Bool
  /// Busy processes that ran beside it.
  public let neighbourCount: Int
  /// Seconds of each step: forward, backward, and the optimiser with its moving average.
  public let samples: [Double]
  /// Floating point operations of a step, by the usual convention three forward passes; what
  /// checkpointing computes again is not counted.
  public let operations: Double
  /// GFLOP/s that the machine reaches in this precision; for bfloat16 the faster of dot products and
  /// of float32.
  public let peak: Double?
  /// Numbers that are trained.
  public let parameterCount: Int
  /// The most memory that the process had while it was measured, or where a card computed the tensors on that,
  /// in bytes.
  public let peakBytes: Int

  /// `train.denoiser.published.f32`, with `.batch2` for a batch other than 1, `.checkpointing`, and
  /// `.neighbours2` beside two processes.
  public var name: String { fullName }

  var quietName: String {
    "train.\(network.rawValue).\(size.rawValue).\(precision.rawValue)"
      + (batch == 1 ? "" : ".batch\(batch)") + (isCheckpointing ? ".checkpointing" : "")
  }

  /// The middle step.
  public var median: Double { samples.median }

  /// GFLOP/s of the median step.
  public var rate: Double { operations / median / 1e9 }

  /// GFLOP/s as a share of the machine's peak in the same precision.
  public var shareOfPeak: Double? { peak.map { rate / $0 } }

  /// Bytes beside the parameters, their gradients and what the optimiser remembers (moments, and the
  /// denoiser's average): features that gradients need, and weights in other layouts.
  public var bytesBesideParameters: Int {
    peakBytes - parameterCount * 4 * (network == .denoiser ? 5 : 4)
  }
}

/// Measures training steps of networks with random weights.
public struct TrainingBenchmark {
  /// What is measured.
  public struct Plan: Sendable {
    /// Model sizes.
    public var sizes: [BenchmarkSize]
    /// Networks.
    public var networks: [NetworkKind] = NetworkKind.allCases
    /// Precisions.
    public var precisions: [Precision]
    /// Clips of a step.
    public var batches: [Int]
    /// Without and with checkpointing.
    public var checkpointing: [Bool] = [false]
    /// What computes.
    public var device = DeviceChoice.processor
    /// Threads.
    public var threads = Processor.availableCount
    /// Steps that are timed, after one that is not.
    public var runs: Int
    /// Busy processes beside which everything is measured once more; 0 for none.
    public var neighbourCount = 0
    /// Whether the machine's peak is measured briefly.
    public var isQuick = false
    /// Whether the time of every operation is collected in one step more.
    public var profiles = false

    /// Describes a measurement; everything else has a default.
    public init(sizes: [BenchmarkSize], precisions: [Precision], batches: [Int], runs: Int) {
      self.sizes = sizes
      self.precisions = precisions
      self.batches = batches
      self.runs = runs
    }
  }

  /// Everything that was found.
  public struct Report: Sendable {
    /// The measurements, in order.
    public internal(set) var measurements: [TrainingMeasurement] = []
    /// Where the time of single steps went.
    public internal(set) var profiles: [ProfileSummary] = []
    /// GFLOP/s that the machine reaches, by precision.
    public internal(set) var peaks: [Precision: Double] = [:]
    /// What was left out, and why.
    public internal(set) var notes: [String] = []

    /// How many times as long a measurement took beside its neighbours as without them; `nil` where it
    /// had none.
    public func slowdown(of measurement: TrainingMeasurement) -> Double? {
      measurement.slowdown(among: measurements)
    }

    /// All of it as one flat object: `peak.f32.gflops` and, for each measurement, `NAME.seconds` (the
    /// median), `.gflops`, `.share_of_peak`, `.parameters` and `.peak_bytes`; beside neighbours `.slowdown`
    /// in place of the share; and ``ProfileSummary/fields`` of profiles.
    public var fields: [String: JSONValue] {
      var fields: [String: JSONValue] = [:]
      for (type, peak) in peaks { fields["peak.\(type.rawValue).gflops"] = .number(rounded(peak)) }
      for measurement in measurements {
        let name = measurement.name
        fields["\(name).seconds"] = .number(rounded(measurement.median))
        fields["\(name).gflops"] = .number(rounded(measurement.rate))
        if let share = measurement.shareOfPeak {
          fields["\(name).share_of_peak"] = .number(rounded(share))
        }
        if let slowdown = slowdown(of: measurement) {
          fields["\(name).slowdown"] = .number(rounded(slowdown))
        }
        fields["\(name).parameters"] = .integer(measurement.parameterCount)
        fields["\(name).peak_bytes"] = .integer(measurement.peakBytes)
      }
      for profile in profiles { fields.merge(profile.fields) { first, _ in first } }
      return fields
    }
  }

  private let plan: Plan
  private let onProgress: (String) -> Void
  private var report = Report()

  /// Measures what a plan asks for, on the calling thread and its team.
  ///
  /// - Parameter onProgress: Called with what is measured next.
  /// - Throws: `TensorError` if memory is short.
  public static func run(
    _ plan: Plan, onProgress: @escaping (String) -> Void = { _ in }
  ) throws -> Report {
    var benchmark = TrainingBenchmark(plan: plan, onProgress: onProgress)
    try benchmark.measure()
    return benchmark.report
  }

  private init(plan: Plan, onProgress: @escaping (String) -> Void) {
    self.plan = plan
    self.onProgress = onProgress
  }

  private mutating func measure() throws {
    onProgress("peak of the machine, \(plan.threads) threads")
    let seconds = plan.isQuick ? 0.1 : 0.5
    var usable: Set<Precision> = []
    for precision in Precision.allCases {
      let device = try Device.open(plan.device, threadCount: plan.threads)
      if device.prepare(for: precision.products, training: true) { usable.insert(precision) }
      if !usable.contains(precision), plan.precisions.contains(precision) {
        report.notes.append(Benchmark.note(leavingOut: precision, on: device))
      }
      guard usable.contains(precision) || precision != .tensorFloat32,
        let peak = device.measurePeak(precision.elementType, seconds: seconds)
      else { continue }
      report.peaks[precision] = max(peak, report.peaks[.float32] ?? 0)
    }
    for precision in plan.precisions where usable.contains(precision) {
      for size in plan.sizes {
        for network in plan.networks
        where network == .denoiser || size.bringsAutoencoder(among: plan.sizes) {
          for batch in plan.batches {
            for isCheckpointing in plan.checkpointing {
              try measure(network, size, precision, batch, isCheckpointing)
            }
          }
        }
      }
    }
  }

  private mutating func measure(
    _ network: NetworkKind, _ size: BenchmarkSize, _ precision: Precision, _ batch: Int,
    _ isCheckpointing: Bool
  ) throws {
    MemoryUse.resetPeak()
    let device = try Device.open(plan.device, threadCount: plan.threads)
    _ = device.prepare(for: precision.products)
    let context = ComputeContext(device)
    context.resetPeakDeviceBytes()
    let step =
      network == .denoiser
      ? try denoiserStep(size, precision, batch, isCheckpointing, context)
      : try autoencoderStep(size, precision, batch, isCheckpointing, context)
    let subject = TrainingMeasurement(
      network: network, size: size, precision: precision, batch: batch,
      isCheckpointing: isCheckpointing, neighbourCount: 0, samples: [1], operations: 0, peak: nil,
      parameterCount: step.parameterCount, peakBytes: 0)
    let clock = ContinuousClock()
    func measure(beside neighbourCount: Int) throws {
      let neighbours = try BusyNeighbours(count: neighbourCount)
      defer { neighbours.stop() }
      onProgress(
        subject.name + (neighbourCount == 0 ? "" : ", beside \(neighbourCount) busy processes"))
      try step.take()
      let samples = try (0..<plan.runs).map { _ in
        let start = clock.now
        try step.take()
        return (clock.now - start).inSeconds
      }
      report.measurements.append(
        TrainingMeasurement(
          network: network, size: size, precision: precision, batch: batch,
          isCheckpointing: isCheckpointing, neighbourCount: neighbourCount, samples: samples,
          operations: 3 * step.forwardOperations * Double(batch),
          peak: neighbourCount == 0 ? report.peaks[precision] : nil,
          parameterCount: step.parameterCount,
          peakBytes: context.peakDeviceBytes ?? MemoryUse.peakResidentByteCount))
    }
    try measure(beside: 0)
    if plan.neighbourCount > 0 { try measure(beside: plan.neighbourCount) }
    guard plan.profiles else { return }
    let profile = OperationProfile()
    context.profile = profile
    defer { context.profile = nil }
    let start = clock.now
    try step.take()
    report.profiles.append(
      ProfileSummary(
        profile, name: subject.name, seconds: (clock.now - start).inSeconds))
  }

  /// A step that can be taken again and again.
  private struct Step {
    let parameterCount: Int
    /// Of one clip.
    let forwardOperations: Double
    let take: () throws -> Void
  }

  private func denoiserStep(
    _ size: BenchmarkSize, _ precision: Precision, _ batch: Int, _ isCheckpointing: Bool,
    _ context: ComputeContext
  ) throws -> Step {
    let configuration = size.denoiser
    let training = try DenoiserTrainingStep(
      InitialParameters(configuration, seed: 0), configuration, elementType: precision.elementType,
      checkpointing: isCheckpointing, context)
    let optimizer = try Optimizer(training.parameters, .denoiser, context)
    let clean = Latent(zerosFor: configuration.geometry)
    var generator = TorchGenerator(seed: 0)
    let examples = (0..<batch).map { _ in
      DenoiserExample(clean: clean, condition: clean, generator: &generator)
    }
    return Step(
      parameterCount: training.parameters.count,
      forwardOperations: configuration.forwardOperations
    ) {
      let error = try training.accumulate(examples)
      let numbers = try context.read(numbers: [error, optimizer.gradientNorm()])
      try optimizer.step(norm: numbers[1])
    }
  }

  private func autoencoderStep(
    _ size: BenchmarkSize, _ precision: Precision, _ batch: Int, _ isCheckpointing: Bool,
    _ context: ComputeContext
  ) throws -> Step {
    let configuration = size.autoencoder
    let training = try AutoencoderTrainingStep(
      InitialParameters(configuration, seed: 0), configuration, elementType: precision.elementType,
      checkpointing: isCheckpointing, context)
    let optimizer = try Optimizer(training.parameters, .autoencoder, context)
    let side = configuration.resolution
    let bytes = (0..<configuration.frames * side * side * 3).map { UInt8(truncatingIfNeeded: $0) }
    let clip = PixelClip(frames: configuration.frames, side: side, bytes: bytes)
    let examples = [AutoencoderExample](
      repeating: AutoencoderExample(clip: clip, frame: 0), count: batch)
    return Step(
      parameterCount: training.parameters.count,
      forwardOperations: configuration.encodeOperations + configuration.decodeOperations
    ) {
      let losses = try training.accumulate(examples).tensors
      let numbers = try context.read(numbers: losses + [optimizer.gradientNorm()])
      try optimizer.step(norm: numbers[losses.count])
    }
  }
}
