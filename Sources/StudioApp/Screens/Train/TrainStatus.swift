import HandwrittenText
import RunKit
import StudioLink
import TerminalUI
import TrainingKit

/// How far a run is, what it gives, and what ends it or lets it go on.
struct TrainStatus: Sendable {
  private(set) var bar: ProgressBar?
  private(set) var lines: [JobPanel.Line] = []

  init(_ row: TrainRow, _ app: AppState) {
    guard let run = row.run else {
      describeNew(row, app)
      return
    }
    switch row.state {
    case .running, .stopping: describeRunning(row, run, app)
    case .waiting:
      bar = run.bar
      lines = [
        .init(Self.waitingText(app)),
        .init("\(app.keys[.stop]) takes it from the queue", .secondary),
      ]
    case .stopped:
      bar = run.bar
      lines = [.init("Stopped at step \(run.finishedSteps) of \(run.steps)", .warning)]
      lines += Self.results(run) + [.init("\(app.keys[.run]) goes on from there", .secondary)]
    case .complete:
      bar = run.bar
      lines = [.init("All \(run.steps) steps are done", .success)] + Self.results(run)
      lines.append(.init(Self.next(run), .secondary))
    case .elsewhere:
      bar = run.bar
      lines = [.init(Self.trainer(run), .accent)] + Self.results(run)
      lines.append(.init("Its folder is looked at every few seconds", .secondary))
    case .failed(let sentence, let remedy):
      bar = run.finishedSteps > 0 ? run.bar : nil
      let kept =
        run.finishedSteps > 0
        ? "Step \(run.finishedSteps) is kept: \(app.keys[.run]) goes on from there with the settings of its "
          + "config.toml, \(app.keys[.reuse]) sets up another"
        : "Nothing is kept: \(app.keys[.run]) begins again, \(app.keys[.reuse]) sets up another"
      lines = [.init(sentence, .error), .init(kept, .secondary)]
      if !remedy.isEmpty { lines.append(.init(remedy)) }
    case .damaged(let sentence): lines = [.init(sentence, .error), .init(row.id, .secondary)]
    }
  }

  private mutating func describeNew(_ row: TrainRow, _ app: AppState) {
    switch row.state {
    case .failed(let sentence, let remedy):
      lines = [
        .init(sentence, .error),
        .init("\(app.keys[.run]) tries again, \(app.keys[.reuse]) sets it up anew", .secondary),
      ]
      if !remedy.isEmpty { lines.append(.init(remedy)) }
    case .running, .stopping: lines = [.init("Starting", .secondary)]
    default:
      lines = [
        .init(Self.waitingText(app)),
        .init("\(app.keys[.stop]) takes it from the queue", .secondary),
      ]
    }
  }

  private mutating func describeRunning(
    _ row: TrainRow, _ run: TrainingRunEntry, _ app: AppState
  ) {
    guard let watch = row.watch else {
      lines = [.init("Starting", .secondary)]
      return
    }
    bar = run.bar
    if case .preparing(let part) = watch.phase {
      bar = ProgressBar(
        done: part.done, total: part.total, notes: [part.stage])
    }
    if let progress = watch.progress {
      bar?.notes += [
        PaceText.speed(progress.secondsPerStep),
        "\(PaceText.time(progress.secondsLeft)) left",
      ]
      lines.append(.init(Self.numbers(progress, run)))
      lines.append(.init(Self.figures(progress)))
    } else if case .preparing = watch.phase {
      lines.append(.init("The videos are looked at before the steps begin", .secondary))
    } else if let start = watch.start {
      let videos = counted(start.trainingVideos, "video")
      lines.append(.init("\(videos) to learn from, \(start.heldOutVideos) held out"))
    } else {
      lines.append(.init("Starting", .secondary))
    }
    if watch.isStopping {
      lines.append(.init("Stopping after this step, then saving", .warning))
    } else {
      let saved = watch.checkpointStep.map { "; saved at step \($0)" } ?? ""
      lines.append(.init("\(app.keys[.stop]) stops and saves it\(saved)", .secondary))
    }
    if let note = watch.notes.last { lines.append(.init(note, .secondary)) }
  }

  /// The losses and the last scores.
  private static func numbers(_ progress: TrainingProgress, _ run: TrainingRunEntry) -> String {
    let losses = progress.losses.map {
      "\(TrainingText.label($0.name)) \(TrainingText.number($0.value))"
    }
    return (losses + scores(run)).joined(separator: "  ")
  }

  private static func figures(_ progress: TrainingProgress) -> String {
    var parts = [
      "rate \(TrainingText.number(progress.learningRate))",
      "gradient \(TrainingText.number(progress.gradientNorm))",
      "\(TrainingText.number(progress.clipsPerSecond)) clips/s",
      Wording.bytes(progress.residentBytes),
    ]
    if progress.skippedClips > 0 {
      parts.append("\(counted(progress.skippedClips, "clip")) passed over")
    }
    return parts.joined(separator: "  ")
  }

  private static func scores(_ run: TrainingRunEntry) -> [String] {
    run.scores.names.sorted().compactMap { name in
      run.scores.last(name).map { value in
        "\(TrainingText.label(name)) \(TrainingText.number(value))\(name == "psnr" ? " dB" : "")"
      }
    }
  }

  /// What a run that does not run has reached.
  private static func results(_ run: TrainingRunEntry) -> [JobPanel.Line] {
    let loss = run.history.last("loss").map { ["loss \(TrainingText.number($0))"] } ?? []
    let parts = loss + scores(run)
    return parts.isEmpty ? [] : [.init(parts.joined(separator: "  "))]
  }

  /// Who trains a run that this studio does not.
  private static func trainer(_ run: TrainingRunEntry) -> String {
    run.holder.map { "Trained by \($0.phrase)" } ?? "Another process is training it"
  }

  private static func next(_ run: TrainingRunEntry) -> String {
    run.stage == .autoencoder
      ? "O trains a denoiser for it, a adds it to the models"
      : "a adds it to the models; \(ScreenID.make.keyName) then makes videos with it"
  }

  private static func waitingText(_ app: AppState) -> String {
    app.heavyJob.map { job in
      "Waits until job \(job.id.rawValue) (\(job.title(app))) is over: one at a time"
    } ?? "Waits for its turn"
  }

  /// Draws the bar and the lines from the top of an area on.
  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    var rest = area
    if let bar {
      bar.draw(in: &buffer, area: rest)
      rest = rest.inset(top: 1)
    }
    for (index, line) in lines.enumerated() where !rest.isEmpty {
      // Each of the lines below keeps a row.
      var place = rest
      place.height = min(max(rest.height - (lines.count - index - 1), 1), rest.height)
      let rows = TextWrap.draw(line.text, in: &buffer, area: place, style: Style(line.role))
      rest = rest.inset(top: rows)
    }
  }
}

extension TrainingRunEntry {
  /// Steps done of all.
  var bar: ProgressBar { ProgressBar(done: finishedSteps, total: steps) }

  /// What was set, the most important first.
  var facts: [FactList.Fact] {
    let settings = configuration[stage]
    let planes = configuration.autoencoder
    let network =
      stage == .autoencoder
      ? "width \(planes.width), \(planes.layers) layers"
      : "width \(configuration.denoiser.baseWidth) x "
        + configuration.denoiser.widthMultipliers.map(String.init).joined(separator: " ")
    let clips =
      settings.accumulation > 1
      ? "\(settings.batch) x \(settings.accumulation) clips" : counted(settings.batch, "clip")
    return [
      .init("frames", "\(planes.resolution)x\(planes.resolution)x\(planes.frames)"),
      .init("network", network),
      .init("batch", clips),
      .init("rate", "\(TrainingText.number(settings.learningRate)) \(settings.decay.rawValue)"),
      .init("precision", settings.precision.rawValue),
      .init("average", Self.average(settings)),
      .init("seed", "\(settings.seed)"),
      .init("samples", "every \(settings.sampleInterval) steps"),
      .init("saves", "every \(settings.checkpointInterval) steps"),
      .init("videos", dataPath.fileName),
    ]
  }

  private static func average(_ settings: StageSettings) -> String {
    guard settings.averageDecay > 0 else { return "none" }
    let interval = settings.averageInterval
    return "\(settings.averageDecay)" + (interval > 1 ? " every \(interval) steps" : "")
  }
}
