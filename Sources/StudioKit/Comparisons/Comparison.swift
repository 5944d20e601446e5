import RunKit

/// Two to four models or settings side by side, or a grid of settings, with the same seeds.
public struct Comparison: Sendable, Hashable, Identifiable, Codable {
  /// Its name.
  public let id: ComparisonID
  /// What people call it.
  public var title: String
  /// The cells, row by row. A plain comparison has one row.
  public var cells: [Cell]
  /// What varies along the rows and down the columns; empty for a plain comparison.
  public var columnAxis: SweepAxis?
  public var rowAxis: SweepAxis?

  /// One variant: a video of its own, which a job makes.
  public struct Cell: Sendable, Hashable, Codable {
    /// What tells it from the others.
    public var label: String
    /// Its video, and the job that makes it.
    public var video: VideoID
    public var job: JobID
    /// The model and settings.
    public var variant: Variant

    /// One variant of a comparison.
    public init(label: String, video: VideoID, job: JobID, variant: Variant) {
      self.label = label
      self.video = video
      self.job = job
      self.variant = variant
    }
  }

  /// A model with settings.
  public struct Variant: Sendable, Hashable, Codable {
    public var model: ModelReference
    public var settings: GenerationSettings

    /// A model with settings.
    public init(model: ModelReference, settings: GenerationSettings) {
      self.model = model
      self.settings = settings
    }
  }

  /// A comparison.
  public init(
    id: ComparisonID, title: String, cells: [Cell], columnAxis: SweepAxis? = nil,
    rowAxis: SweepAxis? = nil
  ) {
    self.id = id
    self.title = title
    self.cells = cells
    self.columnAxis = columnAxis
    self.rowAxis = rowAxis
  }
}

/// What a sweep varies, and the values that it takes.
public struct SweepAxis: Sendable, Hashable {
  /// What varies.
  public enum Subject: Sendable, Hashable {
    /// One of ``GenerationSetting/ofSweeps``.
    case setting(GenerationSetting)
    /// The model: one for each value.
    case models([ModelReference])
  }

  /// What varies.
  public let subject: Subject
  /// Its values, as they are typed, of models their names; at least one.
  public let values: [String]

  /// A setting and its values.
  public init(setting: GenerationSetting, values: [String]) {
    subject = .setting(setting)
    self.values = values
  }

  /// Models side by side.
  public init(models: [ModelReference]) {
    subject = .models(models)
    values = models.map(\.name)
  }

  /// The setting; `nil` where models vary.
  public var setting: GenerationSetting? {
    if case .setting(let setting) = subject { setting } else { nil }
  }

  /// What people call it.
  public var title: String { setting?.title ?? "model" }

  /// What tells a value from the others: `steps 10`, or a model's name.
  public func label(at index: Int) -> String {
    setting.map { "\($0.title) \(values[index])" } ?? values[index]
  }
}
