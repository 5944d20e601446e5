import VideoDiffusion

extension GenerationSetting {
  /// A name of a setting, in stored settings or on a command line.
  package struct Name: CodingKey {
    package let stringValue: String
    package var intValue: Int? { nil }

    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }
  }

  /// Where ``GenerationSettings`` keeps a setting, and how it is stored.
  struct Storage: Sendable {
    typealias Path<Value> = WritableKeyPath<GenerationSettings, Value> & Sendable
    typealias Encoding = KeyedEncodingContainer<Name>
    typealias Decoding = KeyedDecodingContainer<Name>

    /// Its name in stored settings.
    let name: Name
    /// The values that it may have.
    let domain: SettingDomain
    /// The value; `nil` if no choice is made.
    let read: @Sendable (GenerationSettings) -> SettingValue?
    /// Takes a value, `nil` for no choice; one of another kind changes nothing.
    let write: @Sendable (inout GenerationSettings, SettingValue?) -> Void
    /// Stores it.
    let encode: @Sendable (GenerationSettings, inout Encoding) throws -> Void
    /// Takes what was stored.
    let decode: @Sendable (inout GenerationSettings, Decoding) throws -> Void

    /// A setting that always has a value. What older versions did not store has its usual one.
    private init<Value: Codable & Sendable>(
      _ path: Path<Value>, _ name: String, _ domain: SettingDomain,
      wrap: @escaping @Sendable (Value) -> SettingValue,
      unwrap: @escaping @Sendable (SettingValue) -> Value?
    ) {
      let name = Name(stringValue: name)
      self.name = name
      self.domain = domain
      read = { wrap($0[keyPath: path]) }
      write = { settings, value in
        if let value = value.flatMap(unwrap) { settings[keyPath: path] = value }
      }
      encode = { settings, container in
        try container.encode(settings[keyPath: path], forKey: name)
      }
      decode = { settings, container in
        if let value = try container.decodeIfPresent(Value.self, forKey: name) {
          settings[keyPath: path] = value
        }
      }
    }

    /// A setting that may make no choice, which nothing stored stands for.
    private init<Value: Codable & Sendable>(
      open path: Path<Value?>, _ name: String, _ domain: SettingDomain,
      wrap: @escaping @Sendable (Value) -> SettingValue,
      unwrap: @escaping @Sendable (SettingValue) -> Value?
    ) {
      let name = Name(stringValue: name)
      self.name = name
      self.domain = domain
      read = { $0[keyPath: path].map(wrap) }
      write = { settings, value in
        let unwrapped = value.flatMap(unwrap)
        if value == nil || unwrapped != nil { settings[keyPath: path] = unwrapped }
      }
      encode = { settings, container in
        try container.encodeIfPresent(settings[keyPath: path], forKey: name)
      }
      decode = { settings, container in
        settings[keyPath: path] = try container.decodeIfPresent(Value.self, forKey: name)
      }
    }

    static func integer(
      _ path: Path<Int>, _ name: String, _ range: ClosedRange<Int>
    ) -> Storage {
      Storage(path, name, .integer(range), wrap: { .integer($0) }, unwrap: \.integer)
    }

    /// - Parameter zero: What 0 does, which stands for no choice.
    static func integer(
      _ path: Path<Int?>, _ name: String, _ range: ClosedRange<Int>, zero: String
    ) -> Storage {
      Storage(
        open: path, name, .integer(range, zero: zero), wrap: { .integer($0) }, unwrap: \.integer)
    }

    static func number(
      _ path: Path<Double>, _ name: String, _ range: ClosedRange<Double>
    ) -> Storage {
      Storage(path, name, .number(range), wrap: { .number($0) }, unwrap: \.number)
    }

    static func flag(_ path: Path<Bool>, _ name: String) -> Storage {
      Storage(path, name, .flag, wrap: { .flag($0) }, unwrap: \.flag)
    }

    static func seed(_ path: Path<UInt64>, _ name: String) -> Storage {
      Storage(path, name, .seed, wrap: { .natural($0) }, unwrap: \.natural)
    }

    /// - Parameter word: The word that makes no choice.
    static func variation(
      _ path: Path<NoiseVariation?>, _ name: String, none word: String
    ) -> Storage {
      Storage(
        open: path, name, .variation(none: word), wrap: { .text($0.text) },
        unwrap: { $0.name.flatMap { NoiseVariation($0) } })
    }

    static func choice<Value: SettingChoice>(_ path: Path<Value>, _ name: String) -> Storage {
      Storage(
        path, name, .choice(Value.self), wrap: { .text($0.rawValue) },
        unwrap: { $0.name.flatMap(Value.init(rawValue:)) })
    }

    /// - Parameter word: The word that makes no choice.
    static func choice<Value: SettingChoice>(
      _ path: Path<Value?>, _ name: String, open word: String
    ) -> Storage {
      Storage(
        open: path, name, .choice(Value.self, open: word), wrap: { .text($0.rawValue) },
        unwrap: { $0.name.flatMap(Value.init(rawValue:)) })
    }
  }
}
