import Foundation
import RunKit
import TensorCore
import VideoDiffusion

/// Measures the machine's own peaks and, in the same process, the networks with random weights.
///
/// Everything runs on the calling thread and its team, one after the other.
public struct Benchmark {
  private let plan: BenchmarkPlan
  private let onProgress: (String) -> Void
  private var report = BenchmarkReport()
  /// GFLOP/s by threads and precision.
  private var peaks: [Int: [Precision: Double]] = [:]

  /// Measures what a plan asks for.
  ///
  /// - Parameter onProgress: Called with what is measured next.
  /// - Throws: ``TensorError`` if memory is short.
  public static func run(
    _ plan: BenchmarkPlan, onProgress: @escaping (String) -> Void = { _ in }
  ) throws -> BenchmarkReport {
    var benchmark = Benchmark(plan: plan, onProgress: onProgress)
    try benchmark.measureMachine()
    for threads in benchmark.threadCounts {
      for precision in try benchmark.usablePrecisions() {
        for size in plan.sizes {
          if !plan.tasks.isDisjoint(with: [.load, .denoiser, .step]) {
            try benchmark.measureDenoiser(size, precision, threads)
          }
          if !plan.tasks.isDisjoint(with: [.encode, .decode]),
            size.bringsAutoencoder(among: plan.sizes)
          {
            try benchmark.measureAutoencoder(size, precision, threads)
          }
        }
      }
    }
    if plan.tasks.contains(.linearPreview) {
      for size in plan.sizes where size.bringsAutoencoder(among: plan.sizes) {
        try benchmark.measureLinearPreview(size)
      }
    }
    benchmark.report.facts["memory.peak_resident_bytes"] = .integer(
      MemoryUse.peakResidentByteCount)
    return benchmark.report
  }

  private init(plan: BenchmarkPlan, onProgress: @escaping (String) -> Void) {
    self.plan = plan
    self.onProgress = onProgress
  }

  // MARK: The machine

  private mutating func measureMachine() throws {
    let seconds = plan.isQuick ? 0.1 : 0.5
    for threads in threadCounts {
      onProgress("peak of the machine, \(threads) threads")
      let suffix = suffix(threads)
      for precision in Precision.allCases {
        let device = try Device.open(plan.device, threadCount: threads)
        guard device.prepare(for: precision.products) || precision != .tensorFloat32,
          let peak = device.measurePeak(precision.elementType, seconds: seconds)
        else { continue }
        // bfloat16 numbers can also be widened and multiplied as float32, which is the faster way on
        // some processors: a share is one of the faster.
        peaks[threads, default: [:]][precision] = max(peak, peaks[threads]?[.float32] ?? 0)
        report.facts["peak.\(precision.rawValue)\(suffix).gflops"] = .number(rounded(peak))
      }
      guard card == nil else { continue }
      let bytes = plan.isQuick ? 128 << 20 : 512 << 20
      report.facts["memory.read\(suffix).gbps"] = .number(
        rounded(Processor.measureReadBandwidth(threads: threads, bytes: bytes)))
    }
    report.facts["machine.card"] = card.map { .string($0) }
    report.facts["machine.processor"] = .string(MachineFacts.processorName)
    report.facts["machine.threads"] = .integer(Processor.availableCount)
    report.facts["machine.kernels"] = .string(Processor.kernelInstructionSet)
    report.facts["machine.onednn"] = .string(
      "\(Processor.libraryVersion) \(Processor.libraryInstructionSet)")
  }

  /// The graphics processor that is measured; `nil` for the processor.
  private var card: String? {
    plan.device.resolved == .processor ? nil : plan.device.deviceName
  }

  /// A graphics processor has threads of its own, and is measured once.
  private var threadCounts: [Int] {
    card == nil ? plan.threadCounts : [Processor.availableCount]
  }

  private func suffix(_ threads: Int) -> String {
    namedThreads(threads).map { ".threads\($0)" } ?? ""
  }

  private func namedThreads(_ threads: Int) -> Int? {
    threads == Processor.availableCount ? nil : threads
  }

  private mutating func usablePrecisions() throws -> [Precision] {
    try plan.precisions.filter { precision in
      let device = try Device.open(plan.device, threadCount: 1)
      guard !device.prepare(for: precision.products) else { return true }
      let note = Self.note(leavingOut: precision, on: device)
      if !report.notes.contains(note) { report.notes.append(note) }
      return false
    }
  }

  /// Says that a precision is not measured.
  static func note(leavingOut precision: Precision, on device: Device) -> String {
    ModelError(.precision(precision.products, processor: device.name)).description
      + "; \(precision.rawValue) was left out"
  }

  // MARK: The networks

  private mutating func measureDenoiser(
    _ size: BenchmarkSize, _ precision: Precision, _ threads: Int
  ) throws {
    let place = Place(size: size, precision: precision, threads: threads)
    onProgress("load \(place.text)")
    let network = try MeasuredDenoiser(
      size, precision, on: Device.open(plan.device, threadCount: threads))
    if plan.tasks.contains(.load) {
      report.measurements.append(
        measurement(.load, place, samples: [network.packingSeconds], operations: nil))
    }
    for batch in plan.batches {
      let start = try network.start(batch: batch)
      let operations = network.configuration.forwardOperations * Double(batch)
      try measure(.denoiser, place, batch: batch, operations: operations, network.context) {
        _ = try network.forward(start)
      }
      try measure(.step, place, batch: batch, operations: operations, nil) {
        try network.step(start)
      }
    }
  }

  private mutating func measureAutoencoder(
    _ size: BenchmarkSize, _ precision: Precision, _ threads: Int
  ) throws {
    let place = Place(size: size, precision: precision, threads: threads)
    let network = try MeasuredAutoencoder(
      size, precision, on: Device.open(plan.device, threadCount: threads))
    let configuration = network.configuration
    try measure(.encode, place, operations: configuration.encodeOperations, network.context) {
      try network.encode()
    }
    try measure(.decode, place, operations: configuration.decodeOperations, network.context) {
      try network.decode()
    }
  }

  /// A small loop in float32 on one thread, whatever the networks use.
  private mutating func measureLinearPreview(_ size: BenchmarkSize) throws {
    let place = Place(size: size, precision: .float32, threads: Processor.availableCount)
    let geometry = size.autoencoder.geometry
    let preview = LinearPreview(
      geometry: geometry,
      weights: (0..<LinearPreview.featureCount * LinearPreview.colorCount).map { Float($0) / 64 },
      biases: [Float](
        repeating: 0, count: geometry.side * geometry.side * LinearPreview.colorCount))
    let latent = Latent(zerosFor: geometry)
    // One is over too soon to be timed by itself.
    try measure(.linearPreview, place, operations: nil, nil, repeats: 100) {
      _ = preview.images(latent)
    }
  }

  /// Where a measurement belongs.
  private struct Place {
    let size: BenchmarkSize
    let precision: Precision
    let threads: Int

    var text: String { "\(size.rawValue) \(precision.rawValue), \(threads) threads" }
  }

  private func measurement(
    _ task: BenchmarkMeasurement.Task, _ place: Place, batch: Int = 1, neighbourCount: Int = 0,
    samples: [Double], operations: Double?
  ) -> BenchmarkMeasurement {
    BenchmarkMeasurement(
      task: task, size: place.size, precision: place.precision, batch: batch,
      threadCount: namedThreads(place.threads), neighbourCount: neighbourCount, samples: samples,
      operations: operations,
      peak: neighbourCount > 0 ? nil : peaks[place.threads]?[place.precision])
  }

  /// If the plan has the task, runs work once for nothing, then `plan.runs` times for its time; the same
  /// once more beside the plan's neighbours.
  ///
  /// - Parameters:
  ///   - context: Where a profile is taken in a further run, if the plan asks for it.
  ///   - repeats: Times that the work is done in each run; the times are those of one.
  private mutating func measure(
    _ task: BenchmarkMeasurement.Task, _ place: Place, batch: Int = 1, operations: Double?,
    _ context: ComputeContext?, repeats: Int = 1, _ work: () throws -> Void
  ) throws {
    guard plan.tasks.contains(task) else { return }
    let text = "\(task.rawValue) \(place.text)" + (batch == 1 ? "" : ", batch \(batch)")
    func samples() throws -> [Double] {
      try work()
      return try (0..<plan.runs).map { _ in
        try Self.seconds { for _ in 0..<repeats { try work() } } / Double(repeats)
      }
    }
    onProgress(text)
    let result = measurement(
      task, place, batch: batch, samples: try samples(), operations: operations)
    report.measurements.append(result)
    if plan.neighbourCount > 0 {
      onProgress("\(text), beside \(plan.neighbourCount) busy processes")
      let neighbours = try BusyNeighbours(count: plan.neighbourCount)
      defer { neighbours.stop() }
      report.measurements.append(
        measurement(
          task, place, batch: batch, neighbourCount: plan.neighbourCount, samples: try samples(),
          operations: operations))
    }
    guard plan.profiles, let context else { return }
    let profile = OperationProfile()
    context.profile = profile
    defer { context.profile = nil }
    let seconds = try Self.seconds(of: work)
    report.profiles.append(ProfileSummary(profile, name: result.name, seconds: seconds))
  }

  private static func seconds(of work: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    try work()
    return (clock.now - start).inSeconds
  }
}
