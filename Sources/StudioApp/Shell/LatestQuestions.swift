import EvaluationKit
import StudioLink
import TrainingKit

/// What the studio asks and gets answered beside everything else.
enum Question: Hashable, Sendable {
  case evaluation(EvaluateTask)
  case training(TrainingRequest)
  case trainingSample(path: String)
  case footage(path: String, firstFrame: Int)
  case completion(typed: String)

  /// The question that a query asks; `nil` if it asks none of these.
  init?(_ query: WorkspaceQuery) {
    switch query {
    case .checkEvaluation(let task): self = .evaluation(task)
    case .checkTraining(let request): self = .training(request)
    case .loadTrainingSample(let path): self = .trainingSample(path: path)
    case .readFootage(let path, _, let firstFrame):
      self = .footage(path: path, firstFrame: firstFrame)
    case .completePath(let typed): self = .completion(typed: typed)
    case .findModels, .hashModel, .estimate, .loadFrames, .findEvaluations, .findTrainingRuns:
      return nil
    }
  }

  fileprivate enum Kind { case evaluation, training, trainingSample, footage, completion }

  fileprivate var kind: Kind {
    switch self {
    case .evaluation: .evaluation
    case .training: .training
    case .trainingSample: .trainingSample
    case .footage: .footage
    case .completion: .completion
    }
  }
}

/// The last question of each kind.
///
/// Answers may come in another order than the questions, and the state holds one of a kind: that to an
/// earlier question must not take the place of the last one's, which would not be asked again.
struct LatestQuestions: Sendable {
  private var last: [Question.Kind: Question] = [:]

  /// Takes note of a question; other queries are none.
  mutating func note(_ query: WorkspaceQuery) {
    if let question = Question(query) { last[question.kind] = question }
  }

  /// Whether another question of its kind was asked after this one.
  func isOutdated(_ question: Question) -> Bool {
    last[question.kind].map { $0 != question } ?? false
  }
}
