/// Why processes cannot compute together, or had to stop.
public struct CommunicationError: Error, Sendable, Hashable {
  /// What is wrong.
  public let problem: Problem

  /// What is wrong.
  public enum Problem: Sendable, Hashable {
    /// No library of MPI could be opened; what was tried, and what the system said of the last.
    case noLibrary(tried: [String], reason: String)
    /// The world that the library made has another size than whoever started the processes says.
    case otherSize(world: Int, started: Int, by: String, library: String)
    /// Slurm has given tasks to the job, and the program was started without them.
    case notStarted(tasks: Int)
    /// Several processes are needed, and this one was started by itself.
    case alone
    /// A transfer or another call failed.
    case failed(call: String, reason: String)
    /// Another rank has ended.
    case rankEnded
  }

  /// Describes a problem.
  public init(_ problem: Problem) { self.problem = problem }
}
