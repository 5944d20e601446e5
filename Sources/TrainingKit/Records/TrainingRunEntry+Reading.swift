import Foundation

extension TrainingRunEntry {
  /// Every run in a folder of runs, and runs that lie elsewhere, the latest first. One that cannot be read
  /// says why.
  package static func entries(in folder: String, and others: [String] = []) -> [TrainingRunEntry] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let paths = Set(names.map { folder + "/" + $0 }).union(others)
    let entries = paths.sorted().compactMap { path -> TrainingRunEntry? in
      guard TrainingRunFolder(path: path).holdsRun else { return nil }
      do { return TrainingRunEntry(try TrainingRunSummary(contentsOf: path)) } catch {
        return TrainingRunEntry(path, problem: error)
      }
    }
    return entries.sorted { ($0.created, $0.path) > ($1.created, $1.path) }
  }

  /// What a run's folder tells.
  package init(_ summary: TrainingRunSummary) {
    self.init(
      path: summary.folder, stage: summary.record.stage, configuration: summary.configuration,
      dataPath: summary.record.data, finishedSteps: summary.savedStep,
      history: TrainingHistory(summary.metrics.map(TrainingHistory.Point.init)),
      scores: TrainingHistory(summary.scores.map(TrainingHistory.Point.init)),
      samplePath: summary.videoPath, weightsPath: summary.networkPath,
      isElsewhere: summary.isRunning, holder: summary.holder, created: summary.record.created)
  }
}

extension TrainingHistory.Point {
  /// A line of a run's table.
  init(_ row: TrainingRunSummary.Row) {
    self.init(
      step: row.step,
      values: Dictionary(row.values.map { ($0.name, $0.value) }) { first, _ in first })
  }
}
