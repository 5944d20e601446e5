/// The six screens, each with its own state.
package struct Screens: Sendable {
  private var screens: [any StudioScreen] = [
    ModelsScreen(), MakeScreen(), ExtendScreen(), CompareScreen(), GalleryScreen(), QueueScreen(),
  ]

  package init() {}

  /// A screen by name.
  package subscript(screen: ScreenID) -> any StudioScreen {
    get { screens[screen.rawValue - 1] }
    set { screens[screen.rawValue - 1] = newValue }
  }
}
