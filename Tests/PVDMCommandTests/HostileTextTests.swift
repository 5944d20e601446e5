import Foundation
import MediaIO
import TestSupport
import Testing

@Suite("No text of others acts on the terminal, whichever command shows it")
struct HostileTextTests {
  /// The clipboard's sequence, one of eight bits, the order of text, and line ends of three kinds.
  private static let hostile =
    "a\u{1B}]52;c;eA==\u{07}\u{9B}31m\u{202E}b\u{2028}\u{7F}\r\nForged: c"

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Runs a command and looks at every character that it wrote.
  @discardableResult
  private func run(_ arguments: [String], shows: String? = nil) throws -> CommandRun {
    let run = try CommandRun(arguments, home: folder.path("home"))
    for (stream, text) in [("output", run.output), ("errors", run.errors)] {
      let active = text.unicodeScalars.filter { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: scalar != "\n"
        default: false
        }
      }
      #expect(active.isEmpty, "\(arguments.first ?? ""): \(stream)")
      let forged = text.split(separator: "\n").filter { $0.hasPrefix("Forged") }
      #expect(forged.isEmpty, "\(arguments.first ?? ""): \(stream)")
    }
    if let shows { #expect((run.output + run.errors).contains(shows), "\(run.errors)") }
    return run
  }

  /// A checkpoint of one tensor, all of whose names are hostile.
  private func writeCheckpoint() throws -> String {
    let header: [String: Any] = [
      "__metadata__": [Self.hostile: Self.hostile, "format": Self.hostile],
      Self.hostile: ["dtype": "F32", "shape": [1], "data_offsets": [0, 4]],
    ]
    let json = try JSONSerialization.data(withJSONObject: header)
    var bytes = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
    bytes += json + Data([0, 0, 128, 63])
    let path = folder.path("\(Self.hostile).safetensors")
    try bytes.write(to: URL(filePath: path))
    return path
  }

  @Test("Checkpoints: names of tensors, keys, values and the file's own name")
  func checkpoints() throws {
    let path = try writeCheckpoint()
    try run(["inspect", path], shows: "a\\u{1b}]52;c;eA==\\u{7}\\u{9b}31m\\u{202e}b\\u{2028}")
    try run(["inspect", path, "--tensors"], shows: "\\u{1b}]52")
    let described = try run(["inspect", path, "--json"])
    let checkpoint = try #require(described.json["checkpoint"] as? [String: Any])
    #expect((checkpoint["metadata"] as? [String: Any])?["format"] as? String == Self.hostile)
    try run(["models", folder.url.path])
    try run(["models", folder.url.path, "--json"])
    try run(["convert", path, folder.path("b\u{1B}c.pth")])
    try run(["convert", path, folder.path("x.safetensors"), "--wrapper", Self.hostile])
    try run(["decode", path, "skies-64", "-o", folder.path("x.mp4")])
    try run(["sample", "--denoiser", path, "-o", folder.path("x.safetensors")])
    try run(["bench", "--checkpoint", path])
  }

  @Test("Videos and pictures: what is embedded in them")
  func media() throws {
    let clip = Video(
      frames: [RGBImage(width: 16, height: 16)], frameRate: FrameRate(8),
      settings: """
        {"command": "\\u001b[31m", "model": "a\\u001b]52;c;eA==\\u0007\\nForged: c\\u202e", "seed": 1}
        """)
    for name in ["a.mkv", "a.png", "a.gif", "\(Self.hostile).mkv", "frames/"] {
      try clip.write(to: folder.path(name))
      let path = folder.path(name)
      try run(["inspect", path], shows: "\\u{1b}")
      try run(["inspect", path, "--json"])
      try run(["presets", "save", "x", "--from", path])
      try run(["encode", path, "skies-64", "-o", folder.path("x.safetensors")])
    }
    let text = Video(
      frames: [RGBImage(width: 16, height: 16)], frameRate: FrameRate(8), settings: Self.hostile)
    try text.write(to: folder.path("text.mkv"))
    try run(["inspect", folder.path("text.mkv")], shows: "\\u{1b}")
    try run(["inspect", folder.path("text.mkv"), "--json"])
  }

  @Test("Model folders and presets: names, summaries and keys of their files")
  func settings() throws {
    let escaped = "a\\u001b]52;c;eA==\\u0007\\nForged: c\\u202E"
    let model = folder.path("models/m")
    try FileManager.default.createDirectory(atPath: model, withIntermediateDirectories: true)
    for file in ["autoencoder.safetensors", "denoiser.safetensors"] {
      try FileManager.default.createSymbolicLink(
        atPath: model + "/" + file,
        withDestinationPath: CommandRun.package + "/samples/skies-64/" + file)
    }
    try Data(
      "name = \"\(escaped)\"\nsummary = \"\(escaped)\"\n"
        .appending("autoencoder = \"autoencoder.safetensors\"\n")
        .appending("denoiser = \"denoiser.safetensors\"\n").utf8
    )
    .write(to: URL(filePath: model + "/model.toml"))
    try run(["inspect", model], shows: "\\u{1b}")
    try run(["inspect", model, "--json"])
    try run(["models", folder.path("models")])
    try run(["models", folder.path("models"), "--json"])

    let presets = folder.path("home/.config/pvdm/presets")
    try FileManager.default.createDirectory(atPath: presets, withIntermediateDirectories: true)
    try Data(
      "name = \"\(escaped)\"\nsummary = \"\(escaped)\"\nsteps = 3\n\"\(escaped)\" = 1\n".utf8
    ).write(to: URL(filePath: presets + "/\(Self.hostile).toml"))
    try run(["presets"], shows: "\\u{1b}")
    try run(["presets", "--json"])
    try run(["presets", "show", Self.hostile])
    try run(["presets", "show", Self.hostile, "--json"])
    try run(["presets", "delete", "b\(Self.hostile)"], shows: "\\u{1b}")
    try run(["presets", "save", Self.hostile, "--steps", "3", "--summary", Self.hostile])
    try run(["train", "config", Self.hostile], shows: "\\u{1b}")
    try Data("\"\(escaped)\" = 1\nsteps = \"\(escaped)\"\n".utf8)
      .write(to: URL(filePath: folder.path("c.toml")))
    try run(["train", "config", folder.path("c.toml")])
  }

  @Test("Sets of videos and reports: the names of files")
  func sets() throws {
    for place in ["\(Self.hostile).avi", "b.mkv"] {
      let path = folder.path("set/\(place)")
      try FileManager.default.createDirectory(
        atPath: folder.path("set"), withIntermediateDirectories: true)
      if place == "b.mkv" {
        let frames = (0..<16).map { _ in RGBImage(width: 16, height: 16) }
        try Video(frames: frames, frameRate: FrameRate(8)).write(to: path)
      } else {
        try Data("no video".utf8).write(to: URL(filePath: path))
      }
    }
    try run(["dataset", "inspect", folder.path("set")], shows: "\\u{1b}")
    try run(["dataset", "inspect", folder.path("set"), "--json"])
    try run(["evaluate", "compare", folder.path(Self.hostile), "b"], shows: "\\u{1b}")
    try run(["evaluate", "list", "--source", Self.hostile])
    try run([
      "dataset", "skies", "--clips", "2", "--frames", "2", "--size", "8", "-o",
      folder.path(Self.hostile),
    ])
  }

  @Test(
    "Arguments that are quoted in errors, the parser's and ours",
    arguments: [
      [hostile], ["--\(hostile)"], ["sample", "--steps", hostile],
      ["sample", "--sampler", hostile],
      ["sample", "--color", hostile], ["sample", hostile, "-o", "x.mp4"],
      ["sample", "skies-64", "-o", "/proc/nowhere/\(hostile).mp4"],
      ["sample", "skies-64", "-o", "/tmp/x.\(hostile)"],
      ["sample", "--preset", hostile, "-o", "x.mp4"],
      ["sample", "--config", hostile, "-o", "x.mp4"], ["extend", hostile, "-o", "x.mp4"],
      ["encode", hostile, "-o", hostile], ["encode", hostile, "-o", "x.safetensors"],
      ["decode", hostile, "-o", "x.mp4"], ["reconstruct", hostile],
      ["reconstruct", "x.mp4", "-o", "\(hostile).safetensors"], ["inspect", hostile],
      ["inspect", "/etc/hostname", "--config", hostile], ["models", hostile],
      ["convert", hostile, hostile],
      ["convert", "--autoencoder", hostile, "--denoiser", hostile, hostile],
      ["dataset", "inspect", hostile],
      ["dataset", "skies", "--clips", "2", "-o", "/proc/nowhere/\(hostile)"],
      ["train", "autoencoder", "--data", hostile, "-o", "/proc/nowhere/x"],
      ["train", "diffusion", "--resume", "-o", hostile],
      ["train", "autoencoder", "--set", hostile, "--data", "x", "-o", "/proc/nowhere/x"],
      ["evaluate", "drift", "--generated", hostile, "-o", "/proc/nowhere/x"],
      ["evaluate", "fvd", "--data", hostile, "--i3d", hostile, "--model", "skies-64"],
      ["bench", "--sizes", hostile], ["bench", "--checkpoint", hostile],
      ["bench", "--make-checkpoint", "/proc/nowhere/\(hostile)"], ["help", hostile],
      ["studio", "--color", hostile], ["studio", "--theme", hostile],
    ])
  func arguments(_ arguments: [String]) throws {
    let found = try run(arguments)
    #expect(found.status != 0)
  }

  @Test("A field of any length takes a bounded room")
  func bounded() throws {
    let long = try run(["presets", "show", String(repeating: "x", count: 100_000)])
    #expect(long.errors.utf8.count < 10_000)
    #expect(long.errors.contains("more)"))
  }

  @Test("Nothing is written to the terminal but through the one writer")
  func sources() throws {
    let writers = ["Sources/pvdm/Console/StandardStreams.swift"]
    let root = CommandRun.package + "/Sources"
    let files = try #require(FileManager.default.enumerator(atPath: root))
    let around =
      /\b(?:print|debugPrint|dump|puts|fputs|putchar|fputc|fwrite|printf|vprintf|perror|NSLog)\(|FileHandle\.standard|STD(?:OUT|ERR)_FILENO|FileDescriptor\.standard|\bstd(?:out|err)\b/
    var count = 0
    for case let file as String in files where file.hasSuffix(".swift") {
      count += 1
      guard !writers.contains("Sources/" + file) else { continue }
      let text = try String(contentsOfFile: root + "/" + file, encoding: .utf8)
      for (line, content) in text.split(separator: "\n", omittingEmptySubsequences: false)
        .enumerated()
      where !content.drop(while: { $0 == " " }).hasPrefix("//") {
        #expect(content.firstMatch(of: around) == nil, "\(file):\(line + 1)")
      }
    }
    #expect(count > 400)
  }
}

@Suite("Standard output that cannot be written")
struct UnwritableOutputTests {
  private static let commands: [[String]] = [
    ["--help"], ["--version"], ["help", "sample"], ["sample", "--help"],
    ["inspect", "samples/skies-64"], ["inspect", "samples/skies-64", "--json"], ["models"],
    ["models", "--json"], ["presets"], ["presets", "--json"], ["presets", "show", "draft"],
    ["doctor"], ["doctor", "--json"], ["train", "config"], ["evaluate", "list"],
    ["evaluate", "list", "--json"], ["bench", "--screen"],
    ["--generate-completion-script", "bash"],
  ].map { $0.map { $0.hasPrefix("samples/") ? CommandRun.package + "/" + $0 : $0 } }

  @Test("A full device is said, with an exit status of its own", arguments: commands)
  func fullDevice(command: [String]) throws {
    let run = try CommandRun(command, standardOutput: FileHandle(forWritingAtPath: "/dev/full"))
    #expect(run.status == 74)
    #expect(run.errors == "pvdm: standard output cannot be written: No space left on device\n")
  }

  @Test("So is a pipe that nobody reads", arguments: commands)
  func brokenPipe(command: [String]) throws {
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let run = try CommandRun(command, standardOutput: pipe.fileHandleForWriting)
    #expect(run.status == 74)
    #expect(
      run.errors == "pvdm: standard output cannot be written: whoever read it is gone\n")
  }

  @Test("So is one that is closed, and no file gets its number", arguments: commands)
  func closed(command: [String]) throws {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", "exec \"$0\" \"$@\" >&-", CommandRun.program.path] + command
    process.environment = [
      "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder.path("home"),
    ]
    let errors = folder.path("errors")
    try Data().write(to: URL(filePath: errors))
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 74)
    #expect(
      try String(contentsOfFile: errors, encoding: .utf8)
        == "pvdm: standard output cannot be written: it is closed\n")
  }

  @Test("Events that nobody reads end a run, whose complete clips are kept")
  func events() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("a.safetensors")
    let run = try CommandRun(
      ["sample", "skies-64", "--steps", "2", "--clips", "3", "--json", "-o", output],
      standardOutput: FileHandle(forWritingAtPath: "/dev/full"))
    #expect(run.status == 74)
    #expect(run.errors.contains("standard output cannot be written: No space left on device"))
    #expect(run.errors.contains("stopped"))

    let skies = folder.path("skies")
    let set = try CommandRun(
      ["dataset", "skies", "--clips", "8", "--frames", "2", "--size", "8", "--json", "-o", skies],
      standardOutput: FileHandle(forWritingAtPath: "/dev/full"))
    #expect(set.status == 74)
  }
}
