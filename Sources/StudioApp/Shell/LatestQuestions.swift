import EvaluationKit
import StudioLink
import TrainingKit

/// What the studio asks and gets answered beside everything else.
package enum Question: Hashable, Sendable {
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

  /// Whether an answer may take a look at all of a data set.
  fileprivate var isCostly: Bool {
    switch self {
    case .evaluation, .training: true
    case .trainingSample, .footage, .completion: false
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
/// Of costly ones one is asked at a time, and of those that are asked meanwhile the last one follows. The state
/// holds one answer of a kind: that to an earlier question must not take the place of the last one's.
struct LatestQuestions: Sendable {
  private var last: [Question.Kind: Question] = [:]
  /// Those that wait for their answers.
  private var open: [Question.Kind: Question] = [:]
  /// Those that wait to be asked.
  private var waiting: [Question.Kind: WorkspaceQuery] = [:]

  /// Takes note of a question; other queries are none.
  ///
  /// - Returns: Whether it is to be asked now.
  mutating func ask(_ query: WorkspaceQuery) -> Bool {
    guard let question = Question(query) else { return true }
    last[question.kind] = question
    guard question.isCostly else { return true }
    guard let asked = open[question.kind] else {
      open[question.kind] = question
      return true
    }
    waiting[question.kind] = asked == question ? nil : query
    return false
  }

  /// Takes note that a question was answered, or cannot be.
  ///
  /// - Returns: What is to be asked now.
  mutating func answered(_ question: Question) -> WorkspaceQuery? {
    guard open[question.kind] == question else { return nil }
    let next = waiting.removeValue(forKey: question.kind)
    open[question.kind] = next.flatMap { Question($0) }
    return next
  }

  /// Whether another question of its kind was asked after this one.
  func isOutdated(_ question: Question) -> Bool {
    last[question.kind].map { $0 != question } ?? false
  }
}
