/// What was measured of runs of one kind.
public struct TimingRecord: SessionRecord {
  public static let databaseTableName = "timings"

  /// The kind of run: model, precision, threads and the like.
  public var name: String
  /// The measurements as JSON.
  public var content: String
  /// When it was last measured, in seconds since 2001-01-01 00:00 UTC.
  public var modified: Double

  /// What was measured.
  public init(name: String, content: String, modified: Double) {
    self.name = name
    self.content = content
    self.modified = modified
  }
}

/// A checkpoint's hash, good for as long as the file's size and time of modification stay.
public struct FingerprintRecord: SessionRecord {
  public static let databaseTableName = "fingerprints"

  /// The file.
  public var path: String
  /// Its size in bytes.
  public var size: Int
  /// When it was modified, in nanoseconds since 1970-01-01 00:00 UTC.
  public var modified: Int64
  /// SHA-256 in hexadecimal.
  public var sha256: String

  /// A checkpoint's hash.
  public init(path: String, size: Int, modified: Int64, sha256: String) {
    self.path = path
    self.size = size
    self.modified = modified
    self.sha256 = sha256
  }
}

/// A small value by name, such as the theme.
public struct StateRecord: SessionRecord {
  public static let databaseTableName = "state"

  /// Its name.
  public var name: String
  /// Its value as JSON.
  public var content: String

  /// A small value.
  public init(name: String, content: String) {
    self.name = name
    self.content = content
  }
}
