import Foundation
import Synchronization
import TensorCore
import VideoDiffusion

/// What a time was taken of: an operation of a network, as it was computed on this machine.
public struct TimingKey: Sendable, Hashable, Codable {
  /// What runs are made of.
  public enum Operation: String, Sendable, Hashable, Codable, CaseIterable {
    /// Reading and packing a network's weights.
    case load
    /// One step of one video: a forward pass of the denoiser and the solver.
    case step
    /// One step with guidance, which asks the denoiser twice.
    case guidedStep
    /// A clip to its latent.
    case encode
    /// A latent to its clip.
    case decode
    /// A small picture of a latent; see ``LinearPreview``.
    case linearPreview
  }

  /// The network; see ``network(hash:path:)``.
  public var network: String
  /// The precision it computed in.
  public var precision: Precision
  /// What computed: `cpu`, or a graphics processor's name.
  public var device: String
  /// The threads of the processor that it computed with.
  public var threadCount: Int
  /// What was timed.
  public var operation: Operation

  /// Names what a time is of.
  public init(
    network: String, precision: Precision, device: DeviceChoice = .processor, threadCount: Int,
    operation: Operation
  ) {
    self.network = network
    self.precision = precision
    self.device = device.deviceName
    self.threadCount = threadCount
    self.operation = operation
  }

  /// A name for a checkpoint: its hash where one is known, else its path and size.
  public static func network(hash: String?, path: String) -> String {
    if let hash { return hash }
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    return "\(path) \(size ?? 0)"
  }
}

/// A running average of seconds that follows changes of the machine and shrugs off single outliers,
/// such as a step during which another program had the processor.
public struct TimingAverage: Sendable, Hashable, Codable {
  /// Times that were noted.
  public private(set) var count: Int
  /// Their average in seconds; recent times weigh more.
  public private(set) var seconds: Double
  /// Average distance of a time from the average, in seconds.
  public private(set) var deviation: Double

  /// The latest times weigh as much as those of a plain average of this many.
  private static let memory = 50
  /// Times that are noted as they are, before there is an idea of what is usual.
  private static let trusted = 4
  /// A time further from the average than this many deviations counts as if it were there.
  private static let limit = 4.0

  /// The first time, in seconds.
  public init(_ seconds: Double) {
    count = 1
    self.seconds = seconds
    deviation = 0
  }

  /// Whether these can be times that were taken: what a database says may be anything.
  package var isTime: Bool {
    (1...Int.max / 2).contains(count) && [seconds, deviation].allSatisfy((0...1e9).contains)
  }

  /// Notes a time in seconds; one that is no time is ignored.
  public mutating func add(_ time: Double) {
    guard time.isFinite, time >= 0 else { return }
    count += 1
    var difference = time - seconds
    if count > Self.trusted {
      // A tenth of the average is usual even where all times so far happened to agree.
      let reach = Self.limit * max(deviation, 0.1 * seconds)
      difference = min(max(difference, -reach), reach)
    }
    let weight = 1 / Double(min(count, Self.memory))
    seconds += weight * difference
    deviation += weight * (abs(difference) - deviation)
  }
}

/// Where times are kept from run to run.
public protocol TimingStore: Sendable {
  /// The average of what was noted; `nil` if nothing was.
  func timing(for key: TimingKey) throws -> TimingAverage?
  /// Replaces an average.
  func setTiming(_ average: TimingAverage, for key: TimingKey) throws
}

extension TimingStore {
  /// Notes a time in seconds.
  ///
  /// - Throws: What the store throws.
  public func note(_ seconds: Double, for key: TimingKey) throws {
    guard seconds.isFinite, seconds >= 0 else { return }
    var average = try timing(for: key)
    average?.add(seconds)
    try setTiming(average ?? TimingAverage(seconds), for: key)
  }
}

/// Times that are forgotten when the program ends.
public final class MemoryTimingStore: TimingStore {
  private let averages = Mutex<[TimingKey: TimingAverage]>([:])

  /// No times yet.
  public init() {}

  public func timing(for key: TimingKey) -> TimingAverage? { averages.withLock { $0[key] } }

  public func setTiming(_ average: TimingAverage, for key: TimingKey) {
    averages.withLock { $0[key] = average }
  }
}

/// Single operations with the time that they took, in seconds, without the wait for their turn.
extension VideoEngine {
  package func timedDecode(_ latent: Latent) throws -> (clip: PixelClip, seconds: Double) {
    let start = ContinuousClock.now
    return (try decode(latent), (ContinuousClock.now - start).inSeconds)
  }

  package func timedEncode(_ clip: PixelClip) throws -> (latent: Latent, seconds: Double) {
    let start = ContinuousClock.now
    return (try encode(clip), (ContinuousClock.now - start).inSeconds)
  }
}
