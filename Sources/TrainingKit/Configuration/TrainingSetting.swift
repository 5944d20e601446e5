import RunKit

/// A setting of a training as files and command lines name it, with what it means and may be.
public struct TrainingSetting: Sendable {
  /// The tables of a configuration file, in its order.
  public enum Table: String, Sendable, Hashable, CaseIterable {
    case autoencoder, denoiser
    case autoencoderTraining = "autoencoder_training"
    case diffusionTraining = "diffusion_training"

    /// What its settings decide: a sentence without a full stop.
    public var meaning: String {
      switch self {
      case .autoencoder: "The autoencoder, which writes clips as three planes"
      case .denoiser:
        "The denoiser, which learns to make such planes; their sizes are the autoencoder's"
      case .autoencoderTraining: "How the autoencoder is trained, the first stage"
      case .diffusionTraining: "How the denoiser is trained, the second stage"
      }
    }

    /// The table of a stage's training.
    public init(_ stage: TrainingStage) {
      self = stage == .autoencoder ? .autoencoderTraining : .diffusionTraining
    }
  }

  /// The table that it stands in.
  public let table: Table
  /// Its name within the table.
  public let key: String
  /// What it does: a sentence without a full stop.
  public let meaning: String
  /// The values that it may have, after "expected".
  public let range: String
  private let read: @Sendable (TrainingConfiguration) -> SettingValue
  private let write: @Sendable (inout TrainingConfiguration, SettingValue) -> Bool

  /// Its full name, for example `denoiser.base_width`.
  public var name: String { "\(table.rawValue).\(key)" }

  /// Its value in a configuration.
  public func value(in configuration: TrainingConfiguration) -> SettingValue {
    read(configuration)
  }

  /// Changes it. The denoiser's planes follow the autoencoder's.
  ///
  /// - Returns: `false`, changing nothing, if the value is of another kind or out of range.
  public func set(_ value: SettingValue, in configuration: inout TrainingConfiguration) -> Bool {
    guard write(&configuration, value) else { return false }
    configuration.denoiser.geometry = configuration.autoencoder.geometry
    return true
  }

  /// Changes it to what a person typed: a number, a word, `true`, or whole numbers between commas.
  ///
  /// - Returns: `false`, changing nothing, if that is of another kind or out of range.
  public func set(typed text: String, in configuration: inout TrainingConfiguration) -> Bool {
    let text = text.trimmingPrefix { $0 == " " }
    let words = text.drop { $0 == "[" }.prefix { $0 != "]" }
      .split { $0 == "," || $0 == " " }
    let numbers = words.compactMap { Int($0) }
    let readings: [SettingValue?] = [
      Int(text).map(SettingValue.integer), Double(text).map(SettingValue.number),
      Bool(String(text)).map(SettingValue.flag),
      numbers.count == words.count && !numbers.isEmpty ? .integers(numbers) : nil,
      .text(String(text)),
    ]
    return readings.contains { reading in
      reading.map { set($0, in: &configuration) } ?? false
    }
  }
}

extension TrainingSetting {
  typealias Path<Value> = WritableKeyPath<TrainingConfiguration, Value> & Sendable

  /// A whole number.
  static func integer(
    _ table: Table, _ key: String, _ path: Path<Int>, _ limits: ClosedRange<Int>,
    multipleOf divisor: Int = 1, _ meaning: String
  ) -> TrainingSetting {
    let multiple = divisor > 1 ? ", a multiple of \(divisor)" : ""
    let range =
      limits.upperBound == .max
      ? "a whole number of \(limits.lowerBound) or more"
      : "a whole number from \(limits.lowerBound) to \(limits.upperBound)"
    return TrainingSetting(
      table: table, key: key, meaning: meaning, range: range + multiple,
      read: { .integer($0[keyPath: path]) },
      write: { configuration, value in
        guard let number = value.integer, limits.contains(number), number.isMultiple(of: divisor)
        else { return false }
        configuration[keyPath: path] = number
        return true
      })
  }

  /// What a number with a fraction may be.
  enum NumberRange: Sendable {
    case aboveZeroToOne, zeroToOne, zeroToBelowOne, zeroOrMore

    var text: String {
      switch self {
      case .aboveZeroToOne: "a number above 0 and up to 1"
      case .zeroToOne: "a number from 0 to 1"
      case .zeroToBelowOne: "a number from 0 to below 1"
      case .zeroOrMore: "a number of 0 or more"
      }
    }

    func contains(_ number: Double) -> Bool {
      switch self {
      case .aboveZeroToOne: number > 0 && number <= 1
      case .zeroToOne: (0...1).contains(number)
      case .zeroToBelowOne: (0..<1).contains(number)
      case .zeroOrMore: number >= 0 && number <= Double(Float.greatestFiniteMagnitude)
      }
    }
  }

  /// A number with a fraction.
  static func number(
    _ table: Table, _ key: String, _ path: Path<Double>, _ range: NumberRange, _ meaning: String
  ) -> TrainingSetting {
    number(
      table, key, range, meaning, read: { $0[keyPath: path] },
      write: { $0[keyPath: path] = $1 })
  }

  /// A number that is kept in single precision.
  static func number(
    _ table: Table, _ key: String, _ path: Path<Float>, _ range: NumberRange, _ meaning: String
  ) -> TrainingSetting {
    number(
      table, key, range, meaning,
      read: {
        // The shortest decimal that means this number, so that files say 0.1 and not 0.10000000149.
        let number = $0[keyPath: path]
        return Double(number.description) ?? Double(number)
      },
      write: { $0[keyPath: path] = Float($1) })
  }

  private static func number(
    _ table: Table, _ key: String, _ range: NumberRange, _ meaning: String,
    read: @escaping @Sendable (TrainingConfiguration) -> Double,
    write: @escaping @Sendable (inout TrainingConfiguration, Double) -> Void
  ) -> TrainingSetting {
    TrainingSetting(
      table: table, key: key, meaning: meaning, range: range.text, read: { .number(read($0)) },
      write: { configuration, value in
        guard let number = value.number, range.contains(number) else { return false }
        write(&configuration, number)
        return true
      })
  }

  /// Yes or no.
  static func flag(
    _ table: Table, _ key: String, _ path: Path<Bool>, _ meaning: String
  ) -> TrainingSetting {
    TrainingSetting(
      table: table, key: key, meaning: meaning, range: "true or false",
      read: { .flag($0[keyPath: path]) },
      write: { configuration, value in
        guard let flag = value.flag else { return false }
        configuration[keyPath: path] = flag
        return true
      })
  }

  /// One of a few words.
  static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
    _ table: Table, _ key: String, _ path: Path<Value>, _ meaning: String
  ) -> TrainingSetting where Value.RawValue == String {
    TrainingSetting(
      table: table, key: key, meaning: meaning,
      range: Value.allCases.map(\.rawValue).joined(separator: " or "),
      read: { .text($0[keyPath: path].rawValue) },
      write: { configuration, value in
        guard let chosen = value.name.flatMap(Value.init(rawValue:)) else { return false }
        configuration[keyPath: path] = chosen
        return true
      })
  }

  /// A list of whole numbers.
  package static func list(
    _ table: Table, _ key: String, _ limits: ClosedRange<Int>, count: ClosedRange<Int>,
    _ meaning: String, read: @escaping @Sendable (TrainingConfiguration) -> [Int],
    write: @escaping @Sendable (inout TrainingConfiguration, [Int]) -> Void
  ) -> TrainingSetting {
    TrainingSetting(
      table: table, key: key, meaning: meaning,
      range: "a list of \(count.lowerBound) to \(count.upperBound) whole numbers from "
        + "\(limits.lowerBound) to \(limits.upperBound)",
      read: { .integers(read($0)) },
      write: { configuration, value in
        guard case .integers(let numbers) = value, count.contains(numbers.count),
          numbers.allSatisfy(limits.contains)
        else { return false }
        write(&configuration, numbers)
        return true
      })
  }

  /// A whole number of 64 bits.
  static func seed(
    _ table: Table, _ key: String, _ path: Path<UInt64>, _ meaning: String
  ) -> TrainingSetting {
    TrainingSetting(
      table: table, key: key, meaning: meaning,
      range: "a whole number of 0 or more, in quotes from 2^63",
      read: { .natural($0[keyPath: path]) },
      write: { configuration, value in
        guard let number = value.natural else { return false }
        configuration[keyPath: path] = number
        return true
      })
  }
}
