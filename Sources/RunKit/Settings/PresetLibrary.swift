import CheckpointIO
import Foundation
import OutputFiles

/// The presets: those that come with the program, and the user's as TOML files in a folder.
public struct PresetLibrary: Sendable {
  /// The folder of the user's presets; it need not exist.
  public let folder: String

  /// Looks for the user's presets in a folder.
  public init(folder: String) { self.folder = folder }

  /// All presets, those of the program first, then the user's by name; and what was left out of the
  /// user's files, and why.
  public func load() -> (presets: [Preset], issues: [PresetIssue]) {
    let (files, issues) = read()
    return (Self.builtIn + files.map(\.preset), issues)
  }

  /// The preset of a name. Case and anything but letters and digits are of no account:
  /// `paper-100-20` finds `paper 100/20`.
  ///
  /// - Throws: ``StudioError`` if there is none.
  public func preset(named name: String) throws -> Preset {
    let presets = load().presets
    let key = Self.key(of: name)
    guard let found = presets.first(where: { Self.key(of: $0.name) == key }) else {
      throw StudioError(nil, .noSuchPreset(name: name, known: presets.map(\.name)))
    }
    return found
  }

  /// Keeps a preset as a file, whole or not at all.
  ///
  /// - Parameter overwrites: Whether a preset of the user's of this name may be replaced.
  /// - Returns: The file.
  /// - Throws: ``StudioError`` if the name cannot be used or is taken, or a setting is out of range or no
  ///   part of a preset; `CheckpointError` if the file cannot be written.
  @discardableResult
  public func save(_ preset: Preset, overwrites: Bool = false) throws -> String {
    let name = preset.name.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let fileName = Self.fileName(name) else {
      throw StudioError(
        nil, .option(name: "the preset's name", found: name, expected: "a letter or digit in it"))
    }
    try checkNotBuiltIn(name, verb: "replaced; choose another name")
    // Its file would not say it, and whoever uses the preset would go without it unawares.
    if let lost = GenerationSetting.all.first(where: { preset.keys.contains($0) && !$0.isInPresets }
    ) {
      throw StudioError(
        nil,
        .preset(
          reason:
            "a preset holds no \(lost.title), which goes with one run; give it where the preset is "
            + "used"))
    }
    try preset.settings.validate()
    let key = Self.key(of: name)
    let known = read().files.first { Self.key(of: $0.preset.name) == key }
    let path = known?.path ?? URL(filePath: folder).appending(path: fileName).path
    if !overwrites, FileManager.default.fileExists(atPath: path) {
      throw StudioError(path, .exists)
    }
    do {
      try DurableFolder.make(folder)
    } catch {
      throw StudioError(
        folder, .preset(reason: "the folder cannot be made (\(error.systemReason))"))
    }
    var named = preset
    named.name = name
    do {
      try AtomicFile.write(to: path, replaces: overwrites) {
        try $0.write(Array(PresetFile.text(of: named).utf8))
      }
    } catch let error as CheckpointError {
      guard case .nameTaken(let other) = error.kind else { throw error }
      // Two files of one name would be one preset too many.
      try? FileManager.default.removeItem(atPath: other)
      throw StudioError(path, .exists)
    }
    return path
  }

  /// Deletes a preset of the user's.
  ///
  /// - Throws: ``StudioError`` if there is none of this name or the file cannot be deleted.
  public func delete(named name: String) throws {
    try checkNotBuiltIn(name, verb: "deleted")
    let key = Self.key(of: name)
    guard let file = read().files.first(where: { Self.key(of: $0.preset.name) == key }) else {
      throw StudioError(
        nil, .noSuchPreset(name: name, known: load().presets.map(\.name)))
    }
    do {
      try FileManager.default.removeItem(atPath: file.path)
    } catch {
      throw StudioError(
        file.path, .preset(reason: "the preset cannot be deleted (\(error.systemReason))"))
    }
  }

  private func checkNotBuiltIn(_ name: String, verb: String) throws {
    let key = Self.key(of: name)
    guard let own = Self.builtIn.first(where: { Self.key(of: $0.name) == key }) else { return }
    throw StudioError(
      nil, .preset(reason: "\(own.name) comes with the program and cannot be \(verb)"))
  }

  /// The user's files in order of their presets' names.
  private func read() -> (files: [PresetFile], issues: [PresetIssue]) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var files: [PresetFile] = []
    var issues: [PresetIssue] = []
    var taken = Dictionary(
      uniqueKeysWithValues: Self.builtIn.map { (Self.key(of: $0.name), "the program") })
    for name in names.sorted() where name.hasSuffix(".toml") && !name.hasPrefix(".") {
      let path = URL(filePath: folder).appending(path: name).path
      let (file, problems) = PresetFile.read(path)
      issues += problems
      guard let file else { continue }
      let key = Self.key(of: file.preset.name)
      if let owner = taken[key] {
        issues.append(
          PresetIssue(
            file: name, line: file.nameLine,
            reason: .nameTaken(file.preset.name, by: owner)))
        continue
      }
      taken[key] = name
      files.append(file)
    }
    return (files.sorted { $0.preset.name < $1.preset.name }, issues)
  }

  /// What tells names apart: lower-case letters and digits, joined by single hyphens.
  package static func key(of name: String) -> String {
    name.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
  }

  /// A file name for a preset that any file system takes; `nil` if the name has no letter or digit.
  package static func fileName(_ name: String) -> String? {
    var stem = key(of: name)
    while stem.utf8.count > 100 { stem.removeLast() }
    return stem.isEmpty ? nil : stem + ".toml"
  }
}

/// Something in a preset's file that was left out, with where and why.
public struct PresetIssue: Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Sendable, Hashable {
    /// The file is no TOML, or cannot be read.
    case unreadable(String)
    /// No such setting; perhaps another was meant.
    case unknownKey(String, suggestion: String?)
    /// A setting's value is out of range or of another kind.
    case badValue(key: String, found: String, expected: String)
    /// Another preset has this name.
    case nameTaken(String, by: String)
  }

  /// The file's name.
  public let file: String
  /// The line from 1, where it is known.
  public let line: Int?
  /// What is wrong.
  public let reason: Reason

  /// The issue as `file:line: what is wrong`.
  public var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return "\(place): \(text)"
  }

  private var text: String {
    switch reason {
    case .unreadable(let reason): "is no readable TOML: \(reason)"
    case .unknownKey(let key, let suggestion):
      "unknown key '\(key)'" + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
    case .badValue(let key, let found, let expected): "\(key) is \(found); expected \(expected)"
    case .nameTaken(let name, let owner): "the name '\(name)' is taken by \(owner)"
    }
  }
}
