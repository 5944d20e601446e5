import Foundation
import RunKit
import SessionStore
import TensorCore

/// Times of runs, kept in the session database.
struct SessionTimings: TimingStore {
  let store: SessionStore
  let now: @Sendable () -> Date

  func timing(for key: TimingKey) throws -> TimingAverage? {
    try store.read { try $0.named(TimingRecord.self, Self.name(of: key)) }
      .flatMap { try? JSONText.decode(TimingAverage.self, $0.content) }
      .flatMap { $0.isTime ? $0 : nil }
  }

  func setTiming(_ average: TimingAverage, for key: TimingKey) throws {
    let record = TimingRecord(
      name: Self.name(of: key), content: try JSONText.encode(average),
      modified: now().timeIntervalSinceReferenceDate)
    try store.write { try $0.save(record) }
  }

  private static func name(of key: TimingKey) -> String {
    // The processor's have the names that they had before there were others.
    let device = key.device == DeviceChoice.processor.description ? "" : " \(key.device)"
    return
      "\(key.network) \(key.precision.rawValue) \(key.threadCount) \(key.operation.rawValue)\(device)"
  }
}
