/// Names a video for as long as its data folder lives.
public struct VideoID: RawRepresentable, Sendable, Hashable, Codable, Comparable {
  public var rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (a: VideoID, b: VideoID) -> Bool { a.rawValue < b.rawValue }
}

/// Names a clip of any video.
public struct ClipID: RawRepresentable, Sendable, Hashable, Codable, Comparable {
  public var rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (a: ClipID, b: ClipID) -> Bool { a.rawValue < b.rawValue }
}

/// Names a job of the queue, done or not.
public struct JobID: RawRepresentable, Sendable, Hashable, Codable, Comparable {
  public var rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (a: JobID, b: JobID) -> Bool { a.rawValue < b.rawValue }
}

/// Names a comparison of models or settings.
public struct ComparisonID: RawRepresentable, Sendable, Hashable, Codable, Comparable {
  public var rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (a: ComparisonID, b: ComparisonID) -> Bool { a.rawValue < b.rawValue }
}
