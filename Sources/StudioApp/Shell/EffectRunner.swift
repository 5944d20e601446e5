import Foundation
import RunKit
import StudioKit
import TerminalUI

/// Carries out effects on the workspace. What changes something happens in the order in which it was
/// asked for; what only reads or computes, beside it.
final class EffectRunner: Sendable {
  typealias Sender = Dispatcher<StudioMessage>
  private typealias Work = @Sendable (Workspace, Sender) async throws -> Void

  private let opening: OpeningWorkspace
  private let changes: AsyncStream<Work>
  private let order: AsyncStream<Work>.Continuation

  /// - Parameter opening: The workspace, which may still be on its way.
  init(opening: OpeningWorkspace) {
    self.opening = opening
    (changes, order) = AsyncStream.makeStream()
  }

  /// Opens the workspace, tells what it holds, and from then on carries out what is asked for.
  var start: Command<StudioMessage> {
    .batch([
      .run { sender in
        do {
          let workspace = try await self.opening.workspace()
          let memory = await Self.memory(of: workspace)
          sender.send(.ready(memory, modelFolders: await workspace.modelFolders))
          for await work in self.changes { await Self.attempt(work, workspace, sender) }
        } catch {
          sender.send(.failedToOpen(error))
        }
      },
      .run { sender in
        guard let workspace = try? await self.opening.workspace() else { return }
        for await event in workspace.events() { sender.send(.workspace(event)) }
      },
    ])
  }

  /// The command for an effect.
  func command(for effect: StudioEffect) -> Command<StudioMessage> {
    switch effect {
    case .estimate, .readFootage, .hashModel, .loadFrames, .findModels, .checkEvaluation,
      .findEvaluations, .findTrainingRuns, .checkTraining, .loadTrainingSample, .completePath:
      beside(effect)
    case .quit:
      // What was asked for before is done before, but nobody waits for a file to be understood.
      .batch([
        .run { _ in _ = try? await self.opening.workspace().stopReading() }, inOrder(effect),
      ])
    default: inOrder(effect)
    }
  }

  private func inOrder(_ effect: StudioEffect) -> Command<StudioMessage> {
    order.yield { try await Self.change(effect, $0, $1) }
    return .none
  }

  private func beside(_ effect: StudioEffect) -> Command<StudioMessage> {
    .run { sender in
      guard let workspace = try? await self.opening.workspace() else { return }
      await Self.attempt({ try await Self.read(effect, $0, $1) }, workspace, sender)
    }
  }

  private static func attempt(
    _ work: Work, _ workspace: Workspace, _ sender: Sender
  ) async {
    do { try await work(workspace, sender) } catch {
      sender.send(.follow([.notify(Notice(error))]))
    }
  }

  // MARK: Reading

  private static func read(
    _ effect: StudioEffect, _ workspace: Workspace, _ sender: Sender
  ) async throws {
    switch effect {
    case .findModels: _ = await workspace.findModels()
    case .hashModel(let model): try await workspace.hashModel(model)
    case .estimate(let model, let settings):
      guard let estimate = await workspace.estimate(model, settings) else { return }
      sender.send(.estimated(World.EstimateKey(model: model, settings: settings), estimate))
    case .checkEvaluation(let task):
      let unmet = await workspace.unmetRequirements(of: task)
      sender.send(.evaluationChecked(World.EvaluationCheck(task: task, unmet: unmet)))
    case .findEvaluations: try await workspace.findEvaluations()
    case .findTrainingRuns: await workspace.findTrainingRuns()
    case .checkTraining(let request):
      let preparation = await workspace.preparation(of: request)
      sender.send(
        .trainingChecked(World.TrainingCheck(request: request, preparation: preparation)))
    case .loadTrainingSample(let path):
      sender.send(.trainingSample(try await workspace.trainingSample(at: path)))
    case .completePath(let typed): sender.send(.pathCompleted(PathCompletion(of: typed)))
    case .readFootage(let path, let model):
      sender.send(.footage(try await workspace.footage(path, for: model)))
    case .loadFrames(let clips):
      sender.send(.frames(try await workspace.frames(of: clips)))
    default: break
    }
  }
}
