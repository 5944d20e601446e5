/// What a piece of text is for. A theme says how each role looks; see themes/README.md.
public enum Role: Int, CaseIterable, Sendable, Hashable {
  /// Ordinary text; its background is the screen's.
  case text
  /// Text that matters less: units, hints, old entries.
  case secondary
  /// Headings and the titles of panes.
  case title
  /// What draws the eye without being good or bad.
  case accent
  /// The name of a key in hints and help.
  case key
  /// Lines around panes.
  case border
  /// Lines around the pane that has the focus.
  case borderFocused
  /// The selected row or field in the focused pane.
  case selection
  /// The selected row in a pane without focus.
  case selectionInactive
  /// Text found by a search.
  case match
  /// A field being edited.
  case input
  /// Grey text standing in for missing input.
  case placeholder
  /// The bar at the top or bottom of the screen.
  case statusBar
  /// A tab that is not shown.
  case tab
  /// The tab that is shown.
  case tabActive
  /// The done part of a progress bar.
  case progressDone
  /// The part of a progress bar still to do.
  case progressLeft
  /// Something went well.
  case success
  /// Something to look at.
  case warning
  /// Something failed.
  case error
  /// The body of a dialog.
  case dialog
  /// First curve of a graph.
  case graphFirst
  /// Second curve of a graph.
  case graphSecond
  /// Curves of the three channels of a colour.
  case graphRed, graphGreen, graphBlue
  /// Axes and grid lines of a graph.
  case graphAxis
  /// Cells of pictures and video, which bring their own colours.
  case image

  /// The name that themes and snapshots use: the name of the case.
  public var name: String { String(describing: self) }
}
