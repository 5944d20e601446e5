import Dispatch
import Glibc
import VideoDiffusion

/// Turns Ctrl-C and a request to terminate into a wish that the run end after the step in progress.
/// The second Ctrl-C ends the program at once, as if nobody caught it.
final class StopSignalSource {
  /// What the run looks at.
  let signal = StopSignal()
  private let sources: [any DispatchSourceSignal]

  init() {
    let numbers = [SIGINT, SIGTERM, SIGHUP]
    sources = numbers.map { number in
      Glibc.signal(number, SIG_IGN)  // the dispatch source sees it all the same
      return DispatchSource.makeSignalSource(signal: number, queue: .global())
    }
    for (number, source) in zip(numbers, sources) {
      source.setEventHandler { [signal] in
        signal.requestStop(.afterStep)
        Glibc.signal(number, SIG_DFL)
      }
      source.resume()
    }
  }

  deinit {
    for source in sources { source.cancel() }
  }
}
