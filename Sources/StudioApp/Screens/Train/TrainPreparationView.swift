import HandwrittenText
import RunKit
import StudioKit
import TerminalUI
import TrainingKit

/// What is known of a training before it begins, and what keeps it from beginning.
struct TrainPreparationView: Sendable {
  private var title = "Before it begins"
  private var lines: [JobPanel.Line] = []
  /// Whether lines are sentences, between which a row is left where there is room.
  private var areSentences = true

  init(_ form: TrainForm, _ app: AppState) {
    if let path = form.typedPath {
      let completion = app.pathCompletion
      let candidates =
        completion.flatMap { [$0.typed, $0.completed].contains(path) ? $0.candidates : nil }
      if let candidates {
        title = "Fits \(path.fileName)"
        areSentences = false
        lines =
          candidates.isEmpty
          ? [.init("nothing of that name", .warning)] : candidates.map { .init($0) }
        return
      }
    }
    let request = form.chosen
    guard let preparation = app.preparation(of: request) else {
      lines = [.init("Looking at the videos and the settings ...", .secondary)]
      return
    }
    if let problem = preparation.problem {
      lines.append(.init(problem.sentence, .error))
      if !problem.remedy.isEmpty { lines.append(.init(problem.remedy)) }
    } else {
      lines.append(.init("r starts it", .success))
    }
    if let job = app.heavyJob {
      lines.append(
        .init(
          "Job \(job.id.rawValue) (\(job.title(app))) is at work; this starts when that is over",
          .warning))
    }
    if let configuration = preparation.configuration {
      describe(configuration, request.stage, preparation)
    }
    lines += preparation.notes.map { .init($0, .secondary) }
  }

  private mutating func describe(
    _ configuration: TrainingConfiguration, _ stage: TrainingStage,
    _ preparation: TrainingPreparation
  ) {
    let network = configuration.autoencoder
    let size = "\(network.resolution)x\(network.resolution)x\(network.frames)"
    if let count = preparation.parameterCount {
      let kind = stage == .autoencoder ? "Autoencoder" : "Denoiser"
      lines.append(.init("\(kind) for \(size), \(Wording.parameters(count)) parameters"))
    }
    if let training = preparation.trainingVideos {
      let heldOut = preparation.heldOutVideos ?? 0
      lines.append(
        .init(
          "\(counted(training, "video")) to learn from, \(heldOut) held out for scores"))
      if heldOut == 0 {
        lines.append(.init("Without videos held out there are no scores", .warning))
      }
    }
    if let bytes = preparation.stateBytes {
      let whole = preparation.measured?.residentBytes
      lines.append(
        .init(
          whole.map {
            "Memory: about \(Wording.bytes($0)), as in \(preparation.measured?.run ?? "")"
          }
            ?? "Memory: \(Wording.bytes(bytes)) for weights, gradients and optimiser; features come "
            + "on top and are known after the first steps"))
    }
    guard preparation.parameterCount != nil else { return }
    let steps = configuration[stage].steps
    lines.append(
      .init(
        preparation.measured.map { measured in
          let time = PaceText.time(measured.secondsPerStep * Double(steps))
          return
            "Time: about \(time), \(steps) steps at \(PaceText.speed(measured.secondsPerStep)) "
            + "as in \(measured.run)"
        }
          ?? "Time: unknown for \(steps) steps, since nothing like it ran here; it is shown after the "
          + "first steps"))
  }

  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    var rest = Border(title: title).draw(in: &buffer, area: area).inset(left: 1, right: 1)
    let needed = lines.reduce(0) { $0 + TextWrap.lines($1.text, width: rest.width).count }
    let gap = areSentences && needed + lines.count - 1 <= rest.height ? 1 : 0
    for line in lines where !rest.isEmpty {
      let rows = TextWrap.draw(line.text, in: &buffer, area: rest, style: Style(line.role))
      rest = rest.inset(top: rows + gap)
    }
  }
}
