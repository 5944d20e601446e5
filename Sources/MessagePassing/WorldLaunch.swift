/// How this process and others were started to compute together, as the environment tells it.
public struct WorldLaunch: Sendable, Hashable {
  /// Who started them.
  public enum Starter: String, Sendable, Hashable {
    /// `mpirun` of Open MPI.
    case openMPI = "Open MPI's mpirun"
    /// `mpiexec` of MPICH, or Slurm in its manner (`srun --mpi=pmi2`).
    case processManager = "the process manager (PMI)"
    /// Slurm by PMIx (`srun --mpi=pmix`).
    case slurm = "Slurm"
  }

  /// Who started them.
  public let starter: Starter
  /// Processes that were started.
  public let size: Int
  /// Libraries of MPI to try, in order.
  public let libraries: [String]

  /// The variable that names a library of MPI in place of those that are tried.
  public static let libraryVariable = "PVDM_MPI"
  private static let openMPI = ["libmpi.so.40"]
  private static let mpich = ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12"]
  /// Every library that is tried.
  public static let allLibraries = openMPI + mpich

  /// Looks at an environment.
  ///
  /// - Returns: `nil` for a process that was started by itself.
  /// - Throws: ``CommunicationError`` if Slurm has several tasks for the program, and it was not started so that
  ///   they find each other.
  public init?(environment: [String: String]) throws {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    let library = environment[Self.libraryVariable].flatMap { $0.isEmpty ? nil : [$0] }
    // Slurm says how many tasks the step has, or outside of steps the job. What starts processes inside of
    // a step, as mpirun does on other hosts, leaves its own number beside it.
    let tasks = number("SLURM_STEP_NUM_TASKS") ?? number("SLURM_NTASKS") ?? 1
    if let size = number("OMPI_COMM_WORLD_SIZE") {
      starter = .openMPI
      self.size = size
      libraries = library ?? Self.openMPI + Self.mpich
    } else if let size = number("PMI_SIZE") {
      starter = .processManager
      self.size = size
      libraries = library ?? Self.mpich + Self.openMPI
    } else if environment["PMIX_RANK"] != nil, tasks > 1 {
      starter = .slurm
      size = tasks
      libraries = library ?? Self.openMPI + Self.mpich
    } else if tasks > 1 {
      throw CommunicationError(.notStarted(tasks: tasks))
    } else {
      return nil
    }
  }

  /// Joins the world of these processes.
  ///
  /// - Throws: ``CommunicationError`` if there is no library, or one that does not belong to what started the
  ///   processes.
  public func join() throws -> any Communicator {
    let world = try MPIWorld(libraries: libraries)
    guard world.size == size else {
      let error = CommunicationError(
        .otherSize(
          world: world.size, started: size, by: starter.rawValue, library: world.library))
      world.leaveNow()
      throw error
    }
    return world
  }
}
