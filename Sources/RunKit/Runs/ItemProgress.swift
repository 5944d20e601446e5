/// How far work on a known number of items is: a stage of an evaluation, or of what precedes a training.
public struct ItemProgress: Sendable, Hashable, Codable {
  /// What is done, as a phrase: `generated clips`.
  public var stage: String
  /// Items done, those of an earlier run included.
  public var done: Int
  /// Items in all.
  public var total: Int
  /// Items that an earlier run had done already.
  public var resumed: Int

  /// Describes a stage.
  public init(_ stage: String, done: Int, total: Int, resumed: Int = 0) {
    self.stage = stage
    self.done = done
    self.total = total
    self.resumed = resumed
  }
}
