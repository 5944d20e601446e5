/// Pictures by kitty's protocol where the terminal itself reads what is sent: each is sent once and kept there
/// under a number, so that a loop that was shown once costs some hundred bytes a frame.
struct KittyPictures: PictureSender {
  /// A picture that the terminal keeps.
  private struct Kept {
    var number: Int
    /// Its longer side as it was sent.
    var side: Int
    /// Bytes of its pixels, which the terminal holds.
    var size: Int
    var use: Int
  }

  /// What stands at a place.
  private struct Shown {
    var image: PixelImage
    var number: Int
    /// The number of its placement, which tells the same picture at two places apart.
    var placement: Int
  }

  private var kept: [PixelImage: Kept] = [:]
  private var keptSize = 0
  private var shown: [Rectangle: Shown] = [:]
  private var nextNumber: Int
  private var nextPlacement = 1
  private var uses = 0
  private let limits: Limits

  /// What is left with a terminal; pictures not shown for longest go first.
  struct Limits {
    /// Bytes of pixels. kitty itself keeps ten times this.
    var bytes = 32 << 20
    /// Pictures.
    var count = 512
  }

  /// - Parameter firstNumber: Pictures are numbered from here, so that those of another program in the same
  ///   terminal stay its own; above 0.
  init(firstNumber: Int, limits: Limits = Limits()) {
    nextNumber = firstNumber
    self.limits = limits
  }

  func isShown(_ picture: PlacedPicture) -> Bool {
    shown[picture.area]?.image == picture.image
      && kept[picture.image]?.side == picture.image.longerSide
  }

  mutating func show(
    _ pictures: [PlacedPicture], _ allowance: PictureAllowance
  ) -> PictureUpdate {
    var update = PictureUpdate()
    var placements: [UInt8] = []
    var removals: [UInt8] = []
    var places = Set<Rectangle>()
    uses += 1
    for picture in pictures {
      let area = picture.area
      places.insert(area)
      let old = shown[area]
      guard let number = number(of: picture.image, allowance, &update, &removals) else { continue }
      guard old?.number != number else { continue }
      let placement = old?.placement ?? nextPlacement
      if old == nil { nextPlacement += 1 }
      placements += PictureSequence.move(to: area)
      // C=1 leaves the cursor where it is.
      placements += Self.command(
        "a=p,i=\(number),p=\(placement),c=\(area.width),r=\(area.height),C=1")
      if let old { removals += Self.removal(of: old) }
      shown[area] = Shown(image: picture.image, number: number, placement: placement)
    }
    let gone = shown.filter { !places.contains($0.key) }
    for (area, old) in gone.sorted(by: { $0.value.placement < $1.value.placement }) {
      removals += Self.removal(of: old)
      shown[area] = nil
    }
    if !placements.isEmpty {
      placements = PictureSequence.saveCursor + placements + PictureSequence.restoreCursor
    }
    // The new picture stands before the old one goes, so that nothing flickers.
    update.bytes += placements + removals + makeRoom()
    return update
  }

  mutating func end() -> [UInt8] {
    defer { (kept, keptSize, shown) = ([:], 0, [:]) }
    return kept.values.map(\.number).sorted().flatMap(Self.deletion(of:))
  }

  // MARK: Pictures that the terminal keeps

  /// The number of a picture, which is sent first if need be and allowed; nil if it is not.
  private mutating func number(
    of image: PixelImage, _ allowance: PictureAllowance, _ update: inout PictureUpdate,
    _ removals: inout [UInt8]
  ) -> Int? {
    let side = min(image.longerSide, allowance.longestSide ?? .max)
    let old = kept[image]
    if var found = old, found.side >= side || !update.hasRoom(allowance) {
      found.use = uses
      kept[image] = found
      // A coarse one is better than none, and is replaced when there is room.
      if found.side < side { update.isHeldBack = true }
      return found.number
    }
    let sent = image.limited(toSide: side)
    guard update.hasRoom(allowance), let encoded = sent.encodedAsPNG() else {
      update.isHeldBack = true
      return nil
    }
    if let old {
      removals += Self.deletion(of: old.number)
      keptSize -= old.size
    }
    let number = nextNumber
    nextNumber += 1
    // f=100 is PNG.
    let bytes = KittyCommand(keys: "a=t,f=100,i=\(number)", payload: encoded)
      .bytes(isThroughTmux: false)
    update.bytes += bytes
    update.newBytes += bytes.count
    kept[image] = Kept(number: number, side: side, size: sent.bytes.count, use: uses)
    keptSize += sent.bytes.count
    return number
  }

  /// Takes back what is above the limits and not on the screen.
  private mutating func makeRoom() -> [UInt8] {
    guard keptSize > limits.bytes || kept.count > limits.count else { return [] }
    var bytes: [UInt8] = []
    let onScreen = Set(shown.values.map(\.number))
    for (image, old) in kept.sorted(by: { $0.value.number < $1.value.number })
      .sorted(by: { $0.value.use < $1.value.use })
    where !onScreen.contains(old.number) {
      guard keptSize > limits.bytes || kept.count > limits.count else { break }
      kept[image] = nil
      keptSize -= old.size
      bytes += Self.deletion(of: old.number)
    }
    return bytes
  }

  // MARK: Commands

  private static func command(_ keys: String) -> [UInt8] {
    KittyCommand(keys: keys).bytes(isThroughTmux: false)
  }

  /// Takes one placement off the screen; the picture stays with the terminal.
  private static func removal(of shown: Shown) -> [UInt8] {
    command("a=d,d=i,i=\(shown.number),p=\(shown.placement)")
  }

  private static func deletion(of number: Int) -> [UInt8] { command("a=d,d=I,i=\(number)") }
}

extension PixelImage {
  /// Pixels along the longer side.
  var longerSide: Int { max(width, height) }
}
