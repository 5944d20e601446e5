import Foundation

/// The lists of training and test videos that come with UCF-101: lines of `Class/video.avi`, in
/// training lists followed by the number of the class.
struct UCFLists {
  private let train: Set<String>
  /// Nil where only the training list is there; then every other video is for testing.
  private let test: Set<String>?
  /// The files that were read, for messages.
  let source: String

  private static let folder = "ucfTrainTestlist"
  private static let trainName = "trainlist01.txt"
  private static let testName = "testlist01.txt"

  /// Reads the first of the three official splits; nil if there is no training list in the
  /// folder, in `ucfTrainTestlist` within it or beside it.
  init?(root: String) {
    let places = [root + "/" + Self.folder, root, root + "/../" + Self.folder]
    guard
      let place = places.first(where: {
        FileManager.default.fileExists(atPath: $0 + "/" + Self.trainName)
      }), let train = Self.names(in: place + "/" + Self.trainName)
    else { return nil }
    self.train = train
    test = Self.names(in: place + "/" + Self.testName)
    source = test == nil ? Self.trainName : "\(Self.trainName) and \(Self.testName)"
  }

  var hasTestList: Bool { test != nil }

  /// Videos in the lists.
  var count: Int { train.count + (test?.count ?? 0) }

  /// The part of a video by the last two names of its path; nil if no list has it.
  func split(of path: String) -> DatasetSplit? {
    let name = path.split(separator: "/").suffix(2).joined(separator: "/")
    if train.contains(name) { return .train }
    guard let test else { return .test }
    return test.contains(name) ? .test : nil
  }

  private static func names(in path: String) -> Set<String>? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    let lines = text.split(whereSeparator: \.isNewline)
    return Set(
      lines.compactMap { line in
        // A class number may follow; names of videos hold no spaces.
        line.split(separator: " ").first.map(String.init)
      })
  }
}
