import TensorCore

extension GenerationSettings {
  /// What computes, in a few words: `CPU 2t`, or a graphics processor's name.
  ///
  /// - Parameter processorCount: The threads where no number was chosen.
  package func deviceText(processorCount: Int) -> String {
    device.resolved == .processor
      ? "CPU \(threadCount ?? processorCount)t" : device.deviceName
  }

  /// What computes: `cpu, all threads`, or a graphics processor's name.
  package var deviceWords: String {
    guard device.resolved == .processor else { return device.deviceName }
    return switch threadCount {
    case nil: "cpu, all threads"
    case 1: "cpu, 1 thread"
    case let count?: "cpu, \(count) threads"
    }
  }

  /// The threads that times are kept for, of so many processors: a graphics processor has none of the program's.
  package func timedThreadCount(of processorCount: Int) -> Int {
    device.resolved == .processor ? min(threadCount ?? .max, processorCount) : 1
  }
}
