import TensorCore
import VideoDiffusion

/// What the machine can compute, where nothing was timed yet.
public struct MachineRate: Sendable, Hashable, Codable {
  /// The peak of all processors together in float32, in GFLOP/s.
  public var float32: Double
  /// The same with bfloat16 products.
  public var bfloat16: Double
  /// Processors.
  public var processorCount: Int

  /// States a rate.
  public init(float32: Double, bfloat16: Double, processorCount: Int) {
    self.float32 = float32
    self.bfloat16 = bfloat16
    self.processorCount = processorCount
  }

  /// Measures this machine in about a quarter of a second, with all its processors.
  public static func measured() -> MachineRate {
    let threads = Processor.availableCount
    let float32 = Processor.measureFloat32Peak(threads: threads, seconds: 0.1)
    let bfloat16 = Processor.measureBFloat16Peak(threads: threads, seconds: 0.1)
    return MachineRate(
      float32: float32, bfloat16: bfloat16 ?? float32, processorCount: threads)
  }

  /// GFLOP/s that networks reach.
  func networkRate(_ precision: Precision, threadCount: Int) -> Double {
    let peak = precision == .bfloat16 ? bfloat16 : float32
    let share = Double(min(threadCount, processorCount)) / Double(max(processorCount, 1))
    return max(peak * share * Self.networkShare, 1)
  }

  /// GFLOP/s that networks reach on a graphics processor that was never timed: a fair part of what a large one
  /// does (`pvdm bench --device`), since the first run shows the truth.
  static func cardRate(_ precision: Precision) -> Double {
    switch precision {
    case .float32: 8_000
    case .tensorFloat32: 12_000
    case .bfloat16: 16_000
    }
  }

  /// The share of the peak that whole networks reach (`pvdm bench`).
  private static let networkShare = 0.6
}

/// Says what a run would take before it begins: from times of the same networks on this machine, and
/// where there are none, from their arithmetic and the machine's rate.
public struct RunEstimator: Sendable {
  /// What stands in for times that were never taken.
  public var machine: MachineRate
  /// Averages of what was timed.
  public var timing: @Sendable (TimingKey) -> TimingAverage?

  /// Estimates from some times.
  public init(
    machine: MachineRate, timing: @escaping @Sendable (TimingKey) -> TimingAverage?
  ) {
    self.machine = machine
    self.timing = timing
  }

  /// Estimates from what a store holds; a store that cannot be read counts as empty.
  public init(machine: MachineRate, store: any TimingStore) {
    self.init(machine: machine) { try? store.timing(for: $0) }
  }

  /// What a run begins with.
  public enum Start: String, Sendable, Hashable, Codable {
    /// Noise.
    case nothing
    /// A clip whose latent is at hand.
    case clip
    /// Frames that must be encoded.
    case footage
    /// A clip, of which the run makes one of which frames are known in part: as many of its steps decode and
    /// encode it as `KnownFrames` says.
    case known
  }

  /// Estimates a run; of one without end, its first clip.
  ///
  /// - Parameters:
  ///   - isLoaded: Whether both networks are in memory already.
  /// - Returns: `nil` if the model lacks a network.
  public func estimate(
    _ settings: GenerationSettings, model: ModelEntry, from start: Start = .nothing,
    isLoaded: Bool = false
  ) -> RunEstimate? {
    guard let denoiser = Network(model, .denoiser), let autoencoder = Network(model, .autoencoder)
    else { return nil }
    let threads = settings.timedThreadCount(of: machine.processorCount)
    func seconds(_ operation: TimingKey.Operation, _ network: Network) -> (Double, Bool) {
      self.seconds(operation, network, settings, threads)
    }
    let clips = settings.clipCount ?? 1
    let firstSteps = start == .nothing ? settings.firstSampler.steps : 0
    // In floating point, since settings that a file states can be of any size.
    let laterSteps =
      (Double(clips) - (start == .nothing ? 1 : 0)) * Double(settings.laterSampler.steps)
    let (step, isStepMeasured) = seconds(.step, denoiser)
    let request = settings.request()
    let count = settings.laterSampler.steps
    let guided = (0..<count).count { request.guides(step: $0) }
    let (guidedStep, isGuidedMeasured) = seconds(.guidedStep, denoiser)
    let share = Double(guided) / Double(max(count, 1))
    let laterStep = share * guidedStep + (1 - share) * step
    let isLaterMeasured =
      (guided == 0 || isGuidedMeasured) && (guided == count || isStepMeasured)
    let (decode, isDecodeMeasured) = seconds(.decode, autoencoder)

    var total = Double(firstSteps) * step + laterSteps * laterStep
    total += Double(clips) * decode
    if !isLoaded { total += seconds(.load, denoiser).0 + seconds(.load, autoencoder).0 }
    if start == .footage || start == .known { total += seconds(.encode, autoencoder).0 }
    if start == .known {
      total += Double(directedSteps(settings)) * (decode + seconds(.encode, autoencoder).0)
    }
    if settings.reencodesCondition {
      total += Double(clips) * (decode + seconds(.encode, autoencoder).0)
    }
    switch settings.preview {
    case .off: break
    case .linear:
      total += (Double(firstSteps) + laterSteps) * seconds(.linearPreview, autoencoder).0
    case .decoded:
      let interval = Double(max(settings.previewInterval, 1))
      total += ((Double(firstSteps) + laterSteps) / interval).rounded(.down) * decode
    }
    let needsFirst = firstSteps > 0
    let needsLater = laterSteps > 0
    return RunEstimate(
      seconds: total,
      bytes: MemoryEstimate.bytes(
        denoiser: denoiser.summary, autoencoder: autoencoder.summary,
        precision: settings.precision, isGuided: needsLater && guided > 0),
      isMeasured: isDecodeMeasured && (!needsFirst || isStepMeasured)
        && (!needsLater || isLaterMeasured))
  }

  private func directedSteps(_ settings: GenerationSettings) -> Int {
    let steps = settings.laterSampler.stepsTaken
    return (0..<steps).count { KnownFrames.directs(step: $0, of: steps) }
  }

  /// Estimates a clip of which frames are known in part and that continues another.
  ///
  /// - Returns: `nil` if the model lacks a network.
  public func estimateDirected(
    _ settings: GenerationSettings, model: ModelEntry, isLoaded: Bool = false
  ) -> DirectedEstimate? {
    var settings = settings
    settings.clipCount = 1
    guard let whole = estimate(settings, model: model, from: .known, isLoaded: isLoaded),
      let autoencoder = Network(model, .autoencoder), let denoiser = Network(model, .denoiser)
    else { return nil }
    let threads = settings.timedThreadCount(of: machine.processorCount)
    func seconds(_ operation: TimingKey.Operation, _ network: Network) -> Double {
      self.seconds(operation, network, settings, threads).seconds
    }
    let (steps, directed) = (settings.laterSampler.stepsTaken, directedSteps(settings))
    let coding = seconds(.encode, autoencoder) + seconds(.decode, autoencoder)
    return DirectedEstimate(
      steps: steps, directedSteps: directed,
      share: 1 + Double(directed) * coding / max(Double(steps) * seconds(.step, denoiser), 1e-9),
      whole: whole)
  }

  /// The time of an operation, and whether it was taken here of this very network.
  func seconds(
    _ operation: TimingKey.Operation, _ network: Network, _ settings: GenerationSettings,
    _ threads: Int
  ) -> (seconds: Double, isMeasured: Bool) {
    let precision = settings.precision
    func known(_ operation: TimingKey.Operation) -> Double? {
      timing(
        TimingKey(
          network: network.name, precision: precision, device: settings.device,
          threadCount: threads, operation: operation)
      )?.seconds
    }
    if let seconds = known(operation) { return (seconds, true) }
    // Guidance asks the denoiser twice.
    if operation == .guidedStep, let step = known(.step) { return (2 * step, false) }
    if operation == .step, let step = known(.guidedStep) { return (step / 2, false) }
    let rate =
      settings.device.resolved == .processor
      ? machine.networkRate(precision, threadCount: threads) : MachineRate.cardRate(precision)
    let pass = network.summary.gflop / rate + Self.passOverhead
    return switch operation {
    case .load: (Double(network.summary.parameters) * 4 / Self.loadRate, false)
    case .step, .decode: (pass, false)
    case .guidedStep: (2 * pass, false)
    case .encode: (Self.encodeShare * pass, false)
    case .linearPreview: (Double(network.summary.latentTokens) * Self.previewTokenSeconds, false)
    }
  }

  /// A network of a model, with the name that its times have.
  struct Network {
    let name: String
    let summary: NetworkSummary

    init?(_ model: ModelEntry, _ kind: NetworkKind) {
      let (summary, hash, path) =
        switch kind {
        case .autoencoder:
          (model.autoencoder, model.autoencoderHash, model.reference.autoencoder)
        case .denoiser: (model.denoiser, model.denoiserHash, model.reference.denoiser)
        }
      guard let summary, let path else { return nil }
      self.summary = summary
      name = TimingKey.network(hash: hash, path: path)
    }
  }

  /// What a pass takes beside its arithmetic, in seconds: some hundred operations that start.
  private static let passOverhead = 0.005
  /// Bytes of float32 weights that are read and packed in a second.
  private static let loadRate = 1e9
  /// Work of encoding a clip, of that of decoding one.
  private static let encodeShare = 1.25
  /// Time of a linear preview for each token of the latent, in seconds.
  private static let previewTokenSeconds = 5e-7
}

/// What a clip would take of which frames are known.
public struct DirectedEstimate: Sendable, Hashable, Codable {
  /// Steps, and those of them that decode and encode the clip.
  public var steps: Int
  public var directedSteps: Int
  /// Its work as a multiple of that of a clip without known frames.
  public var share: Double
  /// What all of it takes.
  public var whole: RunEstimate

  /// What a clip would take.
  public init(steps: Int, directedSteps: Int, share: Double, whole: RunEstimate) {
    self.steps = steps
    self.directedSteps = directedSteps
    self.share = share
    self.whole = whole
  }

  /// What it costs, as a sentence without full stop.
  public var text: String { Self.text(directedSteps: directedSteps, steps: steps, share: share) }

  /// What known frames cost, as a sentence without full stop.
  static func text(directedSteps: Int, steps: Int, share: Double) -> String {
    "\(directedSteps) of \(steps) steps decode and encode the clip, about "
      + "\((share * 10).rounded() / 10) times the work of one without"
  }
}

/// What a run would take.
public struct RunEstimate: Sendable, Hashable, Codable {
  /// Time in seconds, loading and decoding included.
  public var seconds: Double
  /// Memory in bytes.
  public var bytes: Int
  /// Whether it rests on runs of this model on this machine, or on arithmetic alone.
  public var isMeasured: Bool

  /// What a run would take.
  public init(seconds: Double, bytes: Int, isMeasured: Bool) {
    self.seconds = seconds
    self.bytes = bytes
    self.isMeasured = isMeasured
  }
}
