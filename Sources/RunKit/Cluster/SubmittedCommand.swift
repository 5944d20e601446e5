import Foundation

/// A command of the program as a cluster is to run it.
public struct SubmittedCommand: Sendable, Hashable, Codable {
  /// How its processes are started.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// A training, which ranks on several machines do together.
    case training
    /// A worker of a list, of which there can be any number.
    case worker
    /// Anything that one process does.
    case other
  }

  /// What it is.
  public var kind: Kind
  /// The program, as an absolute path.
  public var program: String
  /// Its arguments, the command first.
  public var arguments: [String]
  /// The folder in which relative paths are meant.
  public var directory: String
  /// Where it keeps a run that was stopped, as an absolute path; with it, `--resume` is added. `nil` for a
  /// command that goes on by itself.
  public var savedRun: String?
  /// The folder that a training writes, as an absolute path.
  public var runFolder: String?

  /// Describes a command.
  public init(
    _ kind: Kind, program: String, arguments: [String], directory: String,
    savedRun: String? = nil, runFolder: String? = nil
  ) {
    self.kind = kind
    self.program = program
    self.arguments = arguments
    self.directory = directory
    self.savedRun = savedRun
    self.runFolder = runFolder
  }

  /// The first words: `train-diffusion`, `work-run`, `sample`.
  public var name: String {
    let words = arguments.prefix(2).prefix { word in
      !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D }
        && !word.hasPrefix("-")
    }
    let isOfTwo = ["train", "work", "evaluate"].contains(words.first ?? "")
    return words.prefix(isOfTwo ? 2 : 1).joined(separator: "-")
  }

  /// What it is to people: `train diffusion second`, `work run evals/fvd`.
  public var title: String {
    let words = name.split(separator: "-").joined(separator: " ")
    switch kind {
    case .training:
      return runFolder.map { "\(words) \(URL(filePath: $0).lastPathComponent)" } ?? words
    case .worker, .other:
      // The first thing that is named: a model, an input or a list.
      let rest = arguments.dropFirst(words.split(separator: " ").count)
      return rest.first.flatMap { $0.hasPrefix("-") ? nil : "\(words) \($0)" } ?? words
    }
  }

  var layout: BatchScript.Layout {
    switch kind {
    case .training: .ranks
    case .worker: .workers
    case .other: .single
    }
  }
}
