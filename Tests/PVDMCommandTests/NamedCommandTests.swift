import Foundation
import Testing

@Suite("What help, errors and notices tell people to type exists")
struct NamedCommandTests {
  /// A command of the program: its options and its own commands.
  private struct Command {
    var options: Set<String> = []
    var commands: [String: Command] = [:]

    init(_ dump: [String: Any]) {
      for argument in dump["arguments"] as? [[String: Any]] ?? [] {
        for name in argument["names"] as? [[String: Any]] ?? [] {
          let text = name["name"] as? String ?? ""
          options.insert((name["kind"] as? String == "short" ? "-" : "--") + text)
        }
      }
      for inner in dump["subcommands"] as? [[String: Any]] ?? [] {
        commands[inner["commandName"] as? String ?? ""] = Command(inner)
      }
    }

    /// All options, its commands' included.
    var allOptions: Set<String> { commands.values.reduce(options) { $0.union($1.allOptions) } }
  }

  private static func program() throws -> Command {
    let dump = try CommandRun(["--experimental-dump-help"]).json
    return Command(dump["command"] as? [String: Any] ?? [:])
  }

  private static func sources() throws -> [(file: String, text: String)] {
    let root = CommandRun.package + "/Sources"
    let files = FileManager.default.enumerator(atPath: root)
    var found: [(String, String)] = []
    while let file = files?.nextObject() as? String {
      guard file.hasSuffix(".swift") else { continue }
      let text = try String(contentsOfFile: root + "/" + file, encoding: .utf8)
      // Comments are for people who read the source; a line that goes on belongs to the one before.
      let lines = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
      found.append(
        (file, lines.joined(separator: "\n").replacing(/\\+\n */, with: "")))
    }
    return found
  }

  @Test("Every command that is named is one, with the options that are named with it")
  func commands() throws {
    let program = try Self.program()
    #expect(program.commands.count > 10)
    var count = 0
    for (file, text) in try Self.sources() {
      // In quotation marks, as an example of its own line, or as a usage.
      let named =
        text.matches(of: /\\"pvdm ([^"\\]+)\\"/).map(\.output.1)
        + text.matches(of: /\n +pvdm ([^\n]+)/).map(\.output.1)
        + text.matches(of: /[("`]pvdm ([a-z][^")`\n]*)/).map(\.output.1)
        + text.matches(of: /one of pvdm ([a-z ]+)/).map(\.output.1)
      for line in named {
        let words = line.split(separator: " ").map {
          $0.trimmingCharacters(in: CharacterSet(charactersIn: "\"'.,;[]()\\"))
        }
        var command = program
        var depth = 0
        for word in words {
          guard let next = command.commands[word] else { break }
          command = next
          depth += 1
        }
        let isOption = words.first?.hasPrefix("-") ?? false
        #expect(depth > 0 || isOption, "\(file): pvdm \(line)")
        guard depth > 0 else { continue }
        // What stands for commands cannot be followed by another word.
        if !command.commands.isEmpty, words.count > depth, command.options.isEmpty {
          let next = words[depth]
          #expect(!next.allSatisfy(\.isLetter) || next.isEmpty, "\(file): pvdm \(line)")
        }
        count += 1
        // After -- stands another command, with options of its own and those of the list that it is for.
        for word in words.dropFirst(depth).prefix(while: { $0 != "--" })
        where word.hasPrefix("--") || word == "-o" {
          let option = String(word.prefix { $0 != "=" })
          #expect(command.allOptions.contains(option), "\(file): pvdm \(line)")
        }
      }
    }
    #expect(count > 60)
  }

  @Test("Every option that an error or a notice names is one of some command")
  func options() throws {
    let others = ["--mpi", "--ntasks"]  // of srun
    let known = try Self.program().allOptions.union(["--help", "--version"] + others)
    // What writes a job for Slurm names the options of its commands.
    let ofSlurm: Set = [
      "--account", "--array", "--chdir", "--clusters", "--cores-per-socket",
      "--cpu-bind", "--cpus-per-task", "--exclusive", "--job-name", "--kill-on-bad-exit",
      "--noheader", "--ntasks-per-node",
      "--open-mode", "--oversubscribe", "--parsable", "--requeue", "--signal", "--states", "--user",
    ]
    // What fetches weights names those of pip.
    let ofPip: Set = [
      "--dest", "--disable-pip-version-check", "--no-binary", "--no-deps", "--no-input",
      "--require-hashes", "--requirement",
    ]
    var count = 0
    for (file, text) in try Self.sources()
    where file.contains(#/^(\w+Kit|TrainingData|VideoDiffusion)\//#) {
      let ofOthers =
        file.hasPrefix("RunKit/Cluster/") ? ofSlurm : file.hasPrefix("RunKit/Weights/") ? ofPip : []
      for match in text.matches(of: /--[a-z][a-z0-9-]+/) {
        count += 1
        let option = String(match.output)
        #expect(known.contains(option) || ofOthers.contains(option), "\(file): \(option)")
      }
    }
    #expect(count > 20)
  }

  @Test(
    "A command that is none is told, and not what is wrong with another one",
    arguments: [
      (["sampel"], "there is no command pvdm sampel", "Did you mean pvdm sample?"),
      (["help", "evalute"], "there is no command pvdm evalute", "Did you mean pvdm evaluate?"),
      (["presets", "shwo", "x"], "there is no command pvdm presets shwo", "pvdm presets show?"),
      (
        ["train", "everything"], "there is no command pvdm train everything",
        "\"pvdm train --help\""
      ),
    ])
  func unknown(arguments: [String], sentence: String, remedy: String) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64 && run.output.isEmpty)
    #expect(run.errors.contains(sentence) && run.errors.contains(remedy))
    #expect(!run.errors.contains("studio"))
  }

  @Test("The commands that help sends people to answer")
  func help() throws {
    let program = try Self.program()
    for (name, command) in program.commands {
      let help = try CommandRun(["help", name])
      #expect(help.status == 0 && !help.output.isEmpty, "\(name)")
      for match in help.output.matches(of: /See 'pvdm help ([^']*) <subcommand>'/) {
        let words = match.output.1.split(separator: " ").map(String.init)
        let inner = try #require(command.commands.keys.sorted().first)
        #expect(try CommandRun(["help"] + words + [inner]).status == 0)
      }
      for match in help.output.matches(of: /'pvdm ((?:help )?[a-z ]+?)(?: --help)?'/) {
        let words = match.output.1.split(separator: " ").map(String.init)
        #expect(try CommandRun(words + ["--help"]).status == 0, "\(match.output.0)")
      }
    }
  }
}
