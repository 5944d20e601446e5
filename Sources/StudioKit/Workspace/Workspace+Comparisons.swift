import Foundation
import RunKit
import SessionStore

extension Workspace {
  /// Makes a comparison: a video and a job for each variant.
  ///
  /// Give all the same seed, so that only what is compared differs.
  ///
  /// - Throws: ``StudioError`` if there are not two to four variants or one cannot be made,
  ///   ``SessionStoreError`` if it cannot be kept.
  @discardableResult
  public func compare(
    title: String, _ variants: [Comparison.Variant]
  ) throws -> ComparisonID {
    guard (2...4).contains(variants.count) else {
      throw StudioError(
        nil,
        .option(
          name: "the number of variants", found: "\(variants.count)", expected: "2 to 4"))
    }
    let labels = Comparison.labels(of: variants)
    return try begin(title, Array(zip(labels, variants)))
  }

  /// Makes a grid of videos over one or two settings, row by row, with one seed
  /// unless that is swept.
  ///
  /// - Parameters:
  ///   - variant: The model, and the settings that are not swept.
  ///   - columns: What varies along a row.
  ///   - rows: What varies down a column; `nil` makes one row.
  /// - Throws: ``StudioError`` if a value is of no use, ``SessionStoreError`` if it cannot be kept.
  @discardableResult
  public func sweep(
    _ variant: Comparison.Variant, columns: SweepAxis, rows: SweepAxis?
  ) throws -> ComparisonID {
    let cells = try Comparison.cells(variant, columns: columns, rows: rows)
    let axes = [columns, rows].compactMap { $0 }
    let models = axes.allSatisfy { $0.setting != nil } ? "\(variant.model.name), " : ""
    return try begin(
      models + axes.map(\.title).joined(separator: " and "), cells, columns, rows)
  }

  /// Makes a video of a comparison one of its own, which lists show and which stays when the
  /// comparison is forgotten.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func keep(_ video: VideoID) throws {
    try update(video) { $0.isKept = true }
    tell(video)
  }

  /// Forgets a comparison; its jobs end and its videos go to the trash, but for those that were kept.
  ///
  /// - Throws: ``SessionStoreError`` if it cannot be kept.
  public func deleteComparison(_ id: ComparisonID) throws {
    guard let comparison = comparisons.first(where: { $0.id == id }) else { return }
    _ = try store.write { try $0.delete(ComparisonRecord.self, number: id.rawValue) }
    comparisons.removeAll { $0.id == id }
    tellComparisons()
    for cell in comparison.cells where videos[cell.video]?.isKept == false {
      try trash(cell.video)
    }
  }

  func tellComparisons() { hub.send(.comparisons(comparisons)) }

  private func begin(
    _ title: String, _ cells: [(label: String, variant: Comparison.Variant)],
    _ columns: SweepAxis? = nil, _ rows: SweepAxis? = nil
  ) throws -> ComparisonID {
    let fits = Comparison.takesOwnSteps(cells.map(\.variant), [columns, rows])
    let variants = try cells.map { cell in
      var variant = cell.variant
      if fits, let denoiser = denoiser(of: variant.model) {
        variant.settings = variant.settings.fitting(distilledSteps: denoiser.distilledSteps)
      }
      // A run without end would keep the others waiting for ever.
      variant.settings.clipCount = variant.settings.clipCount ?? 1
      try check(variant.model, variant.settings)
      return (label: cell.label, variant: variant)
    }
    let created = now().timeIntervalSinceReferenceDate
    // One transaction, so that there are all cells or none.
    let (comparison, records) = try store.write { transaction in
      let records = try variants.enumerated().map { place, cell in
        try insert(
          "\(title): \(cell.label)", cell.variant.model, cell.variant.settings,
          positionOffset: place, transaction)
      }
      var comparison = Comparison(
        id: ComparisonID(rawValue: 0), title: title,
        cells: zip(variants, records).map { cell, records in
          Comparison.Cell(
            label: cell.label, video: VideoID(rawValue: records.0.id ?? 0),
            job: JobID(rawValue: records.1.id ?? 0), variant: cell.variant)
        }, columnAxis: columns, rowAxis: rows)
      let record = try transaction.insert(
        ComparisonRecord(content: try JSONText.encode(comparison), created: created))
      comparison = comparison.named(ComparisonID(rawValue: record.id ?? 0))
      return (comparison, records)
    }
    comparisons.insert(comparison, at: 0)
    for (video, job) in records {
      let id = add(video)
      _ = try add(job)
      summaries[id] = summary(of: id)
    }
    tellComparisons()
    tellVideos()
    tellJobs()
    startJobs()
    return comparison.id
  }
}

extension Comparison {
  /// The same under another name.
  func named(_ id: ComparisonID) -> Comparison {
    Comparison(
      id: id, title: title, cells: cells, columnAxis: columnAxis, rowAxis: rowAxis)
  }

  /// A stored comparison; `nil` if another version of the program wrote what this one cannot read, or
  /// its axes do not fit its cells.
  init?(_ record: ComparisonRecord) {
    guard let id = record.id, SessionLimits.numbers.contains(id),
      let stored = try? JSONText.decode(Comparison.self, record.content), !stored.cells.isEmpty
    else { return nil }
    if let columns = stored.columnAxis?.values.count {
      let rows = stored.rowAxis.map(\.values.count) ?? 1
      guard columns > 0, stored.cells.count.isMultiple(of: columns),
        stored.cells.count / columns == rows
      else { return nil }
    }
    self = stored.named(ComparisonID(rawValue: id))
  }
}
