import RunKit

/// One thing that was measured.
public struct BenchmarkMeasurement: NeighbourMeasurement, Sendable, Hashable {
  /// What a measurement is of.
  public enum Task: String, Sendable, CaseIterable {
    /// Packing a denoiser's weights, which are in memory already.
    case load
    /// One forward pass of the denoiser.
    case denoiser
    /// A whole DDIM step: a forward pass and the solver.
    case step
    /// A clip to its latent.
    case encode
    /// A latent to its clip.
    case decode
    /// A latent to a small clip by a linear map.
    case linearPreview = "linear-preview"
  }

  /// What was measured.
  public let task: Task
  /// The size of the model.
  public let size: BenchmarkSize
  /// Precision of weights and features.
  public let precision: Precision
  /// Samples at once.
  public let batch: Int
  /// Threads; `nil` for all of the machine's.
  public let threadCount: Int?
  /// Busy processes that ran beside it.
  public let neighbourCount: Int
  /// Seconds of each run, at least one.
  public let samples: [Double]
  /// Floating point operations of a run; `nil` where they do not matter.
  public let operations: Double?
  /// GFLOP/s that the machine reaches in this precision with these threads, where it was measured;
  /// for bfloat16 the faster of dot products and of float32.
  public let peak: Double?

  package init(
    task: Task, size: BenchmarkSize, precision: Precision, batch: Int, threadCount: Int?,
    neighbourCount: Int = 0, samples: [Double], operations: Double?, peak: Double?
  ) {
    precondition(!samples.isEmpty)
    self.task = task
    self.size = size
    self.precision = precision
    self.batch = batch
    self.threadCount = threadCount
    self.neighbourCount = neighbourCount
    self.samples = samples
    self.operations = operations
    self.peak = peak
  }

  /// The first part of the names of its fields: `denoiser.published.f32`, with `.batch4` for a batch
  /// other than 1, `.threads1` for threads other than all, and `.neighbours2` beside two processes.
  public var name: String { fullName }

  var quietName: String {
    "\(task.rawValue).\(size.rawValue).\(precision.rawValue)"
      + (batch == 1 ? "" : ".batch\(batch)") + (threadCount.map { ".threads\($0)" } ?? "")
  }

  /// The middle run.
  public var median: Double { samples.median }

  /// The slowest less the fastest run, as a share of the median.
  public var spread: Double { ((samples.max() ?? 0) - (samples.min() ?? 0)) / median }

  /// GFLOP/s of the median run.
  public var rate: Double? { operations.map { $0 / median / 1e9 } }

  /// GFLOP/s as a share of the machine's peak in the same precision.
  public var shareOfPeak: Double? {
    guard let rate, let peak else { return nil }
    return rate / peak
  }
}

/// Everything that a benchmark found, as measurements and as flat fields.
public struct BenchmarkReport: Sendable {
  /// The measurements, in order.
  public internal(set) var measurements: [BenchmarkMeasurement] = []
  /// Where the time of single runs went.
  public internal(set) var profiles: [ProfileSummary] = []
  /// What could not be measured, and why.
  public internal(set) var notes: [String] = []
  /// Facts about the machine: `peak.f32.gflops`, `memory.read.gbps`, `machine.processor` and so on.
  public internal(set) var facts: [String: JSONValue] = [:]

  /// How many times as long a measurement took beside its neighbours as without them; `nil` where it had
  /// none.
  public func slowdown(of measurement: BenchmarkMeasurement) -> Double? {
    measurement.slowdown(among: measurements)
  }

  /// What a preview takes as a share of a step, for each step of one sample that was measured; `nil`
  /// where the preview was not.
  public var previewShares: [(step: BenchmarkMeasurement, linear: Double?, decoded: Double?)] {
    let quiet = measurements.filter { $0.neighbourCount == 0 }
    return quiet.filter { $0.task == .step && $0.batch == 1 }.map { step in
      func share(_ task: BenchmarkMeasurement.Task, likeTheStep: Bool) -> Double? {
        quiet.first {
          $0.task == task && $0.size.autoencoder == step.size.autoencoder
            && (!likeTheStep
              || ($0.precision, $0.threadCount) == (step.precision, step.threadCount))
        }.map { $0.median / step.median }
      }
      // Linear previews compute in one way whatever the networks do.
      return (
        step, share(.linearPreview, likeTheStep: false), share(.decode, likeTheStep: true)
      )
    }
  }

  /// All of it as one flat object. Numbers have 5 significant digits.
  ///
  /// Each measurement has `NAME.seconds` (the median), `NAME.spread` and, where operations count,
  /// `NAME.gflops` (GFLOP/s) and `NAME.share_of_peak`; see ``BenchmarkMeasurement/name``. `load` has seconds
  /// alone. Beside neighbours there is `NAME.slowdown` in place of the share. Steps add `NAME.linear_preview_share` and `NAME.decoded_preview_share`, what a preview takes
  /// as a share of the step. Profiles add ``ProfileSummary/fields``.
  public var fields: [String: JSONValue] {
    var fields = facts
    for measurement in measurements {
      let name = measurement.name
      fields["\(name).seconds"] = .number(rounded(measurement.median))
      if measurement.samples.count > 1 {
        fields["\(name).spread"] = .number(rounded(measurement.spread))
      }
      if let rate = measurement.rate { fields["\(name).gflops"] = .number(rounded(rate)) }
      if let share = measurement.shareOfPeak {
        fields["\(name).share_of_peak"] = .number(rounded(share))
      }
      if let slowdown = slowdown(of: measurement) {
        fields["\(name).slowdown"] = .number(rounded(slowdown))
      }
    }
    for share in previewShares {
      fields["\(share.step.name).linear_preview_share"] = share.linear.map { .number(rounded($0)) }
      fields["\(share.step.name).decoded_preview_share"] = share.decoded.map {
        .number(rounded($0))
      }
    }
    for profile in profiles { fields.merge(profile.fields) { first, _ in first } }
    return fields
  }
}
