import RunKit
import StudioKit
import StudioLink
import TerminalUI

/// Everything that the studio shows, and nothing else.
package struct StudioModel: Sendable {
  /// The workspace as it was last heard of.
  package var app = AppState()
  /// The screens, and the one that is shown.
  package var screens = Screens()
  package var screen = ScreenID.make
  /// Whether a screen was chosen, which the one remembered then does not replace.
  package var hasMoved = false
  /// What stands in front of the screen.
  package var overlay: Overlay?
  /// Everything that was said, and whether it is shown.
  package var log = LogPane()
  package var showsLog = false
  /// Whether the names and values of `i` are shown.
  package var showsInformation = false
  /// What was said last, until the next key.
  package var status: Notice?
  /// The number that was typed before an action.
  package var count: Int?
  /// Whether clicks and the wheel are the studio's; `nil` for what it was started with.
  package var usesMouse: Bool?
  /// Whether the end of a long run is told when nobody looks.
  package var announces = true
  /// Whether the terminal's window is in front; `nil` for terminals that do not tell.
  var isWatched: Bool?
  /// Jobs during which a key was pressed.
  var attended: Set<JobID> = []
  /// The window's size.
  package var size = TerminalSize.standard
  /// The theme, and all there are.
  package var theme: Theme
  package let themes: [Theme]
  /// Whether the theme was named on the command line, so that the one remembered stays out.
  package let hasChosenTheme: Bool
  /// Bytes a second to send at most; `nil` for no limit.
  package var bytesPerSecond: Int?
  /// Whether that limit was given on the command line, so that the one remembered stays out.
  package let hasChosenLimit: Bool
  /// The colours that were asked for here; `nil` for what the terminal can show.
  package var colorMode: ColorMode?
  /// The strip under the mouse while its button is held.
  var draggedStrip: DraggedStrip?
  /// How pictures are shown; `nil` for the best that the terminal can.
  package var pictureGrade: PictureGrade?
  /// Whether colours were given on the command line, so that those remembered stay out.
  package let hasChosenColor: Bool
  /// Whether the mouse was given or taken on the command line, so that what is remembered stays out.
  package let hasChosenMouse: Bool
  /// Tells the time for the log.
  let clock: @Sendable () -> String
  /// Threads that runs use where their settings name none.
  package let threadCount: Int
  /// Whether a lost terminal lets the running clip finish.
  package let keepsRunning: Bool
  /// Whether work goes on when the studio leaves: a worker does it.
  package let isAttached: Bool
  /// Whether the terminal is gone.
  package var isHungUp = false
  /// Why the workspace could not be opened.
  package var failure: (any Error)?
  /// Whether the studio is ending.
  package var isClosing = false
  /// What was asked last, to which answers are taken.
  var questions = LatestQuestions()
  /// Lines typed into the palette before.
  package var paletteHistory: [String] = []

  /// The studio before it has heard anything.
  package init(
    theme: Theme = .plain, themes: [Theme] = [.plain], hasChosenTheme: Bool = false,
    bytesPerSecond: Int? = nil, hasChosenLimit: Bool = false, hasChosenColor: Bool = false,
    usesMouse: Bool? = nil,
    threadCount: Int = 1, keepsRunning: Bool = false, isAttached: Bool = false,
    keys: KeyChoices = KeyChoices(), weights: WeightLibrary = .empty,
    clock: @escaping @Sendable () -> String = { "" }
  ) {
    self.theme = theme
    self.themes = themes
    self.hasChosenTheme = hasChosenTheme
    self.bytesPerSecond = bytesPerSecond
    self.hasChosenLimit = hasChosenLimit
    self.hasChosenColor = hasChosenColor
    self.usesMouse = usesMouse
    hasChosenMouse = usesMouse != nil
    self.clock = clock
    self.threadCount = threadCount
    self.keepsRunning = keepsRunning
    self.isAttached = isAttached
    app.keys = keys
    app.weights = weights
  }
}
