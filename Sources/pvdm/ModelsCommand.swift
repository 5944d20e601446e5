import ArgumentParser
import RunKit

/// `pvdm models`: what can be used, and what cannot and why.
struct Models: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Lists the models and checkpoints that are found, with what is wrong with them.",
    discussion: """
      Looks in the folders and checkpoints that are named, in $XDG_DATA_HOME/pvdm/models \
      (~/.local/share/pvdm/models), among the samples, in ./checkpoints and in the current folder. \
      Headers alone are read.

      Examples:
        pvdm models
        pvdm models ~/downloads/pvdm --hash
        pvdm models --json

      With --json, an array of objects: path, reference (name, autoencoder, denoiser), summary, the \
      facts of each network, and problem where there is one.
      """)

  @Argument(help: "Folders or checkpoints to look at first.", completion: .file())
  var places: [String] = []

  @Flag(help: "Computes the SHA-256 of each checkpoint, which reads all of it.")
  var hash = false

  @Flag(help: "Prints a JSON array.")
  var json = false

  func run() async throws {
    try await explaining {
      // What is there may be anything: the search reads it within bounds, and lists what it was.
      for place in places { _ = try ModelLibrary.isFolder(place) }
      var entries = try ModelLibrary(added: places).entries()
      if hash { try addHashes(&entries) }
      if json {
        try writeToStandardOutput(json: entries)
      } else {
        try writeToStandardOutput(entries.isEmpty ? Self.nothingFound : Self.text(entries))
      }
    }
  }

  private static let nothingFound: ConsoleText = """
    no models found: put a folder with an autoencoder and a denoiser (.pth or .safetensors)
    into ~/.local/share/pvdm/models or ./checkpoints, or name it; "pvdm convert" makes one
    """

  private func addHashes(_ entries: inout [ModelEntry]) throws {
    var known: [String: String] = [:]
    func hash(_ path: String?) throws -> String? {
      guard let path else { return nil }
      let hash = try known[path] ?? CheckpointHash.sha256(of: path)
      known[path] = hash
      return hash
    }
    for index in entries.indices where entries[index].problem == nil {
      entries[index].autoencoderHash = try hash(entries[index].reference.autoencoder)
      entries[index].denoiserHash = try hash(entries[index].reference.denoiser)
    }
  }

  private static func text(_ entries: [ModelEntry]) -> ConsoleText {
    let rows = entries.map { entry in
      [entry.reference.name, facts(entry), entry.path]
    }
    var lines = TextTable(header: ["model", "what it is", "where"], rows: rows, rightAligned: [])
      .lines
    // A line under its model says more than a column at the far right.
    for (index, entry) in entries.enumerated().reversed() {
      var notes: [ConsoleText] = []
      if let problem = entry.problem { notes.append("    \(problem)") }
      if let hash = entry.autoencoderHash { notes.append("    autoencoder \(hash)") }
      if let hash = entry.denoiserHash { notes.append("    denoiser \(hash)") }
      lines.insert(contentsOf: notes, at: index + 2)
    }
    return lines.joined(separator: "\n")
  }

  private static func facts(_ entry: ModelEntry) -> String {
    if entry.problem != nil, entry.autoencoder == nil, entry.denoiser == nil { return "unusable" }
    var parts: [String] = []
    if let side = entry.autoencoder?.resolution { parts.append("\(side) x \(side)") }
    if entry.autoencoder != nil, entry.denoiser == nil { parts.append("autoencoder alone") }
    if let denoiser = entry.denoiser {
      if entry.autoencoder == nil {
        parts.append("denoiser alone, latents of side \(denoiser.latentSide)")
      }
      if denoiser.conditional == false { parts.append("single clips") }
    }
    if let weights = (entry.denoiser ?? entry.autoencoder)?.weights, weights == .average {
      parts.append(weights.phrase)
    }
    let parameters = (entry.autoencoder?.parameters ?? 0) + (entry.denoiser?.parameters ?? 0)
    parts.append("\((parameters + 500_000) / 1_000_000) M parameters")
    return parts.joined(separator: ", ")
  }
}
