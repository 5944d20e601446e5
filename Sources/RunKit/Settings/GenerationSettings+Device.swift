import TensorCore

extension GenerationSettings {
  /// What computes, in a few words: `CPU 2t`, or a graphics processor's name.
  ///
  /// - Parameter processorCount: The threads where no number was chosen.
  package func deviceText(processorCount: Int) -> String {
    device.resolved == .processor
      ? "CPU \(threadCount ?? processorCount)t" : device.deviceName
  }

  /// What computes: `cpu`, or a graphics processor's name.
  package var deviceName: String { device.deviceName }

  /// The threads that times are kept for: a graphics processor has none of the program's.
  package var timedThreadCount: Int {
    device.resolved == .processor ? min(threadCount ?? .max, Processor.availableCount) : 1
  }
}
