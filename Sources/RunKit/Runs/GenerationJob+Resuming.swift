import Foundation
import VideoDiffusion

extension GenerationJob {
  /// Notes of a saved run: its settings, and its outputs as they were asked for.
  static let settingsKey = "pvdm.settings"
  static let outputsKey = "pvdm.outputs"
  /// The files that it may replace when it goes on, as a list in JSON; older runs do not say.
  static let replaceableKey = "pvdm.replaceable"

  /// The paths of a sample's outputs.
  func paths(_ outputs: [String], sample: Int) -> [String] {
    let seed = ClipSeed.seed(request.seed, sample: sample)
    return outputs.map { OutputSet.path($0, seed: seed, sampleCount: request.sampleCount) }
  }

  private func allPaths(_ outputs: [String]) -> Set<String> {
    Set((0..<request.sampleCount).flatMap { paths(outputs, sample: $0) })
  }

  /// The run that was kept for these outputs, if it is to go on.
  ///
  /// - Throws: ``StudioError`` if there is none, or one of other settings, or one in the way of a run
  ///   that begins anew; what reading throws.
  func resumedRun(_ settings: RunSettings) throws -> SavedRun? {
    let path = savedRunPath
    let isSaved = path.map { FileManager.default.fileExists(atPath: $0) } ?? false
    guard resumes else {
      if isSaved && !overwrites { throw StudioError(path, .savedRun) }
      return nil
    }
    guard let path, isSaved else {
      throw StudioError(path, .resume(reason: "nothing of it was kept"))
    }
    let saved = try SavedRun(contentsOf: path)
    guard let savedSettings = saved.notes[Self.settingsKey].flatMap(RunSettings.init(json:)) else {
      throw StudioError(path, .resume(reason: "its settings are damaged"))
    }
    if let difference = settings.difference(from: savedSettings) {
      throw StudioError(
        path, .resume(reason: "\(difference) when it began; leave that as it was"))
    }
    return saved
  }

  /// The files that this run may replace: where that is not asked for, those that the run which it
  /// goes on with wrote.
  func replaceableOutputs(_ resumed: SavedRun?) -> Set<String> {
    if overwrites { return allPaths(outputs) }
    guard let resumed else { return [] }
    guard let text = resumed.notes[Self.replaceableKey] else {
      let before = resumed.notes[Self.outputsKey] ?? ""
      return allPaths(before.split(separator: "\n").map(String.init))
    }
    return (try? JSONDecoder().decode(Set<String>.self, from: Data(text.utf8))) ?? []
  }
}
