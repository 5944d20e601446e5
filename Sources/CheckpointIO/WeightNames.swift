/// The names by which a network's weights are told among everything else in a checkpoint.
///
/// Whatever saved a checkpoint puts words of its own in front of the network's names, in between them, or
/// keys around them. The network's own names stay, so they are what is looked for.
public struct WeightNames: Sendable, Hashable {
  /// Names that every checkpoint of the network has, and together nothing else.
  public let landmarks: [String]
  /// The first parts of all the network's names, up to a dot; empty if they are not known.
  public let components: Set<String>
  /// Parts of the names of tensors that are computed and not learned. Averages of parameters lack them.
  public let buffers: Set<String>
  /// Reads names whose dots were taken out; nil if the network's names were never saved so.
  public let dotless: DotlessNames?

  /// Describes a network's names.
  ///
  /// - Precondition: there is a landmark.
  public init(
    landmarks: [String], components: Set<String> = [], buffers: Set<String> = [],
    dotless: DotlessNames? = nil
  ) {
    precondition(!landmarks.isEmpty)
    self.landmarks = landmarks
    self.components = components
    self.buffers = buffers
    self.dotless = dotless
  }

  /// Whether a name starts like one of the network's; any does if those are not known.
  func isNamed(_ name: String) -> Bool {
    components.isEmpty || components.contains(String(name.prefix { $0 != "." }))
  }

  /// Whether a name of the network is that of a buffer.
  func isBuffer(_ name: String) -> Bool {
    name.split(separator: ".").contains { buffers.contains(String($0)) }
  }
}

/// Puts the dots back into names that were saved without, as the moving average of latent diffusion's
/// code does ("input_blocks10in_layers0weight" for "input_blocks.1.0.in_layers.0.weight").
///
/// Format: CompVis latent-diffusion, ldm/modules/ema.py `LitEma`.
public struct DotlessNames: Sendable, Hashable {
  private let words: [String]
  private let pairs: Set<String>

  /// - Parameters:
  ///   - words: All parts of the network's names that are no numbers.
  ///   - pairs: Those that are followed by two numbers, the second of one digit.
  public init(words: Set<String>, pairs: Set<String> = []) {
    // The longest first, since "out_layers" starts with "out".
    self.words = words.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    self.pairs = pairs
  }

  /// The name with its dots; nil if it is not made of the network's words and numbers.
  func dotted(_ name: Substring) -> String? {
    var rest = name
    var parts: [Substring] = []
    while !rest.isEmpty {
      guard let word = words.first(where: { rest.hasPrefix($0) }) else { return nil }
      parts.append(rest.prefix(word.count))
      rest = rest.dropFirst(word.count)
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      if pairs.contains(word), digits.count > 1 {
        parts.append(digits.dropLast())
        parts.append(digits.suffix(1))
      } else if !digits.isEmpty {
        parts.append(digits)
      }
    }
    return parts.joined(separator: ".")
  }
}
