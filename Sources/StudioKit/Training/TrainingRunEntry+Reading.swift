import Foundation

extension TrainingRunEntry {
  /// Every run in a folder of runs, the latest first. One that cannot be read says why.
  static func entries(in folder: String) -> [TrainingRunEntry] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let entries = names.sorted().compactMap { name -> TrainingRunEntry? in
      let path = folder + "/" + name
      guard TrainingRunFolder(path: path).holdsRun else { return nil }
      do { return try TrainingRunEntry(contentsOf: path) } catch {
        return TrainingRunEntry(path, problem: error)
      }
    }
    return entries.sorted { $0.created > $1.created }
  }

  /// Reads what a run's folder tells.
  ///
  /// - Throws: ``TrainingError`` if it holds no run, ``TrainingConfigurationError`` if its
  ///   configuration was changed into one that cannot be used.
  public init(contentsOf path: String) throws {
    let folder = TrainingRunFolder(path: path)
    let record = try folder.readRecord()
    let weights = folder.network(record.stage)
    self.init(
      path: path, stage: record.stage,
      configuration: try TrainingConfiguration(contentsOf: folder.configuration),
      dataPath: record.data, finishedSteps: folder.checkpointSteps.last ?? 0,
      history: Self.table(folder.metrics), scores: Self.table(folder.scores),
      samplePath: folder.sampleSteps.last.map { folder.video($0) },
      weightsPath: FileManager.default.fileExists(atPath: weights) ? weights : nil,
      isElsewhere: Self.isLocked(folder.lock), created: record.created)
  }

  /// Reads a table of the run's log. A line that is none, such as one cut short, is passed over.
  private static func table(_ path: String) -> TrainingHistory {
    var history = TrainingHistory()
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return history }
    let lines = text.split(separator: "\n")
    guard let header = lines.first else { return history }
    let columns = header.split(separator: ",", omittingEmptySubsequences: false)
    for line in lines.dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == columns.count, let step = fields.first.flatMap({ Int($0) }) else {
        continue
      }
      var values: [String: Double] = [:]
      for (column, field) in zip(columns, fields).dropFirst() {
        values[String(column)] = Double(field)
      }
      history.add(TrainingHistory.Point(step: step, values: values))
    }
    return history
  }

  /// Whether a process trains in a folder.
  private static func isLocked(_ path: String) -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return false }
    do {
      try FolderLock(path: path).release()
      return false
    } catch {
      return (error as? StudioError)?.problem == .inUse
    }
  }
}
