import CheckpointIO
import Foundation
import HandwrittenText
import TOMLKit
import VideoDiffusion

/// A model as a folder: both networks and a short description, `model.toml`.
///
/// A folder without a description works too, if it holds one checkpoint of each network.
public struct ModelFolder: Sendable, Hashable {
  /// The folder's path.
  public let path: String
  /// What people call the model.
  public var name: String
  /// A sentence or two about it.
  public var summary: String
  /// The autoencoder's file, relative to the folder.
  public var autoencoder: String?
  /// The denoiser's file, relative to the folder.
  public var denoiser: String?
  /// Frames a second at which its videos look right.
  public var framesPerSecond: Double?

  package static let descriptionName = "model.toml"
  /// Bytes of a description; a few lines are usual.
  private static let descriptionLimit = 1 << 16

  /// Describes a model.
  public init(
    path: String, name: String, summary: String = "", autoencoder: String?, denoiser: String?,
    framesPerSecond: Double? = nil
  ) {
    self.path = path
    self.name = name
    self.summary = summary
    self.autoencoder = autoencoder
    self.denoiser = denoiser
    self.framesPerSecond = framesPerSecond
  }

  /// Reads a folder's description, or finds the checkpoints in a folder that has none.
  ///
  /// - Throws: ``StudioError`` if the folder holds no model.
  public init(contentsOf path: String) throws {
    let folder = URL(filePath: path)
    let description = folder.appending(path: Self.descriptionName)
    if FileManager.default.fileExists(atPath: description.path) {
      try self.init(path: path, descriptionAt: description.path)
    } else {
      try self.init(searching: folder, path: path)
    }
  }

  private init(path: String, descriptionAt file: String) throws {
    let table: TOMLTable
    do {
      table = try TOMLTable(text: SmallFile.text(of: file, limit: Self.descriptionLimit))
    } catch let error as TOMLSyntaxError {
      throw StudioError(file, .badDescription("line \(error.line): \(error.reason)"))
    } catch let error as SmallFile.Problem {
      throw StudioError(file, .badDescription(error.description))
    } catch {
      throw StudioError(file, .badDescription("the file cannot be read"))
    }
    let known: Set = ["name", "summary", "autoencoder", "denoiser", "frames_per_second"]
    if let unknown = table.keys.sorted().first(where: { !known.contains($0) }) {
      throw StudioError(
        file,
        .badDescription(
          "\(unknown) is not known; expected one of \(known.sorted().joined(separator: ", "))"))
    }
    func text(_ key: String) throws -> String? {
      guard let value = table[key] else { return nil }
      guard let string = value.string else {
        throw StudioError(file, .badDescription("\(key) is not a text in quotes"))
      }
      return string
    }
    self.path = path
    name = try text("name") ?? URL(filePath: path).lastPathComponent
    summary = try text("summary") ?? ""
    autoencoder = try text("autoencoder")
    denoiser = try text("denoiser")
    framesPerSecond = try table["frames_per_second"].map { value in
      guard let rate = value.double ?? value.int.map(Double.init),
        (try? OutputSet.checkedRate(rate)) != nil
      else {
        throw StudioError(
          file, .badDescription("frames_per_second is not a number above 0 and up to 1000"))
      }
      return rate
    }
    if autoencoder == nil && denoiser == nil {
      throw StudioError(file, .badDescription("names neither an autoencoder nor a denoiser"))
    }
  }

  private init(searching folder: URL, path: String) throws {
    var found: [NetworkKind: [String]] = [:]
    var reasons: [String] = []
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    for file in files.sorted() where Self.isCheckpointName(file) {
      do {
        for network in try NetworkFile.networks(path: folder.appending(path: file).path) {
          found[network.kind, default: []].append(file)
        }
      } catch {
        reasons.append(Explanation(error).sentence)
      }
    }
    for (kind, files) in found where files.count > 1 {
      throw StudioError(path, .ambiguousFolder(kind: kind, files: files))
    }
    guard !found.isEmpty else {
      throw StudioError(path, .noModel(reasons: Self.shortened(reasons)))
    }
    self.init(
      path: path, name: folder.lastPathComponent, autoencoder: found[.autoencoder]?.first,
      denoiser: found[.denoiser]?.first)
  }

  /// The first of many reasons.
  private static func shortened(_ reasons: [String]) -> [String] {
    let limit = 5
    guard reasons.count > limit else { return reasons }
    return reasons.prefix(limit) + ["and \(reasons.count - limit) files more"]
  }

  /// Whether a file's ending is that of a checkpoint. Of one in several files the first stands for all.
  package static func isCheckpointName(_ name: String) -> Bool {
    ["pth", "pt", "ckpt", "safetensors"].contains(URL(filePath: name).pathExtension.lowercased())
      && !CheckpointShards.isContinuation(name)
  }

  /// The description as it stands in `model.toml`.
  public var description: String {
    var lines = ["name = \(name.quotedForTOML)"]
    if !summary.isEmpty { lines.append("summary = \(summary.quotedForTOML)") }
    if let autoencoder { lines.append("autoencoder = \(autoencoder.quotedForTOML)") }
    if let denoiser { lines.append("denoiser = \(denoiser.quotedForTOML)") }
    if let framesPerSecond { lines.append("frames_per_second = \(framesPerSecond)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes the description into the folder.
  ///
  /// - Throws: `CheckpointError` if it cannot be written.
  public func writeDescription() throws {
    let text = Array(description.utf8)
    try AtomicFile.write(to: path + "/" + Self.descriptionName) { try $0.write(text) }
  }
}
