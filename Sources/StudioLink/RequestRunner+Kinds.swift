import Foundation
import RunKit
import StudioKit

/// What each kind of request asks of the workspace.
extension RequestRunner {
  static func carryOut(
    _ request: WorkspaceRequest, _ workspace: Workspace
  ) async throws -> WorkspaceAnswer {
    switch request {
    case .query(let query): return try await answer(query, workspace)
    case .order(let order): return try await carryOut(order, workspace)
    case .job(let change): try await carryOut(change, workspace)
    case .tree(let change): try await carryOut(change, workspace)
    case .video(let change): return try await carryOut(change, workspace)
    case .library(let change): return try await carryOut(change, workspace)
    case .remember(let preference):
      var preferences: Preferences = await workspace.state(Preferences.stateName) ?? Preferences()
      preferences.set(preference)
      try await workspace.setState(Preferences.stateName, preferences)
    case .open(let path): return try await open(path, workspace)
    }
    return .done
  }

  private static func answer(
    _ query: WorkspaceQuery, _ workspace: Workspace
  ) async throws -> WorkspaceAnswer {
    switch query {
    case .findModels: await workspace.findModels()
    case .hashModel(let model): try await workspace.hashModel(model)
    case .estimate(let model, let settings, let start):
      guard let estimate = await workspace.estimate(model, settings, from: start) else { break }
      return .estimate(estimate)
    case .checkEvaluation(let task): return .unmet(await workspace.unmetRequirements(of: task))
    case .findEvaluations: try await workspace.findEvaluations()
    case .findTrainingRuns: await workspace.findTrainingRuns()
    case .checkTraining(let request):
      return .preparation(await workspace.preparation(of: request))
    case .loadTrainingSample(let path):
      return .sample(try await workspace.trainingSample(at: path))
    case .completePath(let typed): return .completion(PathCompletion(of: typed))
    case .readFootage(let path, let model, let firstFrame):
      return .footage(try await workspace.footage(path, for: model, from: firstFrame))
    case .loadFrames(let clips): return .frames(await workspace.frames(of: clips))
    }
    return .done
  }

  private static func carryOut(
    _ order: WorkOrder, _ workspace: Workspace
  ) async throws -> WorkspaceAnswer {
    switch order {
    case .make(let model, let settings):
      let (video, _) = try await workspace.make(model, settings)
      return .opened(try await workspace.tree(of: video))
    case .remake(let recipe):
      let (video, _) = try await workspace.make(recipe)
      return .opened(try await workspace.tree(of: video))
    case .extend(let video, let clip, let fork, let model, let settings):
      try await workspace.extend(
        video, after: clip, fork: fork, model: model, settings: settings)
    case .lead(let order):
      let estimate = try await workspace.estimate(
        order.lead, after: order.clip, in: order.video, model: order.model,
        settings: order.settings)
      guard order.question == nil else { return .cost(estimate) }
      try await workspace.extend(
        order.video, after: order.clip, fork: order.fork, model: order.model,
        settings: order.settings, leading: order.lead)
    case .makeFromFootage(let path, let firstFrame, let model, let settings):
      let (video, _) = try await workspace.makeFromFootage(
        path, firstFrame: firstFrame, model: model, settings: settings)
      return .opened(try await workspace.tree(of: video))
    case .compare(let title, let variants):
      _ = try await workspace.compare(title: title, variants)
    case .sweep(let variant, let columns, let rows):
      _ = try await workspace.sweep(variant, columns: columns, rows: rows)
    case .export(let task):
      let taken = await workspace.takenNames(of: task)
      guard taken.isEmpty else {
        var replacing = task
        replacing.overwrites = true
        return .wouldReplace(taken, confirmed: .order(.export(replacing)))
      }
      try await workspace.export(task)
      let names = task.paths.map { URL(filePath: $0).lastPathComponent }
      return .told(Notice(.information, "writing \(names.joined(separator: ", "))"))
    case .evaluate(let task): _ = try await workspace.evaluate(task)
    case .train(let request): _ = try await workspace.train(request)
    case .submitTraining(let request): try await workspace.submit(request)
    case .resumeTraining(let folder): _ = try await workspace.resumeTraining(folder)
    }
    return .done
  }

  private static func carryOut(_ change: JobChange, _ workspace: Workspace) async throws {
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

  private static func carryOut(_ change: TreeChange, _ workspace: Workspace) async throws {
    switch change {
    case .select(let video, let clip): try await workspace.select(clip, in: video)
    case .drop(let video, let clip): try await workspace.drop(clip, in: video)
    case .undo(let video): try await workspace.undo(video)
    case .redo(let video): try await workspace.redo(video)
    case .star(let video, let clip, let isStarred):
      try await workspace.star(clip, in: video, isStarred)
    }
  }

  private static func carryOut(
    _ change: VideoChange, _ workspace: Workspace
  ) async throws -> WorkspaceAnswer {
    switch change {
    case .open(let video): return .opened(try await workspace.tree(of: video))
    // Everybody hears of a tree that is read, whoever asked among them.
    case .loadTree(let video): try await workspace.tree(of: video)
    case .newCanvas(let model):
      let video = try await workspace.newCanvas(model)
      return .opened(try await workspace.tree(of: video))
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
        return .wouldReplace([path], confirmed: .video(replacing))
      }
      try await workspace.saveStill(
        of: clip, frame: frame, to: path.absolutePath, overwrites: overwrites)
    }
    return .done
  }

  private static func carryOut(
    _ change: LibraryChange, _ workspace: Workspace
  ) async throws -> WorkspaceAnswer {
    switch change {
    case .openModel(let path):
      let model = try await workspace.openModel(path)
      return halfModel(model) ?? .model(model.id)
    case .pairModel(let autoencoder, let denoiser):
      return .model(
        try await workspace.pairModel(autoencoder: autoencoder, denoiser: denoiser).id)
    case .savePreset(let name, let settings):
      try await workspace.savePreset(name, settings)
      return .told(Notice(.success, "the preset \(name) is kept"))
    case .deletePreset(let name): try await workspace.deletePreset(name)
    case .deleteComparison(let comparison): try await workspace.deleteComparison(comparison)
    case .forgetEvaluation(let evaluation): try await workspace.forgetEvaluation(evaluation)
    }
    return .done
  }

  /// What to say of a model that lacks a network, which is listed and not used.
  private static func halfModel(_ model: ModelEntry) -> WorkspaceAnswer? {
    guard !model.canGenerate else { return nil }
    let missing = model.denoiser == nil ? "denoiser" : "autoencoder"
    return .told(
      Notice(
        .information,
        "\(model.reference.name) is among the models, without the \(missing) that videos need",
        remedy: "Pair it with one that was trained with it"))
  }

  /// What a path leads to: a model is used, an output's settings come back, any other video can be
  /// continued.
  private static func open(
    _ path: String, _ workspace: Workspace
  ) async throws -> WorkspaceAnswer {
    let path = path.expandingHome
    let found = try await workspace.inspection(of: path)
    switch found.kind {
    case .model, .network,
      .training where found.model != nil:
      let model = try await workspace.openModel(path)
      return halfModel(model) ?? .leads(to: .model(model.id))
    default: break
    }
    guard let settings = try await workspace.runSettings(in: path) else {
      return .leads(to: .footage(path: path))
    }
    return .leads(to: .output(path: path, settings))
  }
}
