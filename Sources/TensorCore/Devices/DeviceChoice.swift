/// Which of the machine's devices is to compute.
public enum DeviceChoice: Sendable, Hashable, CustomStringConvertible {
  /// The first graphics processor that can run the networks, else the processor.
  case automatic
  /// The processor.
  case processor
  /// A graphics processor by its number, from 0.
  case card(Int)

  /// Cards that can be named.
  private static let mostCards = 16

  /// Reads `auto`, `cpu`, `cuda:N` with N from 0 to 15, or `cuda` for `cuda:0`.
  ///
  /// - Returns: `nil` for anything else.
  public init?(_ text: String) {
    let card = Self.allCases.first { $0.description == text }
    guard let choice = text == "cuda" ? .card(0) : card else { return nil }
    self = choice
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
    return Self.cards.indices.contains(ordinal) ? Self.cards[ordinal].name : description
  }

  /// Whether it can be chosen on this machine.
  public var isHere: Bool {
    guard case .card(let ordinal) = self else { return true }
    return Self.cards.indices.contains(ordinal)
  }

  /// Asked once: cards do not come and go while a program runs.
  private static let cards = (try? GraphicsCard.all()) ?? []
  private static let bestCard =
    GraphicsCard.kernelsAreBuiltIn ? cards.first { $0.obstacle == nil } : nil
}

extension DeviceChoice: RawRepresentable, CaseIterable, Codable {
  /// Every choice that can be named, whatever this machine has.
  public static let allCases: [DeviceChoice] =
    [.automatic, .processor] + (0..<mostCards).map(DeviceChoice.card)

  /// The choice as ``init(_:)`` reads it.
  public var rawValue: String { description }

  /// Reads a choice like ``init(_:)``.
  public init?(rawValue: String) { self.init(rawValue) }
}
