import Foundation
import KitTestSupport
import RunKit
import TestSupport
import Testing
import VideoDiffusion

@Suite struct TimingTests {
  @Test("an average follows the times and shrugs off an outlier")
  func outliers() {
    var average = TimingAverage(1)
    for _ in 0..<20 {
      average.add(1.02)
      average.add(0.98)
    }
    #expect(abs(average.seconds - 1) < 0.01)
    average.add(100)
    #expect(average.seconds < 1.02)
    average.add(.nan)
    average.add(-1)
    #expect(average.seconds < 1.02 && average.count == 42)
    // A machine that has become slower is believed in time.
    for _ in 0..<300 { average.add(2) }
    #expect(abs(average.seconds - 2) < 0.05)
  }

  @Test("a store averages by network, precision, threads and operation")
  func store() throws {
    let store = MemoryTimingStore()
    let key = TimingKey(network: "a", precision: .float32, threadCount: 2, operation: .step)
    try store.note(1, for: key)
    try store.note(3, for: key)
    try store.note(.infinity, for: key)
    #expect(store.timing(for: key)?.seconds == 2)
    for other in [
      TimingKey(network: "b", precision: .float32, threadCount: 2, operation: .step),
      TimingKey(network: "a", precision: .bfloat16, threadCount: 2, operation: .step),
      TimingKey(network: "a", precision: .float32, threadCount: 1, operation: .step),
      TimingKey(network: "a", precision: .float32, threadCount: 2, operation: .decode),
    ] {
      #expect(store.timing(for: other) == nil)
    }
    #expect(TimingKey.network(hash: "ff", path: "/x") == "ff")
    #expect(TimingKey.network(hash: nil, path: "/dev/null") == "/dev/null 0")
  }
}

@Suite struct RunEstimatorTests {
  private let model: ModelEntry
  private let store = MemoryTimingStore()
  private let machine = MachineRate(float32: 500, bfloat16: 1000, processorCount: 2)
  private var estimator: RunEstimator { RunEstimator(machine: machine, store: store) }

  init() throws {
    var model = try ModelLibrary.entry(at: Samples.path("skies-64"))
    model.denoiserHash = "d"
    model.autoencoderHash = "a"
    self.model = model
  }

  private func note(_ operation: TimingKey.Operation, _ seconds: Double, _ network: String) throws {
    try store.note(
      seconds,
      for: TimingKey(network: network, precision: .float32, threadCount: 2, operation: operation))
  }

  private func settings(clips: Int?) -> GenerationSettings {
    var settings = GenerationSettings()
    settings.clipCount = clips
    settings.preview = .off
    return settings
  }

  private func seconds(
    _ settings: GenerationSettings, from start: RunEstimator.Start = .nothing,
    isLoaded: Bool = true
  ) throws -> Double {
    try #require(estimator.estimate(settings, model: model, from: start, isLoaded: isLoaded))
      .seconds
  }

  @Test("times of this machine add up to the run's")
  func measured() throws {
    try note(.step, 0.5, "d")
    try note(.decode, 3, "a")
    try note(.load, 2, "d")
    try note(.load, 1, "a")
    try note(.encode, 4, "a")
    // 100 steps, then 20 for each of two clips; three decodings.
    #expect(try abs(seconds(settings(clips: 3)) - (50 + 20 + 9)) < 1e-9)
    #expect(try abs(seconds(settings(clips: 3), isLoaded: false) - 82) < 1e-9)
    #expect(try abs(seconds(settings(clips: 1), from: .clip) - (10 + 3)) < 1e-9)
    #expect(try abs(seconds(settings(clips: 1), from: .footage) - (10 + 3 + 4)) < 1e-9)
    #expect(try seconds(settings(clips: nil)) == seconds(settings(clips: 1)))
    var guided = settings(clips: 2)
    guided.guidanceScale = 1
    #expect(try abs(seconds(guided) - (50 + 20 + 6)) < 1e-9)
    #expect(estimator.estimate(guided, model: model)?.isMeasured == false)
    try note(.guidedStep, 0.8, "d")
    #expect(try abs(seconds(guided) - (50 + 16 + 6)) < 1e-9)
    #expect(estimator.estimate(guided, model: model)?.isMeasured == true)
    var decoded = settings(clips: 1)
    decoded.preview = .decoded
    #expect(try abs(seconds(decoded) - (50 + 3 + 30)) < 1e-9)
    decoded.reencodesCondition = true
    #expect(try abs(seconds(decoded) - (50 + 3 + 30 + 7)) < 1e-9)
  }

  @Test("without times, arithmetic and the machine's rate stand in, and it says so")
  func arithmetic() throws {
    let estimate = try #require(estimator.estimate(settings(clips: 1), model: model))
    #expect(!estimate.isMeasured && estimate.seconds > 0)
    let faster = RunEstimator(
      machine: MachineRate(float32: 5000, bfloat16: 9000, processorCount: 2), store: store)
    let less = try #require(faster.estimate(settings(clips: 1), model: model))
    #expect(less.seconds < estimate.seconds)
    var slow = settings(clips: 1)
    slow.threadCount = 1
    #expect(try seconds(slow) > seconds(settings(clips: 1)))
  }

  @Test("memory counts weights in their precision, and a model without a network has no estimate")
  func memory() throws {
    var settings = settings(clips: 1)
    let float = try #require(estimator.estimate(settings, model: model)).bytes
    settings.precision = .bfloat16
    let brain = try #require(estimator.estimate(settings, model: model)).bytes
    // 11.3 M parameters.
    #expect(float - brain > 21 << 20)
    var half = model
    half.denoiser = nil
    #expect(estimator.estimate(settings, model: half) == nil)
  }
}

@Suite struct RunPaceTests {
  @Test("time left counts the steps and decodings of this clip and of all to come")
  func timeLeft() throws {
    var pace = RunPace(TinyModel.request(clips: 3))
    #expect(pace.secondsLeft == nil && pace.secondsPerStep == nil)
    pace.noteClip(0, stepCount: 3, isContinuation: false)
    pace.noteStep(1, of: 3, seconds: 2)
    #expect(pace.secondsPerStep == 2)
    // Two steps of this clip, two of each of two more.
    #expect(pace.secondsLeft == 12)
    pace.noteDecoding(seconds: 5)
    #expect(pace.secondsLeft == 27)
    pace.noteClip(1, stepCount: 2, isContinuation: true)
    pace.noteStep(1, of: 2, seconds: 1)
    #expect(pace.secondsPerStep == 1 && pace.secondsLeft == 1 + 2 + 10)
    pace.noteClip(3, stepCount: 2, isContinuation: true)
    #expect(pace.secondsLeft == 0)
  }

  @Test("guidance doubles what is expected of later clips until one of their steps is done")
  func guidance() {
    var request = TinyModel.request(clips: 2)
    request.guidanceScale = 1
    var pace = RunPace(request)
    pace.noteClip(0, stepCount: 3, isContinuation: false)
    pace.noteStep(3, of: 3, seconds: 1)
    #expect(pace.secondsLeft == 4)
    pace.noteClip(1, stepCount: 2, isContinuation: true)
    pace.noteStep(1, of: 2, seconds: 1.5)
    #expect(pace.secondsLeft == 1.5)
  }

  @Test("one slow step of many does not change the pace, and a run without end has no end")
  func outliersAndEndlessRuns() throws {
    var request = TinyModel.request()
    request.clipCount = nil
    var pace = RunPace(request)
    pace.noteClip(0, stepCount: 100, isContinuation: false)
    for step in 1...30 { pace.noteStep(step, of: 100, seconds: step == 25 ? 60 : 1) }
    #expect(pace.secondsPerStep == 1)
    #expect(pace.secondsLeft == nil)
    #expect(pace.previewShare == 0)
    pace.notePreview(seconds: 89)
    #expect(pace.previewShare == 0.5)
  }
}
