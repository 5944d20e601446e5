/// Which of the machine's devices is to compute.
public enum DeviceChoice: Sendable, Hashable, CustomStringConvertible {
  /// The first graphics processor that can run the networks, else the processor.
  case automatic
  /// The processor.
  case processor
  /// A graphics processor by its number, from 0.
  case card(Int)

  /// Reads `auto`, `cpu`, `cuda:N`, or `cuda` for `cuda:0`.
  ///
  /// - Returns: `nil` for anything else.
  public init?(_ text: String) {
    switch text {
    case "auto": self = .automatic
    case "cpu": self = .processor
    case "cuda": self = .card(0)
    default:
      let prefix = "cuda:"
      let digits = text.dropFirst(prefix.count)
      guard text.hasPrefix(prefix), !digits.isEmpty, digits.count <= 3,
        digits.allSatisfy({ $0.isASCII && $0.isNumber }), let ordinal = Int(digits)
      else { return nil }
      self = .card(ordinal)
    }
  }

  /// The choice as ``init(_:)`` reads it.
  public var description: String {
    switch self {
    case .automatic: "auto"
    case .processor: "cpu"
    case .card(let ordinal): "cuda:\(ordinal)"
    }
  }

  /// What it comes to on this machine: ``automatic`` becomes one of the others, and the processor where no
  /// card is fit for the networks.
  public var resolved: DeviceChoice {
    guard self == .automatic else { return self }
    return Self.bestCard.map { .card($0.ordinal) } ?? .processor
  }

  /// What people call the device that it comes to: `cpu`, or the card's name.
  public var deviceName: String {
    guard case .card(let ordinal) = resolved else { return Self.processor.description }
    let cards = (try? GraphicsCard.all()) ?? []
    return cards.indices.contains(ordinal) ? cards[ordinal].name : "cuda:\(ordinal)"
  }

  /// Asked once: cards do not come and go while a program runs.
  private static let bestCard: GraphicsCard? =
    GraphicsCard.kernelsAreBuiltIn
    ? ((try? GraphicsCard.all()) ?? []).first { $0.obstacle == nil } : nil
}
