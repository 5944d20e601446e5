import Foundation

/// A door of the program through which bytes come in that somebody else made.
///
/// Whatever the bytes are, `run` returns: it may refuse them, but neither trap, nor stall, nor take more
/// memory than the door's own limits. The same targets serve libFuzzer (`make fuzz`), which looks for
/// bytes that break this, and the tests, which replay what was found before.
public struct FuzzTarget: Sendable {
  /// What `make fuzz DOOR=` and the corpus's folder are called.
  public let name: String
  /// Whole inputs that the door takes, to begin from.
  public let seeds: @Sendable () throws -> [[UInt8]]
  /// Gives the bytes to the door.
  public let run: @Sendable ([UInt8]) -> Void

  /// Every target.
  public static let all: [FuzzTarget] = [
    .checkpoint, .network, .savedRun, .configuration, .trainingFile, .preset, .theme,
    .keyFile, .media, .keys, .records, .link,
  ]

  /// Inputs that once broke the target, kept so that it stays mended; none for most.
  public func corpus() throws -> [[UInt8]] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Corpus/\(name)")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return try names.sorted().map { Array(try Data(contentsOf: folder.appending(path: $0))) }
  }
}

/// Gives bytes to a door that wants a file.
enum ScratchFile {
  /// Runs `body` with the path of a file that holds `bytes` and is gone afterwards.
  static func with(_ bytes: [UInt8], ending: String = "", _ body: (String) -> Void) {
    var template = Array("\(folder)/pvdm-fuzz-XXXXXX\(ending)".utf8CString)
    let descriptor = mkstemps(&template, CInt(ending.utf8.count))
    precondition(descriptor >= 0, "no file can be made in \(folder)")
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { unlink(path) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      precondition(count > 0, "\(path) cannot be written")
      rest = rest.dropFirst(count)
    }
    close(descriptor)
    body(path)
  }

  /// Memory where the system offers it, since some thousand files a second come and go.
  private static let folder =
    FileManager.default.isWritableFile(atPath: "/dev/shm")
    ? "/dev/shm" : FileManager.default.temporaryDirectory.path
}
