import RunKit
import StudioLink
import TerminalUI

/// What several screens say, so that all say it alike.
extension Notice {
  static let noModel = Notice(
    .warning, "no model is chosen", remedy: "\(ScreenID.models.keyName) lists the models")
  static func noVideo(_ app: AppState) -> Notice {
    Notice(
      .warning, "no video is open",
      remedy: "\(app.keys[.new]) begins one, \(ScreenID.gallery.keyName) lists the videos")
  }
  static func noClip(_ app: AppState) -> Notice {
    Notice(.warning, "there is no clip yet", remedy: "\(app.keys[.extend]) makes the first")
  }
  static let noPicture = Notice(.warning, "there is no finished picture to write")
  static let nothingToUndo = Notice(.information, "there is nothing to undo")
  static let nothingToRedo = Notice(.information, "there is nothing to redo")

  /// A search that found nothing.
  static func noMatch(_ query: String) -> Notice {
    Notice(.information, "nothing here matches \"\(query)\"")
  }
}

extension TableState {
  /// What is to be said of what a key led to: that a search found nothing.
  func effects(of outcome: Outcome) -> [StudioEffect] {
    outcome == .unmatched ? [.notify(.noMatch(search.query))] : []
  }
}

extension StudioEffect {
  /// Calls a video something else, or says why not.
  static func rename(_ video: VideoID, to title: String) -> [StudioEffect] {
    let title = title.trimmed
    guard !title.isEmpty else {
      return [.notify(Notice(.warning, "a title needs more than blanks"))]
    }
    return [.video(.rename(video, title))]
  }
}
