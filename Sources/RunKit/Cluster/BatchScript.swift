/// The script that Slurm runs for a command, and the words of `sbatch` that submit it.
///
/// The script starts the command, asks it to save and stop when Slurm says that its time is nearly over, and
/// then lets the job queue anew; so it does, a few times, where a process of it was killed. Every word of the
/// command is quoted (``ShellText``): nothing of it is ever read as the shell's own.
struct BatchScript: Sendable, Hashable {
  /// How a command's processes are started.
  enum Layout: Sendable, Hashable {
    /// One process.
    case single
    /// One on each machine, which train together; each comes through `srun`.
    case ranks
    /// A job for each machine, in an array: workers that know nothing of each other.
    case workers
  }

  /// What is run.
  let command: SubmittedCommand
  let settings: ClusterSettings
  /// The folder of the submission, which gets the log and, at the end, the exit status.
  let folder: String

  /// Times that a job in which a process was killed begins anew by itself.
  static let mostRestarts = 3

  /// A job of one machine, or an array of such for as many workers.
  private var isArray: Bool { command.layout == .workers && settings.nodes > 1 }

  /// Where the job's output goes, by the number of its part in an array.
  static func log(in folder: String, part: Int?) -> String {
    folder + "/log" + (part.map { "-\($0)" } ?? "") + ".txt"
  }

  /// The file with the exit status of a job that is over.
  static func ending(in folder: String, part: Int?) -> String {
    folder + "/ended" + (part.map { "-\($0)" } ?? "")
  }

  static func script(in folder: String) -> String { folder + "/job.sh" }

  /// The words after `sbatch`.
  var arguments: [String] {
    // A percent sign begins a pattern in names of logs.
    let literal = folder.replacing("%", with: "%%")
    var words = [
      "--parsable", "--job-name=pvdm-\(command.name)", "--requeue", "--open-mode=append",
      "--output=\(literal)/log\(isArray ? "-%a" : "").txt", "--chdir=\(command.directory)",
      "--signal=B:USR1@\(settings.grace)", "--ntasks-per-node=1",
      "--nodes=\(command.layout == .ranks ? settings.nodes : 1)",
    ]
    if isArray { words.append("--array=0-\(settings.nodes - 1)") }
    if let time = settings.time { words.append("--time=\(time)") }
    if let partition = settings.partition { words.append("--partition=\(partition)") }
    if !settings.choosesProcessors { words.append("--exclusive") }
    return words + settings.arguments + [Self.script(in: folder)]
  }

  /// Starts a process on each machine, with all processors that the job has there.
  private var launcher: String {
    guard command.layout == .ranks else { return "" }
    let mpi = settings.nodes > 1 ? settings.mpi ?? "pmix" : "none"
    return
      "srun --ntasks-per-node=1 --cpu-bind=none --kill-on-bad-exit=1 --mpi=\(ShellText.word(mpi)) "
  }

  /// The script.
  var text: String {
    let resume =
      command.savedRun.map { path in
        """
        # A run that was stopped goes on; one that never began, begins.
        resume=()
        [ ! -e \(ShellText.word(path)) ] || resume=(--resume)
        """ + "\n"
      } ?? ""
    let words = ShellText.words([command.program] + command.arguments)
    return """
      #!/bin/bash
      # Written by pvdm, and submitted by:
      #   sbatch \(ShellText.words(arguments))
      ended=\(ShellText.word(folder + "/ended"))${SLURM_ARRAY_TASK_ID:+-$SLURM_ARRAY_TASK_ID}
      rm -f -- "$ended"
      cd -- \(ShellText.word(command.directory)) || exit 70
      \(resume)\
      # Shortly before the time is over, Slurm signals this shell alone: the program saves and stops.
      asked= program=
      trap 'asked=1; [ -z "$program" ] || kill -USR1 "$program" 2>/dev/null' USR1
      # Newer versions of srun no longer take this over from sbatch.
      [ -z "${SLURM_CPUS_PER_TASK:-}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
      \(launcher)\(words)\(command.savedRun == nil ? "" : #" "${resume[@]}""#) &
      program=$!
      [ -z "$asked" ] || kill -USR1 "$program"
      # A signal interrupts the wait; the last one gives the program's own status.
      while wait "$program"; kill -0 "$program" 2>/dev/null; do :; done
      wait "$program"
      status=$?
      # 130 is a run that was stopped and saved; 137 and 143 one of which a process was killed; 1 is no
      # status of the program but srun's, which could not start it on a machine.
      again=
      case $status in
        130) [ -z "$asked" ] || again=1 ;;
        1 | 137 | 138 | 143)
          [ -z "$asked" ] && [ "${SLURM_RESTART_COUNT:-0}" -ge \(Self.mostRestarts) ] || again=1 ;;
      esac
      if [ -n "$again" ]; then
        echo "pvdm: the job queues anew (exit status $status)" >&2
        # From here on Slurm may end this shell at any moment.
        scontrol requeue "$SLURM_JOB_ID" && exit "$status"
        echo "pvdm: it could not; the same command submits it again" >&2
      fi
      echo "$status" > "$ended"
      exit "$status"

      """
  }
}
