import Foundation
import RunKit
import StudioKit
import TerminalUI

/// What each kind of request asks of the workspace.
extension EffectRunner {
  static func answer(
    _ query: WorkspaceQuery, _ workspace: Workspace, _ sender: Sender
  ) async throws {
    switch query {
    case .findModels: _ = await workspace.findModels()
    case .hashModel(let model): try await workspace.hashModel(model)
    case .estimate(let model, let settings, let start):
      guard let estimate = await workspace.estimate(model, settings, from: start) else { return }
      let key = AppState.EstimateKey(model: model, settings: settings, from: start)
      sender.send(.estimated(key, estimate))
    case .checkEvaluation(let task):
      let unmet = await workspace.unmetRequirements(of: task)
      sender.send(.evaluationChecked(AppState.EvaluationCheck(task: task, unmet: unmet)))
    case .findEvaluations: try await workspace.findEvaluations()
    case .findTrainingRuns: await workspace.findTrainingRuns()
    case .checkTraining(let request):
      let preparation = await workspace.preparation(of: request)
      sender.send(
        .trainingChecked(AppState.TrainingCheck(request: request, preparation: preparation)))
    case .loadTrainingSample(let path):
      sender.send(.trainingSample(try await workspace.trainingSample(at: path)))
    case .completePath(let typed): sender.send(.pathCompleted(PathCompletion(of: typed)))
    case .readFootage(let path, let model, let firstFrame):
      sender.send(.footage(try await workspace.footage(path, for: model, from: firstFrame)))
    case .loadFrames(let clips):
      sender.send(.frames(await workspace.frames(of: clips)))
    }
  }

  static func carryOut(
    _ order: WorkOrder, _ workspace: Workspace, _ sender: Sender
  ) async throws {
    switch order {
    case .make(let model, let settings):
      let (video, _) = try await workspace.make(model, settings)
      sender.send(.opened(try await workspace.tree(of: video)))
    case .remake(let recipe):
      let (video, _) = try await workspace.make(recipe)
      sender.send(.opened(try await workspace.tree(of: video)))
    case .extend(let video, let clip, let fork, let model, let settings):
      try await workspace.extend(
        video, after: clip, fork: fork, model: model, settings: settings)
    case .lead(let order):
      let estimate = try await workspace.estimate(
        order.lead, after: order.clip, in: order.video, model: order.model,
        settings: order.settings)
      guard let question = order.question else {
        try await workspace.extend(
          order.video, after: order.clip, fork: order.fork, model: order.model,
          settings: order.settings, leading: order.lead)
        return
      }
      sender.send(.follow([.ask(order, question, estimate)]))
    case .makeFromFootage(let path, let firstFrame, let model, let settings):
      let (video, _) = try await workspace.makeFromFootage(
        path, firstFrame: firstFrame, model: model, settings: settings)
      sender.send(.opened(try await workspace.tree(of: video)))
    case .compare(let title, let variants):
      _ = try await workspace.compare(title: title, variants)
    case .sweep(let variant, let columns, let rows):
      _ = try await workspace.sweep(variant, columns: columns, rows: rows)
    case .export(let task):
      let taken = await workspace.takenNames(of: task)
      guard taken.isEmpty else {
        var replacing = task
        replacing.overwrites = true
        return sender.send(.follow([.askToReplace(taken, confirmed: [.order(.export(replacing))])]))
      }
      try await workspace.export(task)
      let names = task.paths.map { URL(filePath: $0).lastPathComponent }
      sender.send(
        .follow([.notify(Notice(.information, "writing \(names.joined(separator: ", "))"))]))
    case .evaluate(let task): _ = try await workspace.evaluate(task)
    case .train(let request): _ = try await workspace.train(request)
    case .submitTraining(let request): try await workspace.submit(request)
    case .resumeTraining(let folder): _ = try await workspace.resumeTraining(folder)
    }
  }

  static func carryOut(_ change: JobChange, _ workspace: Workspace) async throws {
    switch change {
    case .finish(let job, let atOnce): await workspace.finish(job, atOnce: atOnce)
    case .pause(let job): await workspace.pause(job)
    case .resume(let job): await workspace.resume(job)
    case .cancel(let job): await workspace.cancel(job)
    case .cancelAll(let kept): await workspace.cancel(except: kept)
    case .cancelOnCluster(let job): try await workspace.cancelOnCluster(job)
    case .move(let job, let places): try await workspace.move(job, by: places)
    case .edit(let job, let settings): try await workspace.edit(job, settings)
    case .preview(let job, let mode): try await workspace.setPreview(of: job, mode)
    case .clearFinished: try await workspace.clearFinishedJobs()
    }
  }

  static func carryOut(_ change: TreeChange, _ workspace: Workspace) async throws {
    switch change {
    case .select(let video, let clip): try await workspace.select(clip, in: video)
    case .drop(let video, let clip): try await workspace.drop(clip, in: video)
    case .undo(let video): try await workspace.undo(video)
    case .redo(let video): try await workspace.redo(video)
    case .star(let video, let clip, let isStarred):
      try await workspace.star(clip, in: video, isStarred)
    }
  }

  static func carryOut(
    _ change: VideoChange, _ workspace: Workspace, _ sender: Sender
  ) async throws {
    switch change {
    case .open(let video): sender.send(.opened(try await workspace.tree(of: video)))
    case .loadTree(let video):
      sender.send(.workspace(.tree(try await workspace.tree(of: video))))
    case .newCanvas(let model):
      let video = try await workspace.newCanvas(model)
      sender.send(.opened(try await workspace.tree(of: video)))
    case .rename(let video, let title): try await workspace.rename(video, title)
    case .mark(let video, let isMarked): try await workspace.mark(video, isMarked)
    case .star(let video, let isStarred): try await workspace.star(video, isStarred)
    case .trash(let video): try await workspace.trash(video)
    case .restore(let video): try await workspace.restore(video)
    case .emptyTrash: try await workspace.emptyTrash()
    case .keep(let video): try await workspace.keep(video)
    case .saveStill(let clip, let frame, let path, let overwrites):
      guard overwrites || !FileManager.default.fileExists(atPath: path.absolutePath) else {
        let replacing = VideoChange.saveStill(clip, frame: frame, path: path, overwrites: true)
        return sender.send(.follow([.askToReplace([path], confirmed: [.video(replacing)])]))
      }
      try await workspace.saveStill(
        of: clip, frame: frame, to: path.absolutePath, overwrites: overwrites)
    }
  }

  static func carryOut(
    _ change: LibraryChange, _ workspace: Workspace, _ sender: Sender
  ) async throws {
    switch change {
    case .openModel(let path):
      let model = try await workspace.openModel(path)
      sender.send(.follow([.useModel(model.id)]))
    case .pairModel(let autoencoder, let denoiser):
      let model = try await workspace.pairModel(autoencoder: autoencoder, denoiser: denoiser)
      sender.send(.follow([.useModel(model.id)]))
    case .savePreset(let name, let settings):
      try await workspace.savePreset(name, settings)
      sender.send(.follow([.notify(Notice(.success, "the preset \(name) is kept"))]))
    case .deletePreset(let name): try await workspace.deletePreset(name)
    case .deleteComparison(let comparison): try await workspace.deleteComparison(comparison)
    case .forgetEvaluation(let evaluation): try await workspace.forgetEvaluation(evaluation)
    }
  }

  /// What a path leads to: a model is used, an output's settings come back, any other video can be
  /// continued.
  static func open(_ path: String, _ workspace: Workspace) async throws -> [StudioEffect] {
    let path = path.expandingHome
    let found = try await workspace.inspection(of: path)
    switch found.kind {
    case .model, .network,
      .training where found.model != nil:
      let model = try await workspace.openModel(path)
      return [.useModel(model.id), .show(.models)]
    default: break
    }
    guard let settings = try await workspace.runSettings(in: path) else {
      return [.command(.extend, "footage", argument: path)]
    }
    return [.show(.make)] + take(settings, of: path)
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
          remedy: "r makes another video with them")),
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
  static func askToReplace(_ paths: [String], confirmed: [StudioEffect]) -> StudioEffect {
    let shown = paths.prefix(6).map(\.fileName)
    let more = paths.count > shown.count ? ["and \(paths.count - shown.count) more"] : []
    return .confirm(
      title: paths.count == 1 ? "Replace \(shown[0])?" : "Replace these \(paths.count) files?",
      lines: paths.count == 1
        ? ["It is there already; nothing is written otherwise."] : shown + more,
      confirmed: confirmed)
  }
}
