import StudioKit

/// The order of the videos in the gallery.
package enum GalleryOrder: String, Sendable, Hashable, CaseIterable {
  case changed, begun, title, model, length

  /// The next order, around the end.
  package var next: GalleryOrder {
    let orders = Self.allCases
    return orders[((orders.firstIndex(of: self) ?? 0) + 1) % orders.count]
  }

  /// Sorts videos: the latest, the longest, or by name; equal ones the newest first.
  package func sorted(_ videos: [VideoSummary]) -> [VideoSummary] {
    videos.sorted { first, second in
      switch self {
      case .changed where first.modified != second.modified: first.modified > second.modified
      case .begun where first.created != second.created: first.created > second.created
      case .title where first.title != second.title:
        first.title.lowercased() < second.title.lowercased()
      case .model where first.modelName != second.modelName: first.modelName < second.modelName
      case .length where first.clipCount != second.clipCount: first.clipCount > second.clipCount
      default: first.id > second.id
      }
    }
  }
}
