import EvaluationKit
import Foundation
import KitTestSupport
import MediaIO
import RunKit
import StudioKit
import StudioLink
import Testing
import TrainingKit
import VideoDiffusion

/// What passes through the socket is afterwards what it was before.
@Suite struct WireValueTests {
  private let video = VideoID(rawValue: 3)
  private let clip = ClipID(rawValue: 1 << 60)
  private let job = JobID(rawValue: 7)
  private let model = ModelReference(
    name: "skies \"64\"", autoencoder: "/models/a b.pth", denoiser: nil, framesPerSecond: 7.5)

  private var settings: GenerationSettings {
    var settings = WorkspaceFixture.settings(clips: 4, seed: .max - 1)
    settings.isSeedLocked = true
    settings.guidanceScale = 1.0 / 3
    return settings
  }

  private var recipe: Recipe {
    let text =
      #"[{"autoencoder":"/a","clipCount":2,"denoiser":"/d","firstClip":0,"model":"m","seed":5,"settings":{}}]"#
    guard let recipe = try? JSONDecoder().decode(Recipe.self, from: Data(text.utf8)) else {
      preconditionFailure("the recipe is none")
    }
    return recipe
  }

  private var evaluation: EvaluateTask {
    var task = EvaluateTask(Metric.allCases[0], of: model)
    task.settings = settings
    task.data = "/videos"
    return task
  }

  private var training: TrainingRequest {
    TrainingRequest(
      stage: .diffusion, name: "sky", configuration: "tiny", dataPath: "/videos",
      autoencoderPath: "/a.pth")
  }

  private var axis: SweepAxis { SweepAxis(setting: .steps, values: ["5", "10"]) }
  private var variant: Comparison.Variant { Comparison.Variant(model: model, settings: settings) }

  private func lead(_ lead: ClipLead, _ question: [String]?) -> WorkOrder {
    .lead(
      LeadOrder(
        video: video, clip: clip, fork: 1, lead: lead, model: model, settings: settings,
        question: question))
  }

  private func images(_ count: Int = 3) -> [RGBImage] {
    (0..<count).map { frame in
      RGBImage(
        width: 4, height: 2, pixels: (0..<24).map { UInt8(truncatingIfNeeded: $0 * 11 + frame) })
    }
  }

  private func clip(_ id: Int64, after parent: Int64? = nil) -> Clip {
    Clip(
      id: ClipID(rawValue: id), video: video, parent: parent.map(ClipID.init(rawValue:)),
      source: parent == nil ? .footage(path: "/a.mp4", firstFrame: 16) : .generated,
      settings: settings, model: model, seed: settings.seed, index: parent == nil ? 0 : 1,
      steps: 20,
      created: Date(timeIntervalSinceReferenceDate: 800_000_000.123_456), seconds: 6.1)
  }

  private var tree: ClipTree {
    var tree = ClipTree(video: video, clips: [clip(1), clip(2, after: 1), clip(3, after: 1)])
    tree.drop(ClipID(rawValue: 3))
    tree.star(ClipID(rawValue: 2), true)
    return tree
  }

  // MARK: Requests

  private var requests: [WorkspaceRequest] {
    let queries: [WorkspaceQuery] = [
      .findModels, .hashModel("/models/skies"), .estimate(model, settings, from: .footage),
      .readFootage(path: "/a.mp4", model: model, firstFrame: 3), .loadFrames([clip, clip]),
      .checkEvaluation(evaluation), .findEvaluations, .findTrainingRuns, .checkTraining(training),
      .loadTrainingSample(path: "/s.mp4"), .completePath("~/vid"),
    ]
    let orders: [WorkOrder] = [
      .make(model, settings), .remake(recipe),
      .extend(video, after: clip, fork: 2, model: model, settings: settings),
      .extend(video, after: nil, fork: 0, model: model, settings: settings),
      lead(.clip(clip, frames: 8), ["Bridge?", "a line"]), lead(.start, nil),
      .makeFromFootage(path: "/a.mp4", firstFrame: 5, model: model, settings: settings),
      .compare(title: "two", [variant, variant]), .sweep(variant, columns: axis, rows: nil),
      .sweep(variant, columns: SweepAxis(models: [model]), rows: axis),
      .export(
        ExportTask(
          video: video, through: clip, paths: ["/a.mp4", "/b/"], scale: 4, overwrites: true)),
      .evaluate(evaluation), .train(training), .submitTraining(training), .resumeTraining("/run"),
    ]
    let jobs: [JobChange] = [
      .finish(job, atOnce: true), .pause(job), .resume(job), .cancel(job), .cancelAll(except: job),
      .cancelOnCluster("7"), .move(job, by: -1), .edit(job, settings), .preview(job, .linear),
      .clearFinished,
    ]
    let trees: [TreeChange] = [
      .select(video, clip), .drop(video, clip), .undo(video), .redo(video),
      .star(video, clip, true),
    ]
    let videos: [VideoChange] = [
      .open(video), .loadTree(video), .newCanvas(nil), .newCanvas(model), .rename(video, "a\nb"),
      .mark(video, true), .star(video, false), .trash(video), .restore(video), .emptyTrash,
      .keep(video), .saveStill(clip, frame: 3, path: "/a.png", overwrites: true),
    ]
    let library: [LibraryChange] = [
      .openModel(path: "/m"), .pairModel(autoencoder: "/a", denoiser: "/d"),
      .savePreset(name: "fine", settings: settings), .deletePreset(name: "fine"),
      .deleteComparison(ComparisonID(rawValue: 2)), .forgetEvaluation(EvaluationID(rawValue: 4)),
    ]
    let preferences: [Preference] = [
      .screen(.gallery), .theme("dusk"), .bytesPerSecond(nil), .symbols(.halfBlocks),
      .cellRatio(0.45),
      .settings(settings), .recipe(recipe), .recipe(nil),
      .next(NextClips(video: video, settings: settings, model: nil)), .color(.trueColor),
      .graphics(.cells), .usesMouse(false), .announces(true), .model("/m"), .video(video),
      .evaluation(evaluation), .training(training),
    ]
    return queries.map { .query($0) } + orders.map { .order($0) } + jobs.map { .job($0) }
      + trees.map { .tree($0) } + videos.map { .video($0) } + library.map { .library($0) }
      + preferences.map { .remember($0) } + [.open(path: "/a.mp4")]
  }

  @Test("every request comes as it was sent, with its number")
  func everyRequest() throws {
    for (index, request) in requests.enumerated() {
      let payload = try WireValue.encode(request, number: UInt64.max - UInt64(index))
      #expect(try WireValue.number(of: payload) == UInt64.max - UInt64(index))
      #expect(
        try WireValue.decode(WorkspaceRequest.self, payload, isNumbered: true) == request,
        "\(request)")
    }
  }

  // MARK: Events and answers

  /// Sends a value through and gives it back.
  private func sent<Value: Codable>(_ value: Value) throws -> Value {
    try WireValue.decode(Value.self, try WireValue.encode(value))
  }

  private func expectSame<Value: Codable & Equatable>(_ value: Value) throws {
    #expect(try sent(value) == value)
  }

  @Test("what lists and panes show comes as it was sent")
  func eventValues() throws {
    try expectSame([model])
    try expectSame(tree)
    var entry = ModelEntry(
      reference: model, path: "/models/skies", summary: "skies",
      autoencoder: NetworkSummary(
        .autoencoder(.published), parameters: 12, storedTypes: ["float32": 3]),
      denoiser: NetworkSummary(
        .denoiser(.published), parameters: 12, storedTypes: [:], wrapper: "ema", trainedSteps: 4))
    entry.denoiserHash = "abc"
    try expectSame([entry])
    try expectSame(PresetLibrary(folder: "/nowhere").load().presets)
    try expectSame(
      VideoSummary(
        id: video, title: "sky", modelName: "m", clipCount: 1, totalClipCount: 2, poster: clip,
        framesPerSecond: 8, seed: .max, comparison: ComparisonID(rawValue: 9), exports: ["/a.mp4"],
        created: Date(timeIntervalSinceReferenceDate: 0.1),
        modified: Date(timeIntervalSinceReferenceDate: 0.2)))
    for state: JobState in [
      .waiting, .running, .paused, .interrupted, .finished, .cancelled,
      .failed("no", remedy: "yes"),
    ] {
      try expectSame(
        Job(
          id: job,
          task: .generate(
            GenerateTask(
              video: video, origin: .clip(clip), fork: 1, model: model, settings: settings,
              following: recipe.steps)), state: state, finishedClips: 2, created: Date(),
          started: Date(), worked: 1.5))
    }
    for phase: JobProgress.Phase in [
      .loading(0.3), .encoding, .sampling, .decoding, .writing, .evaluating("real clips"),
      .training("steps"),
    ] {
      var progress = JobProgress(job: job, phase: phase, clipCount: 3)
      progress.secondsLeft = .infinity
      progress.secondsPerStep = 0.1
      try expectSame(progress)
    }
    try expectSame(
      Comparison(
        id: ComparisonID(rawValue: 1), title: "c",
        cells: [Comparison.Cell(label: "a", video: video, job: job, variant: variant)],
        columnAxis: axis))
    try expectSame(Notice(.warning, "a sentence", remedy: "a remedy"))
    try expectSame(RunEstimate(seconds: 1.5, bytes: 1 << 40, isMeasured: true))
  }

  @Test("a training that diverges is told of, with numbers that are none")
  func divergedTraining() throws {
    var run = TrainingRunEntry(
      path: "/run", stage: .diffusion, configuration: TrainingConfiguration(), dataPath: "/videos",
      finishedSteps: 10)
    run.history.add(
      TrainingHistory.Point(step: 10, values: ["loss": .infinity, "psnr": -.infinity]))
    var watch = TrainingWatch(job: job, run: run)
    watch.take(.preparation(ItemProgress("clips", done: 1, total: 2)))
    try expectSame(watch)
    watch.take(
      .progress(
        TrainingProgress(
          step: 20, steps: 30, losses: [NamedNumber("loss", .nan)], learningRate: 1e-4,
          gradientNorm: .nan, secondsPerStep: 1, clipsPerSecond: 2, secondsLeft: 3,
          residentBytes: 4, skippedClips: 5)))
    let back = try sent(watch)
    #expect(back.progress?.losses.first?.value.isNaN == true && back.progress?.step == 20)
  }

  @Test("pictures come with every pixel, and take no more room than these")
  func pictures() throws {
    let frames = ClipFrames(clip: clip, images: images(16))
    let payload = try WireValue.encode(WorkspaceEvent.clipFinished(clip(1), frames))
    guard
      case .clipFinished(let told, let back) = try WireValue.decode(
        WorkspaceEvent.self, payload)
    else {
      Issue.record("another event")
      return
    }
    #expect(told == clip(1) && back.images == frames.images && back.clip == clip)

    let large = (0..<16).map { _ in RGBImage(width: 64, height: 64) }
    let preview = JobPreview(
      job: job, clip: 1, step: 2, stepCount: 3, mode: .decoded, images: large)
    let bytes = try WireValue.encode(WorkspaceEvent.preview(preview)).count
    #expect(bytes < 16 * 64 * 64 * 3 + 2_000)
    guard case .preview(let seen) = try sent(WorkspaceEvent.preview(preview)) else {
      Issue.record("another event")
      return
    }
    #expect(seen.images == large && seen.mode == .decoded && seen.step == 2)
  }

  @Test("every answer keeps its case")
  func everyAnswer() throws {
    let notice = Notice(.success, "done")
    let answers: [WorkspaceAnswer] = [
      .done, .told(notice), .estimate(RunEstimate(seconds: 1, bytes: 2, isMeasured: false)),
      .cost(
        DirectedEstimate(
          steps: 20, directedSteps: 10, share: 2.5,
          whole: RunEstimate(seconds: 1, bytes: 2, isMeasured: true))), .cost(nil),
      .unmet([EvaluationRequirement(.data, "missing")]), .preparation(TrainingPreparation()),
      .sample(TrainingSample(path: "/s", framesPerSecond: 8, images: images())),
      .completion(PathCompletion(of: "/nowhere/")),
      .footage(Footage(path: "/a", frameCount: 9, framesPerSecond: 8, images: images())),
      .frames([ClipFrames(clip: clip, images: images()), ClipFrames(clip: clip, images: images())]),
      .opened(tree), .model("/m"),
      .wouldReplace(["/a"], confirmed: .order(.resumeTraining("/r"))), .leads(to: .model("/m")),
      .leads(to: .footage(path: "/a")),
    ]
    for answer in answers {
      let back = try sent(answer)
      // All but the order of unordered things is the same text.
      guard case .opened(let told) = back else {
        #expect("\(back)" == "\(answer)")
        continue
      }
      #expect(told == tree)
    }
  }

  // MARK: What is none

  @Test("bytes that are no message are refused in a sentence")
  func hostilePayloads() throws {
    let whole = try WireValue.encode(
      WorkspaceEvent.clipFinished(clip(1), ClipFrames(clip: clip, images: images())))
    var payloads: [[UInt8]] = [[], [1], [255, 255, 255, 255], [0, 0, 0, 0], Array("{}".utf8)]
    for count in stride(from: 0, to: whole.count, by: 7) {
      payloads.append(Array(whole.prefix(count)))
    }
    for index in stride(from: 0, to: whole.count - 72, by: 3) {
      var damaged = whole
      damaged[index] ^= 0x11
      payloads.append(damaged)
    }
    var refused = 0
    for payload in payloads {
      do { _ = try WireValue.decode(WorkspaceEvent.self, payload) } catch {
        refused += 1
        #expect(Explanation(error).sentence.contains("do not understand each other"))
      }
    }
    #expect(refused > payloads.count / 4)
  }

  @Test("pictures of an impossible size, or whose pixels lie elsewhere, are refused")
  func hostilePictures() throws {
    for picture in [
      #"{"width":-1,"height":2,"start":0}"#, #"{"width":0,"height":0,"start":0}"#,
      #"{"width":9223372036854775807,"height":2,"start":0}"#,
      #"{"width":32768,"height":32768,"start":0}"#, #"{"width":1,"height":1,"start":-3}"#,
      #"{"width":1,"height":1,"start":9223372036854775807}"#,
      #"{"width":1,"height":1,"start":1}"#,
    ] {
      let text = Array(#"{"clip":1,"images":["#.utf8) + Array(picture.utf8) + Array("]}".utf8)
      var payload: [UInt8] = []
      withUnsafeBytes(of: UInt32(text.count).littleEndian) { payload += $0 }
      payload += text + [1, 2, 3]
      #expect(throws: LinkError.self, "\(picture)") {
        _ = try WireValue.decode(ClipFrames.self, payload)
      }
    }
  }
}
