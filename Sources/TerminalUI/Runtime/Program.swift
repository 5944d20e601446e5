/// A program in the style of Elm: a model, pure functions on it, and nothing else.
///
/// The runtime calls `update` for each message, one at a time and in order, and `view` whenever
/// something may have changed, at most as often as the frame rate allows.
public struct Program<Model: Sendable, Message: Sendable>: Sendable {
  /// The model at the start.
  public var model: Model
  /// What to do at the start.
  public var start: Command<Message>
  /// Changes the model for a message and says what else to do. Pure.
  public var update: @Sendable (inout Model, Message) -> Command<Message>
  /// Draws the model into a blank grid of the window's size. Pure; roles are used for colours.
  public var view: @Sendable (Model, ViewContext, inout CellBuffer) -> Void
  /// The message for a key, a paste, a new size or a signal; nil to ignore it. Pure.
  public var event: @Sendable (Model, TerminalEvent) -> Message?
  /// The timers that the model wants. Pure; asked after every message.
  public var subscriptions: @Sendable (Model) -> [Subscription<Message>]
  /// How to draw: theme and limits. Pure; asked before every frame.
  public var drawing: @Sendable (Model) -> DrawingPreferences

  /// A program; without further closures it has no timers and the plain theme.
  public init(
    model: Model,
    start: Command<Message> = .none,
    update: @escaping @Sendable (inout Model, Message) -> Command<Message>,
    view: @escaping @Sendable (Model, ViewContext, inout CellBuffer) -> Void,
    event: @escaping @Sendable (Model, TerminalEvent) -> Message?,
    subscriptions: @escaping @Sendable (Model) -> [Subscription<Message>] = { _ in [] },
    drawing: @escaping @Sendable (Model) -> DrawingPreferences = { _ in DrawingPreferences() }
  ) {
    self.model = model
    self.start = start
    self.update = update
    self.view = view
    self.event = event
    self.subscriptions = subscriptions
    self.drawing = drawing
  }
}

/// How frames are drawn; part of the model's wishes, so that settings act at once.
public struct DrawingPreferences: Sendable, Hashable {
  /// The looks of the roles.
  public var theme: Theme
  /// Frames a second at most, 1-120.
  public var maximumFrameRate: Int
  /// Bytes a second to send at most on average, or nil for no limit.
  public var bytesPerSecond: Int?
  /// The colours to use; nil for what the terminal was found to show.
  public var colorMode: ColorMode?
  /// How pictures are shown; nil for the best that the terminal answered it can.
  public var pictureGrade: PictureGrade?
  /// Whether clicks and the wheel are asked for; nil for what the program was started with.
  public var usesMouse: Bool?
  /// The title of the terminal's window; nil leaves it alone.
  public var title: String?

  /// Preferences; numbers outside their range are brought into it.
  public init(
    theme: Theme = .plain, maximumFrameRate: Int = 30, bytesPerSecond: Int? = nil,
    colorMode: ColorMode? = nil, pictureGrade: PictureGrade? = nil, usesMouse: Bool? = nil,
    title: String? = nil
  ) {
    self.theme = theme
    self.maximumFrameRate = min(max(maximumFrameRate, 1), 120)
    self.bytesPerSecond = bytesPerSecond.map { max($0, 1) }
    self.colorMode = colorMode
    self.pictureGrade = pictureGrade
    self.usesMouse = usesMouse
    self.title = title
  }
}

/// What a view may know besides the model.
public struct ViewContext: Sendable {
  /// What the terminal can show.
  public var capabilities: TerminalCapabilities
  /// How finely pictures may be drawn at the moment, given the limit of bytes a second.
  public var imageDetail: ImageDetail
  /// Characters of pictures drawn before.
  public var imageCache: ImageCache
  /// What drawing has cost so far.
  public var statistics: DrawStatistics
  /// Whether pictures are left out, as where only the places of things are of interest.
  public var leavesOutImages = false

  /// A context, for tests with nothing but the capabilities.
  public init(
    capabilities: TerminalCapabilities, imageDetail: ImageDetail = .full,
    imageCache: ImageCache = ImageCache(), statistics: DrawStatistics = DrawStatistics()
  ) {
    self.capabilities = capabilities
    self.imageDetail = imageDetail
    self.imageCache = imageCache
    self.statistics = statistics
  }
}
