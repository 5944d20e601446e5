import Foundation
import RunKit
import StudioKit
import StudioLink
import TerminalUI

extension WorkspaceAnswer {
  /// What an answer means to the studio that asked.
  func messages(to request: WorkspaceRequest) -> [StudioMessage] {
    switch (self, request) {
    case (.done, _): []
    case (.told(let notice), .order(.extend)): [.refused(notice)]
    case (.told(let notice), _): [.follow([.notify(notice)])]
    case (.estimate(let estimate), .query(.estimate(let model, let settings, let start))):
      [.estimated(AppState.EstimateKey(model: model, settings: settings, from: start), estimate)]
    case (.cost(let estimate), .order(.lead(let order))):
      [.follow([.ask(order, order.question ?? [], estimate)])]
    case (.unmet(let unmet), .query(.checkEvaluation(let task))):
      [.evaluationChecked(AppState.EvaluationCheck(task: task, unmet: unmet))]
    case (.preparation(let preparation), .query(.checkTraining(let asked))):
      [.trainingChecked(AppState.TrainingCheck(request: asked, preparation: preparation))]
    case (.sample(let sample), _): [.trainingSample(sample)]
    case (.completion(let completion), _): [.pathCompleted(completion)]
    case (.footage(let footage), _): [.footage(footage)]
    case (.frames(let frames), .query(.loadFrames(let asked))): [.frames(frames, asked: asked)]
    case (.opened(let tree), _): [.opened(tree)]
    case (.model(let model), _): [.follow([.useModel(model)])]
    case (.wouldReplace(let paths, let confirmed), _):
      [.follow([.askToReplace(paths, confirmed: [.workspace(confirmed)])])]
    case (.leads(let destination), _): [.follow(destination.effects)]
    // An answer to something else than was asked.
    case (.estimate, _), (.cost, _), (.unmet, _), (.preparation, _), (.frames, _): []
    }
  }
}

extension WorkspaceAnswer.Destination {
  /// Where the studio goes.
  fileprivate var effects: [StudioEffect] {
    switch self {
    case .model(let model): [.useModel(model), .show(.models)]
    case .footage(let path): [.command(.extend, "footage", argument: path)]
    case .output(let path, let settings): [.show(.make)] + Self.take(settings, of: path)
    }
  }

  /// Takes what made an output: its recipe where the video can be made again, else its settings, and
  /// why they are not all.
  private static func take(_ settings: RunSettings, of path: String) -> [StudioEffect] {
    let url = URL(filePath: path)
    let name = url.lastPathComponent
    var reason = settings.limits.joined(separator: "; ")
    if let recipe = settings.wholeRecipe {
      let (found, missing) = recipe.located(beside: url.deletingLastPathComponent().path)
      guard let missing else { return [.useRecipe(found, of: name, keepsSeeds: true)] }
      reason = "\(missing), which it begins with, is not beside it"
    }
    guard var own = GenerationSettings(settings) else { return [] }
    own.isSeedLocked = false
    let which = settings.recipe?.runs.last.map { " of \($0.clipText)" } ?? ""
    return [
      .remember(.recipe(nil)), .remember(.settings(own)),
      .notify(
        Notice(
          .warning,
          "took only the settings\(which) of \(name)\(reason.isEmpty ? "" : ": \(reason)")",
          remedy: "Another video can be made with them")),
    ]
  }
}

extension StudioEffect {
  /// Asks whether a clip is to be made that leads somewhere, and says what it costs.
  package static func ask(
    _ order: LeadOrder, _ question: [String], _ estimate: DirectedEstimate?
  ) -> StudioEffect {
    var confirmed = order
    confirmed.question = nil
    var lines = Array(question.dropFirst())
    if let estimate {
      lines += [
        "\(estimate.text).",
        "It takes about \(PaceText.time(estimate.whole.seconds))"
          + (estimate.whole.isMeasured ? "." : ", by arithmetic."),
      ]
    }
    return .confirm(
      title: question.first ?? "", lines: lines,
      // Who stands there goes along to what is made.
      confirmed: [.tree(.select(order.video, order.clip)), .order(.lead(confirmed))])
  }

  /// Asks whether files that are there may be replaced.
  fileprivate static func askToReplace(
    _ paths: [String], confirmed: [StudioEffect]
  ) -> StudioEffect {
    let shown = paths.prefix(6).map(\.fileName)
    let more = paths.count > shown.count ? ["and \(paths.count - shown.count) more"] : []
    return .confirm(
      title: paths.count == 1 ? "Replace \(shown[0])?" : "Replace these \(paths.count) files?",
      lines: paths.count == 1
        ? ["It is there already; nothing is written otherwise."] : shown + more,
      confirmed: confirmed)
  }
}
