import Dispatch
import Glibc
import VideoDiffusion

/// Turns Ctrl-C, a request to terminate, a scheduler's word that the time is nearly over (SIGUSR1) and output
/// that nobody reads any more into a wish that the run end after the step in progress. The second Ctrl-C ends the program at once, as if nobody caught it.
final class StopSignalSource {
  /// What the run looks at.
  let signal = StopSignal()
  private let sources: [any DispatchSourceSignal]
  private let brokenPipe: BrokenPipeSource?

  init() {
    // The dispatch source sees a signal that is ignored all the same. A hang-up that was ignored before,
    // as nohup does, stays ignored.
    let numbers = [SIGINT, SIGTERM, SIGHUP, SIGUSR1].filter { number in
      var before = sigaction()
      sigaction(number, nil, &before)
      let wasIgnored = unsafeBitCast(before.__sigaction_handler, to: Int.self) == 1
      if !wasIgnored { Glibc.signal(number, SIG_IGN) }
      return !wasIgnored
    }
    sources = numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: .global()) }
    brokenPipe = BrokenPipeSource { [signal] in signal.requestStop(.afterStep) }
    for (number, source) in zip(numbers, sources) {
      source.setEventHandler { [signal] in
        signal.requestStop(.afterStep)
        // Schedulers send this one, sometimes twice, where a person would press Ctrl-C again.
        if number != SIGUSR1 { Glibc.signal(number, SIG_DFL) }
      }
      source.resume()
    }
  }

  deinit {
    for source in sources { source.cancel() }
  }
}
