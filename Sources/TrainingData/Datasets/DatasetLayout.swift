/// How a set of videos lies in its folder.
public enum DatasetLayout: String, Sendable, Hashable, Codable {
  /// Videos whose parts the official lists name (`trainlist01.txt`, `testlist01.txt`).
  case ucf101
  /// `train|test/VIDEO/CLIP/` folders of frames.
  case skyTimelapse
  /// `train` and `test` folders of anything else.
  case splitFolders
  /// Videos and folders of frames, without parts.
  case plain

  /// The layout's name for people.
  public var name: String {
    switch self {
    case .ucf101: "UCF-101"
    case .skyTimelapse: "SkyTimelapse"
    case .splitFolders: "train and test folders"
    case .plain: "any folder"
    }
  }
}
