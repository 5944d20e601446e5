import HandwrittenText
import RunKit
import TensorCore
import VideoDiffusion

extension EvaluationRun {
  /// Steps of each kind of clip that are timed, after one that is not counted.
  private static let timedSteps = 5

  /// Frames of the long video that the paper times.
  private static let longVideoFrames = 128

  /// Seconds a step, a clip and a 128-frame video, and the most memory that was in use.
  ///
  /// A few steps are timed, since all steps of a clip take the same time; what many of them take is
  /// computed from the median.
  package func efficiency(_ result: inout EvaluationReport) async throws {
    MemoryUse.resetPeak()
    let model = try await model(&result)
    let isConditional = await model.engine.denoiserConfiguration?.isConditional ?? false
    let first = model.request.firstSampler
    let later = model.request.laterSampler
    var request = model.request
    request.clipCount = isConditional ? 2 : 1
    // A solver may need all its steps, but not to be run to the end.
    var times: [[Double]] = [[], []]
    var decoding: [Double] = []
    let clock = ContinuousClock()
    var state = GenerationState()
    for clip in 0..<(request.clipCount ?? 1) {
      let enough = StopSignal()
      let steps = min(Self.timedSteps + 1, clip == 0 ? first.steps : later.steps)
      for try await event in model.engine.generate(request, from: state, stop: enough) {
        if stop.moment > .never { enough.requestStop(.afterStep) }
        guard case .step(let step) = event, times[clip].count < steps else { continue }
        times[clip].append(step.seconds)
        report(
          .progress(
            ItemProgress(
              clip == 0 ? "steps of a first clip" : "steps of a later clip",
              done: times[clip].count, total: steps)))
        if times[clip].count == steps {
          enough.requestStop(.afterStep)
          state = GenerationState(condition: step.cleanEstimates)
          state.finishedClips = 1
        }
      }
      guard stop.moment == .never, let latent = state.condition?.first else {
        throw EvaluationStopped(stage: "timing", saved: 0, total: 1)
      }
      for _ in 0..<3 {
        let start = clock.now
        _ = try await model.engine.decode(latent)
        decoding.append((clock.now - start) / .seconds(1))
      }
    }
    let decode = decoding.median
    let batch = Double(request.sampleCount)
    // The first one also prepares; a clip of one step has no other.
    let timed = times.map { $0.count > 1 ? Array($0.dropFirst()) : $0 }
    let firstStep = timed[0].median
    let firstClip = firstStep * Double(first.steps) / batch + decode
    result.protocol.resolution = model.configuration.resolution
    result.protocol.frames = model.configuration.frames
    result.protocol.machine =
      result.protocol.device
      ?? "\(MachineFacts.processorName), \(counted(model.engine.threadCount, "thread"))"
    result.scores = [
      .init("step of a first clip", firstStep, unit: "s"),
      .init("decoding a clip", decode, unit: "s"),
      .init("first clip, \(first.steps) steps", firstClip, unit: "s"),
    ]
    if isConditional {
      let laterStep = timed[1].median
      let laterClip = laterStep * Double(later.steps) / batch + decode
      let frames = model.configuration.frames
      let clips = (Self.longVideoFrames + frames - 1) / frames
      result.scores += [
        .init("step of a later clip", laterStep, unit: "s"),
        .init("later clip, \(later.steps) steps", laterClip, unit: "s"),
        .init(
          "video of \(Self.longVideoFrames) frames", firstClip + Double(clips - 1) * laterClip,
          unit: "s"),
      ]
    }
    result.scores.append(
      .init(
        "peak memory",
        Double(await model.engine.peakDeviceBytes ?? MemoryUse.peakResidentByteCount) / 1e9,
        unit: "GB"))
    let steps = timed.filter { !$0.isEmpty }.map { counted($0.count, "step") }
    let counts = steps.allSatisfy { $0 == steps[0] } ? [steps[0]] : steps
    result.notes.append(
      "medians of \(counts.joined(separator: " and ")) and \(decoding.count) decodings; clips and "
        + "videos are computed from them")
    if request.sampleCount > 1 {
      result.notes.append("steps make \(request.sampleCount) videos at once, clips are of one")
    }
  }
}
