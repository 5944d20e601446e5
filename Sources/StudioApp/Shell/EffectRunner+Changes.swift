import Foundation
import RunKit
import StudioKit
import TerminalUI

extension EffectRunner {
  /// Carries out an effect that changes something.
  static func change(
    _ effect: StudioEffect, _ workspace: Workspace, _ sender: Sender
  ) async throws {
    switch effect {
    case .openModel, .pairModel, .make, .extend, .makeFromFootage, .savePreset, .deletePreset:
      try await changeModelsAndVideos(effect, workspace, sender)
    case .finishJob, .pauseJob, .resumeJob, .cancelJob, .cancelJobs, .moveJob, .editJob,
      .clearFinishedJobs:
      try await changeJobs(effect, workspace)
    case .open(let path): sender.send(.follow(try await open(path, workspace)))
    case .remember(let preference):
      var memory = await memory(of: workspace)
      memory.note(preference)
      try await workspace.setState(memoryName, memory)
    case .quit:
      await workspace.close()
      sender.send(.closed)
    default: try await changeVideo(effect, workspace, sender)
    }
  }

  /// What a path leads to: a model is used, an output's settings come back, any other video can be
  /// continued.
  private static func open(_ path: String, _ workspace: Workspace) async throws -> [StudioEffect] {
    let path = path.expandingHome
    let found = try await workspace.inspection(of: path)
    switch found.kind {
    case .model, .network,
      .training where found.model != nil:
      let model = try await workspace.openModel(path)
      return [.useModel(model.id), .show(.models)]
    default: break
    }
    guard var settings = try await workspace.settings(in: path) else {
      return [.command(.extend, "footage", argument: path)]
    }
    // The same video again, until the user draws another seed.
    settings.isSeedLocked = true
    let name = URL(filePath: path).lastPathComponent
    return [
      .remember(.settings(settings)), .show(.make),
      .notify(Notice(.success, "the settings of \(name) are back", remedy: "r makes it again")),
    ]
  }

  private static let memoryName = "studio"

  /// What was remembered.
  static func memory(of workspace: Workspace) async -> Memory {
    await workspace.state(memoryName) ?? Memory()
  }

  private static func changeModelsAndVideos(
    _ effect: StudioEffect, _ workspace: Workspace, _ sender: Sender
  ) async throws {
    switch effect {
    case .openModel(let path):
      let model = try await workspace.openModel(path)
      sender.send(.follow([.useModel(model.id)]))
    case .pairModel(let autoencoder, let denoiser):
      let model = try await workspace.pairModel(autoencoder: autoencoder, denoiser: denoiser)
      sender.send(.follow([.useModel(model.id)]))
    case .make(let model, let settings):
      let (video, _) = try await workspace.make(model, settings)
      sender.send(.opened(try await workspace.tree(of: video)))
    case .extend(let video, let clip, let fork, let model, let settings):
      try await workspace.extend(
        video, after: clip, fork: fork, model: model, settings: settings)
    case .makeFromFootage(let path, let firstFrame, let model, let settings):
      let (video, _) = try await workspace.makeFromFootage(
        path, firstFrame: firstFrame, model: model, settings: settings)
      sender.send(.opened(try await workspace.tree(of: video)))
    case .savePreset(let name, let settings):
      try await workspace.savePreset(name, settings)
      sender.send(.follow([.notify(Notice(.success, "the preset \(name) is kept"))]))
    case .deletePreset(let name): try await workspace.deletePreset(name)
    default: break
    }
  }

  private static func changeJobs(
    _ effect: StudioEffect, _ workspace: Workspace
  ) async throws {
    switch effect {
    case .finishJob(let job, let atOnce): await workspace.finish(job, atOnce: atOnce)
    case .pauseJob(let job): await workspace.pause(job)
    case .resumeJob(let job): await workspace.resume(job)
    case .cancelJob(let job): await workspace.cancel(job)
    case .cancelJobs(let kept): await workspace.cancel(except: kept)
    case .moveJob(let job, let places): try await workspace.move(job, by: places)
    case .editJob(let job, let settings): try await workspace.edit(job, settings)
    case .clearFinishedJobs: try await workspace.clearFinishedJobs()
    default: break
    }
  }

  private static func changeVideo(
    _ effect: StudioEffect, _ workspace: Workspace, _ sender: Sender
  ) async throws {
    switch effect {
    case .loadTree(let video):
      sender.send(.workspace(.tree(try await workspace.tree(of: video))))
    case .keepVideo(let video): try await workspace.keep(video)
    case .openVideo(let video): sender.send(.opened(try await workspace.tree(of: video)))
    case .newCanvas(let model):
      let video = try await workspace.newCanvas(model)
      sender.send(.opened(try await workspace.tree(of: video)))
    case .selectClip(let video, let clip): try await workspace.select(clip, in: video)
    case .dropClip(let video, let clip): try await workspace.drop(clip, in: video)
    case .undo(let video): try await workspace.undo(video)
    case .redo(let video): try await workspace.redo(video)
    case .renameVideo(let video, let title): try await workspace.rename(video, title)
    case .markVideo(let video, let isMarked): try await workspace.mark(video, isMarked)
    case .trashVideo(let video): try await workspace.trash(video)
    case .restoreVideo(let video): try await workspace.restore(video)
    case .emptyTrash: try await workspace.emptyTrash()
    case .export(let task):
      try await workspace.export(task)
      let names = task.paths.map { URL(filePath: $0).lastPathComponent }
      sender.send(
        .follow([.notify(Notice(.information, "writing \(names.joined(separator: ", "))"))]))
    case .saveStill(let clip, let frame, let path):
      try await workspace.saveStill(of: clip, frame: frame, to: path)
    case .compare(let title, let variants):
      _ = try await workspace.compare(title: title, variants)
    case .sweep(let variant, let columns, let rows):
      _ = try await workspace.sweep(variant, columns: columns, rows: rows)
    case .deleteComparison(let comparison): try await workspace.deleteComparison(comparison)
    case .evaluate(let task): _ = try await workspace.evaluate(task)
    case .forgetEvaluation(let evaluation): try await workspace.forgetEvaluation(evaluation)
    case .train(let request): _ = try await workspace.train(request)
    case .resumeTraining(let folder): _ = try await workspace.resumeTraining(folder)
    default: break
    }
  }
}
