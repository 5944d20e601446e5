import MessagePassing
import Testing

@Suite("How processes were started")
struct WorldLaunchTests {
  @Test("a process by itself is alone, under Slurm too")
  func alone() throws {
    for environment in [[:], ["SLURM_NTASKS": "1"], ["SLURM_JOB_ID": "7"]] {
      #expect(try WorldLaunch(environment: environment) == nil)
    }
  }

  @Test("who started the processes says how many there are, and which library comes first")
  func starters() throws {
    let openMPI = try #require(
      try WorldLaunch(
        environment: ["OMPI_COMM_WORLD_SIZE": "4", "SLURM_NTASKS": "2", "PMIX_RANK": "0"]))
    #expect(openMPI.starter == .openMPI && openMPI.size == 4)
    #expect(openMPI.libraries.first == "libmpi.so.40")
    let manager = try #require(
      try WorldLaunch(environment: ["PMI_SIZE": "3", "PMI_RANK": "1", "SLURM_STEP_NUM_TASKS": "3"]))
    #expect(manager.starter == .processManager && manager.size == 3)
    #expect(manager.libraries.first == "libmpich.so.12")
    // A step may have fewer tasks than the job.
    let slurm = try #require(
      try WorldLaunch(
        environment: ["PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_NTASKS": "8"]))
    #expect(slurm.starter == .slurm && slurm.size == 2)
  }

  @Test("tasks of Slurm that cannot find each other are refused")
  func notStarted() throws {
    for environment in [["SLURM_NTASKS": "4"], ["SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS": "8"]] {
      #expect(throws: CommunicationError(.notStarted(tasks: 4))) {
        _ = try WorldLaunch(environment: environment)
      }
    }
  }

  @Test("a library that is named is the only one, and one that is none is refused by name")
  func named() throws {
    let launch = try #require(
      try WorldLaunch(
        environment: ["OMPI_COMM_WORLD_SIZE": "2", "PVDM_MPI": "/nowhere/libmpi.so"]))
    #expect(launch.libraries == ["/nowhere/libmpi.so"])
    let error = try #require(throws: CommunicationError.self) { _ = try launch.join() }
    guard case .noLibrary(let tried, let reason) = error.problem else {
      Issue.record("\(error)")
      return
    }
    #expect(tried == ["/nowhere/libmpi.so"] && reason.contains("/nowhere/libmpi.so"))
  }
}
