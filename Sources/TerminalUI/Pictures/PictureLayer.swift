/// The pictures of a screen above its text: how the terminal shows them, and what of them is on it.
package struct PictureLayer: Sendable {
  /// How pictures are shown now.
  package private(set) var grade = PictureGrade.cells
  /// The pixels of a character, if anybody said.
  package private(set) var cellPixels: CellPixels?

  private let isThroughTmux: Bool
  private let isUTF8: Bool
  /// What numbers of pictures begin with, so that two studios in one terminal keep apart.
  private let seed: Int
  private var answers = PictureQuestion.Answers()
  /// What the user chose; nil for the best that the terminal answered.
  private var chosen: PictureGrade?
  private var hasColors = true
  private var systemPixels: CellPixels?
  private var sender: (any PictureSender)?

  /// - Parameter seed: A number that differs from process to process, such as the process's own.
  package init(isThroughTmux: Bool, isUTF8: Bool, seed: Int) {
    self.isThroughTmux = isThroughTmux
    self.isUTF8 = isUTF8
    self.seed = seed
  }

  /// What is to be sent to hear what the terminal can.
  package var question: [UInt8] { PictureQuestion(isThroughTmux: isThroughTmux).bytes }

  // MARK: How pictures are shown

  /// Takes in what the terminal said.
  ///
  /// - Returns: What is to be sent since pictures are shown in another way from now on.
  package mutating func take(_ answer: KeyDecoder.Answer) -> [UInt8] {
    answers.take(answer)
    return choose()
  }

  /// - Parameters:
  ///   - chosen: What the user wants; nil for the best there is.
  ///   - mode: The terminal's colours. Who wants none gets none in pictures either.
  ///   - systemPixels: The pixels of a character as the system has them.
  /// - Returns: As ``take(_:)``.
  package mutating func use(
    _ chosen: PictureGrade?, mode: ColorMode, systemPixels: CellPixels?
  ) -> [UInt8] {
    self.chosen = chosen
    hasColors = mode != .mono
    self.systemPixels = systemPixels
    return choose()
  }

  private mutating func choose() -> [UInt8] {
    var pixels = answers.cellPixels ?? systemPixels
    let answered: PictureGrade =
      answers.showsKitty ? .kitty : answers.showsSixel && pixels != nil ? .sixel : .cells
    var wanted = chosen ?? (hasColors ? answered : .cells)
    if wanted == .sixel, pixels == nil { pixels = .vt340 }
    // What stands for pictures in tmux is characters beyond ASCII.
    if wanted == .kitty, isThroughTmux, !isUTF8 { wanted = .cells }
    let isOther = wanted != grade || wanted == .sixel && pixels != cellPixels
    cellPixels = pixels
    guard isOther else { return [] }
    let bytes = sender?.end() ?? []
    grade = wanted
    sender =
      switch wanted {
      case .cells: nil
      case .sixel: pixels.map { SixelPictures(cell: $0) }
      case .kitty:
        isThroughTmux
          ? PlaceholderPictures(high: UInt8(1 + seed % 255))
          : KittyPictures(firstNumber: 1_000 + seed % 1_000_000 * 1_000)
      }
    return bytes
  }

  // MARK: Frames

  /// The screen is about to be cleared, or left.
  ///
  /// - Returns: What is to be sent so that the terminal keeps nothing.
  package mutating func noteClearedScreen() -> [UInt8] { sender?.end() ?? [] }

  /// Leaves in a frame only pictures that can be shown as pixels, and draws the others with characters: those
  /// that something covers in part, and those for which too few bytes may be sent.
  package func divide(
    _ frame: inout CellBuffer, detail: ImageDetail, mode: ColorMode, cache: ImageCache
  ) {
    guard !frame.pictures.isEmpty else { return }
    frame.turnPicturesIntoCells(
      unless: { picture in
        switch grade {
        case .cells: false
        case .kitty:
          !isThroughTmux
            || max(picture.area.width, picture.area.height) <= PlaceholderText.longest
        // Sixels cost the same each time, so that fewer bytes mean characters; what is there stays.
        case .sixel: detail == .full || sender?.isShown(picture) == true
        }
      },
      draw: { picture in
        let renderer = ImageRenderer(
          symbols: picture.symbols, colorMode: detail.colorMode(on: mode))
        return try? cache.cells(
          of: picture.image, renderer: renderer, columns: picture.area.width,
          rows: picture.area.height, isCoarse: detail == .coarse)
      })
  }

  /// Shows the pictures of a frame.
  ///
  /// - Parameters:
  ///   - keeps: Whether only what the terminal has may be shown, since bytes are short.
  ///   - limit: Bytes a second, or nil.
  /// - Returns: What is to be sent after the frame's text.
  package mutating func show(
    _ pictures: [PlacedPicture], keeps: Bool, detail: ImageDetail, limit: Int?
  ) -> PictureUpdate {
    let allowance = PictureAllowance(
      sendsNew: !keeps,
      // A quarter of a second's worth: keys are drawn in between.
      bytes: limit.map { $0 / 4 }, longestSide: detail.longestSide)
    return sender?.show(pictures, allowance) ?? PictureUpdate()
  }
}

extension ImageDetail {
  /// The longer side of pictures in pixels; nil for what they have.
  fileprivate var longestSide: Int? {
    switch self {
    case .full, .coarse: nil
    case .indexed256: 128
    case .ansi16, .rare: 64
    }
  }
}
