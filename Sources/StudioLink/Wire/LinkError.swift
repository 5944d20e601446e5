import RunKit

/// Why a screen and a worker cannot talk to each other.
package struct LinkError: Error, Sendable, Hashable {
  package let problem: Problem

  package enum Problem: Sendable, Hashable {
    /// Something came that is not what was expected; what it was.
    case notUnderstood(String)
    /// The other side says nothing.
    case silent
    /// The connection ended.
    case lost
    /// The worker is of another version of the program.
    case otherVersion(worker: String, screen: String)
    /// Somebody else listens there, or asks.
    case otherUser(UInt32)
    /// A worker has as many screens as it takes.
    case tooManyScreens(Int)
    /// The worker was ended, which others asked for.
    case stopped
    /// A worker cannot be started, or ended at once; why.
    case cannotStart(String, remedy: String)
    /// There is no worker.
    case noWorker
    /// A call of the system failed.
    case system(call: String, reason: String)
  }

  package init(_ problem: Problem) { self.problem = problem }
}

extension LinkError: ExplainedError {
  package var sentence: String {
    switch problem {
    case .notUnderstood(let found):
      "the studio's worker and this program do not understand each other: \(found)"
    case .silent: "the studio's worker does not answer"
    case .lost: "the studio's worker ended without a word"
    case .otherVersion(let worker, let screen):
      "the studio's worker is pvdm \(worker), and this is pvdm \(screen)"
    case .otherUser(let user):
      "what listens in the studio's data folder belongs to another user (\(user))"
    case .tooManyScreens(let limit): "the studio's worker has \(limit) screens already"
    case .stopped: "the studio's worker was stopped"
    case .cannotStart(let reason, _): reason
    case .noWorker: "no worker of the studio runs in this data folder"
    case .system(let call, let reason): "the studio's worker cannot be reached: \(call): \(reason)"
    }
  }

  package var remedy: String {
    switch problem {
    case .notUnderstood, .otherVersion:
      "\"pvdm stop\" ends the worker; what it did is kept, and goes on when it is asked to"
    case .silent: "\"pvdm stop\" ends it, and \"pvdm studio --foreground\" does without it"
    case .lost: "What was complete is kept; pvdm opens the studio again"
    case .otherUser: "Use a data folder of your own (pvdm studio --data FOLDER)"
    case .tooManyScreens: "Leave one of them"
    case .stopped: "What ran goes on when it is asked to, once pvdm is opened again"
    case .cannotStart(_, let remedy): remedy
    case .noWorker: "Opening the studio starts one"
    case .system: "\"pvdm studio --foreground\" does without it"
    }
  }

  package var category: Explanation.Category {
    switch problem {
    case .lost, .silent, .notUnderstood: .internalFault
    case .stopped: .interrupted
    case .otherVersion, .otherUser, .tooManyScreens, .cannotStart, .noWorker, .system: .badInput
    }
  }
}
