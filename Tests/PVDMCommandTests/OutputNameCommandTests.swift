import Foundation
import TestSupport
import Testing

@Suite("Names, links, and outputs that appear meanwhile")
struct OutputNameCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Runs a line of the shell, in which `$P` is the program, in the folder.
  private func shell(_ line: String) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = folder.url
    process.environment = [
      "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder.path(".home"),
      "P": CommandRun.program.path, "PVDM_DATA": CommandRun.package,
    ]
    let (output, errors) = (folder.path(".output"), folder.path(".errors"))
    for file in [output, errors] { try Data().write(to: URL(filePath: file)) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    process.waitUntilExit()
    return (
      process.terminationStatus, try String(contentsOfFile: output, encoding: .utf8),
      try String(contentsOfFile: errors, encoding: .utf8)
    )
  }

  private var names: [String] { folder.contents.filter { !$0.hasPrefix(".") } }

  private static let sample = "$P sample skies-64 --steps 1 --later-steps 1 -q"

  @Test(
    "Arguments that are no UTF-8 are refused, and nothing is made",
    arguments: [
      "\(sample) -o $'a\\xe9.mp4'", "\(sample) -o $'a\\xe8/' --overwrite",
      "$P inspect $'in_\\xe9.mp4'",
      "$P models $'\\xe9'", "$P presets save $'\\xe9' --steps 3", "$P extend $'\\xe9.mp4' -o a.mp4",
      "$P train config $'\\xe9.toml'", "$P dataset inspect $'\\xe9'", "$P studio --data $'\\xe9'",
      "$P convert a.pth $'\\xe9.pth'",
    ])
  func arguments(line: String) throws {
    let run = try shell(line)
    #expect(run.status == 2)
    #expect(run.errors.contains("\\xe"))
    #expect(run.errors.contains("is not UTF-8"))
    #expect(names.isEmpty)
  }

  @Test("So are a current folder and a home with such names")
  func places() throws {
    let here = try shell("mkdir $'\\xe9' && cd $'\\xe9' && $P inspect a.mp4")
    #expect(here.status == 2 && here.errors.contains("the current folder"))
    let home = try shell("HOME=$'/x\\xe9' $P models")
    #expect(home.status == 2 && home.errors.contains("HOME in the environment, /x\\xe9,"))
  }

  @Test("Frames and videos of a set with such names are told, not left out")
  func listings() throws {
    let frames = try shell(
      "\(Self.sample) -o frames/ && mv frames/frame00003.png $'frames/frame\\xe9.png'"
        + " && $P encode frames skies-64 -o a.safetensors")
    #expect(frames.status == 2 && frames.errors.contains("frame\\xe9.png"))
    let set = try shell(
      "mkdir -p set/a && \(Self.sample) -o set/a/x.mkv && cp set/a/x.mkv $'set/a/y\\xe9.mkv'"
        + " && $P dataset inspect set")
    #expect(set.status == 2 && set.errors.contains("y\\xe9.mkv"))
    let named = try shell("mv set/a $'set/b\\xe9'; $P dataset inspect set")
    #expect(named.status == 2 && named.errors.contains("b\\xe9"))
    // What is no video is of no account.
    let other = try shell(
      "mv $'set/b\\xe9' set/a; rm $'set/a/y\\xe9.mkv'; echo x > $'set/r\\xe9ad.txt'; $P dataset inspect set"
    )
    #expect(other.status == 0)
  }

  @Test("A linked folder of frames keeps its link; what it leads to is replaced whole")
  func linkedFolder() throws {
    let run = try shell(
      "mkdir big small && \(Self.sample) -o big/old/ && ln -s ../big/old small/out"
        + " && \(Self.sample) --seed 5 -o small/out/ --overwrite && readlink small/out"
        + " && ls big/old | wc -l && ls -A small big")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output == "../big/old\n17\nbig:\nold\n\nsmall:\nout\n")
    let refused = try shell("\(Self.sample) -o small/out/")
    #expect(refused.status == 2)
  }

  @Test("A linked file keeps its link, and a link to nothing is written through")
  func linkedFile() throws {
    let run = try shell(
      "ln -s b.safetensors a.safetensors && \(Self.sample) -o a.safetensors && readlink a.safetensors"
        + " && ln -s nowhere.mkv d.mkv && \(Self.sample) -o d.mkv && readlink d.mkv"
        + " && \(Self.sample) -o d.mkv --overwrite && readlink d.mkv")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output == "b.safetensors\nnowhere.mkv\nnowhere.mkv\n")
    #expect(names == ["a.safetensors", "b.safetensors", "d.mkv", "nowhere.mkv"])
    #expect(try shell("\(Self.sample) -o d.mkv").status == 2)
    let lost = try shell("ln -s none/x.mkv e.mkv; \(Self.sample) -o e.mkv")
    #expect(lost.status == 2 && lost.errors.contains("create ./none first"))
  }

  @Test("Names of the greatest length can be written and gone on with", arguments: [249, 255])
  func longNames(length: Int) throws {
    for ending in [".mkv", ".safetensors", ".png"] {
      let name = String(repeating: "n", count: length - ending.count) + ending
      let run = try shell("\(Self.sample) -o \(name)")
      #expect(run.status == 0, "\(run.errors)")
      #expect(names.contains(name))
    }
    let frames = String(repeating: "f", count: length)
    #expect(try shell("\(Self.sample) -o \(frames)/").status == 0)
    #expect(try shell("\(Self.sample) -o \(frames)/ --overwrite --seed 2").status == 0)
    #expect(!folder.contents.contains { $0.hasSuffix(".partial") })
  }

  @Test("Runs that write one name at once each keep their video, and say under which name")
  func collision() throws {
    for output in ["a.mkv", "a.safetensors", "a/"] {
      let run = try shell(
        "for s in 1 2 3; do \(Self.sample) --clips 2 --seed $s -o \(output) 2>e$s & done; wait; cat e?; rm e?"
      )
      let stem = output.hasSuffix("/") ? "a" : String(output.split(separator: ".")[0])
      let made = names.filter { $0.hasPrefix(stem) && !$0.contains("resume") }
      // One that began after another had ended is refused before it does anything.
      let refused =
        run.output.components(separatedBy: "exist").count - 1
        + run.output.components(separatedBy: "is there already").count - 1
        + run.output.components(separatedBy: "an interrupted run of this output").count - 1
      #expect(made.count + refused >= 3, "\(made) \(run.output)")
      if made.count > 1 { #expect(run.output.contains("kept as")) }
      _ = try shell("rm -rf a*")
    }
  }

  @Test("What a killed run left beside its output is gone with the next")
  func leftovers() throws {
    let run = try shell(
      "for n in 1 2 3; do $P sample skies-64 --steps 1000 -q -o a$n.mkv & pid=$!;"
        + " until ls .a$n.*partial >/dev/null 2>&1; do kill -0 $pid || break; done;"
        + " kill -9 $pid; wait $pid 2>/dev/null; done; ls -A | grep -c partial; \(Self.sample) -o b.mkv"
    )
    #expect(run.status == 0, "\(run.errors)")
    #expect(folder.contents.filter { $0.contains("partial") }.isEmpty)
    #expect(names == ["b.mkv"])
  }

  @Test(
    "An argument without a character, as of a variable that is not set, is refused and nothing made",
    arguments: [
      "$P dataset cut film.mp4 -o \"$NONE\"", "$P dataset skies --clips 1 --output=$NONE",
      "$P evaluate drift --generated x -o \"$NONE\"", "$P convert \"$NONE\" out.pth",
      "\(sample) -o \"$NONE\"",
    ])
  func empty(line: String) throws {
    let run = try shell(line)
    #expect(run.status == 64)
    #expect(run.errors.contains("is empty"))
    #expect(run.errors.contains("a variable of the shell may not be set"))
    #expect(names.isEmpty)
  }
}
