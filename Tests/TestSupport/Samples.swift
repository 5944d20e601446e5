import Foundation

/// The folder of models and media that come with the program.
public enum Samples {
  /// The path of something in it.
  public static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "samples/\(name)").path
  }
}
