import StudioLink

/// The screens, each with its own state.
package struct Screens: Sendable {
  private var screens: [ScreenID: any StudioScreen] = Dictionary(
    uniqueKeysWithValues: ScreenID.allCases.map { ($0, Self.screen($0)) })

  package init() {}

  /// A screen by name.
  package subscript(screen: ScreenID) -> any StudioScreen {
    get { screens[screen] ?? Self.screen(screen) }
    set { screens[screen] = newValue }
  }

  /// A screen as it is at first.
  private static func screen(_ screen: ScreenID) -> any StudioScreen {
    switch screen {
    case .models: ModelsScreen()
    case .make: MakeScreen()
    case .extend: ExtendScreen()
    case .compare: CompareScreen()
    case .gallery: GalleryScreen()
    case .queue: QueueScreen()
    case .train: TrainScreen()
    case .evaluate: EvaluateScreen()
    }
  }
}
