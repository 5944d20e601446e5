/// The screens, in the order of their keys.
public enum ScreenID: Int, CaseIterable, Sendable, Hashable, Codable {
  case models = 1
  case make, extend, compare, gallery, queue
  case train = 7
  case evaluate = 8

  /// What its tab says.
  public var title: String {
    switch self {
    case .models: "Models"
    case .make: "Make"
    case .extend: "Extend"
    case .compare: "Compare"
    case .gallery: "Gallery"
    case .queue: "Queue"
    case .train: "Train"
    case .evaluate: "Evaluate"
    }
  }
}
