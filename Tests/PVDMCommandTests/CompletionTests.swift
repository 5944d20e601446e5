import Foundation
import TestSupport
import Testing

@Suite("Completions that are installed")
struct CompletionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What bash offers for the last of some words, in a folder with the file `model.pth`.
  private func offered(_ words: [String]) throws -> Set<Substring> {
    let script = folder.path("completions")
    try CommandRun(["--generate-completion-script", "bash"]).output
      .write(toFile: script, atomically: true, encoding: .utf8)
    try Data().write(to: URL(filePath: folder.path("model.pth")))
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.currentDirectoryURL = folder.url
    process.arguments =
      [
        "-c",
        """
        source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        _pvdm pvdm "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
        """, script,
      ] + words
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return Set(String(decoding: data, as: UTF8.self).split(separator: "\n"))
  }

  @Test("In bash: commands, options, the words that an option takes, and files")
  func bash() throws {
    #expect(try offered(["pvdm", "sam"]) == ["sample"])
    #expect(try offered(["pvdm", "evaluate", "f"]) == ["fvd"])
    #expect(try offered(["pvdm", "sample", "--sampler", "uni"]) == ["unipc"])
    #expect(try offered(["pvdm", "sample", "--later"]) == ["--later-steps"])
    #expect(try offered(["pvdm", "sample", "--denoiser", "mod"]) == ["model.pth"])
    #expect(try offered(["pvdm", "inspect", "mod"]) == ["model.pth"])
  }

  @Test("Every shell's script names every command", arguments: ["bash", "zsh", "fish"])
  func scripts(shell: String) throws {
    let dump = try CommandRun(["--experimental-dump-help"]).json["command"] as? [String: Any]
    let commands = dump?["subcommands"] as? [[String: Any]] ?? []
    let script = try CommandRun(["--generate-completion-script", shell])
    #expect(script.status == 0 && script.errors.isEmpty && commands.count > 10)
    for name in commands.compactMap({ $0["commandName"] as? String }) {
      #expect(script.output.contains(name), "\(name)")
    }
  }
}
