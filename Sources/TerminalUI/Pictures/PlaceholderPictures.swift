/// Pictures by kitty's protocol through tmux, which passes on what is wrapped for it but does not know where it
/// stands. So each place on the screen is text (``PlaceholderText``) that names one picture, and what is shown
/// there over time are the frames of that picture: going to one that was sent costs some forty bytes.
struct PlaceholderPictures: PictureSender {
  private typealias Number = PlaceholderText.PictureNumber

  /// A place on the screen.
  private struct Place {
    var number: Number
    /// The frames that the terminal has, from 1 in the order of sending, with the longer side of each as sent.
    var frames: [PixelImage: (frame: Int, side: Int)]
    var sentFrames: Int
    var image: PixelImage
  }

  private var places: [Rectangle: Place] = [:]
  /// The highest byte of all numbers, so that those of another program stay its own.
  private let high: UInt8

  /// Frames of a place after which it begins anew.
  private let frameLimit: Int

  init(high: UInt8, frameLimit: Int = 64) {
    self.high = high
    self.frameLimit = frameLimit
  }

  func isShown(_ picture: PlacedPicture) -> Bool {
    guard let place = places[picture.area] else { return false }
    return place.image == picture.image
      && place.frames[picture.image]?.side == picture.image.longerSide
  }

  mutating func show(
    _ pictures: [PlacedPicture], _ allowance: PictureAllowance
  ) -> PictureUpdate {
    var update = PictureUpdate()
    let wanted = Set(pictures.map(\.area))
    let gone = places.filter { !wanted.contains($0.key) }
    for (area, place) in gone.sorted(by: { $0.value.number.low < $1.value.number.low }) {
      update.bytes += Self.deletion(of: place.number)
      places[area] = nil
    }
    for picture in pictures { show(picture, allowance, &update) }
    return update
  }

  mutating func end() -> [UInt8] {
    defer { places = [:] }
    return places.values.map(\.number).sorted { $0.low < $1.low }.flatMap(Self.deletion(of:))
  }

  // MARK: One place

  private mutating func show(
    _ picture: PlacedPicture, _ allowance: PictureAllowance, _ update: inout PictureUpdate
  ) {
    let side = min(picture.image.longerSide, allowance.longestSide ?? .max)
    guard var place = places[picture.area], place.sentFrames < frameLimit else {
      return begin(picture, side: side, allowance, &update)
    }
    if let found = place.frames[picture.image],
      found.side >= side || !update.hasRoom(allowance)
    {
      if found.side < side { update.isHeldBack = true }
      if place.image != picture.image {
        update.bytes += Self.command("a=a,i=\(place.number.value),c=\(found.frame)")
      }
    } else {
      guard
        let bytes = upload(picture.image, side, "a=f,i=\(place.number.value)", allowance, &update)
      else { return }
      place.sentFrames += 1
      place.frames[picture.image] = (place.sentFrames, side)
      update.bytes += bytes + Self.command("a=a,i=\(place.number.value),c=\(place.sentFrames)")
    }
    place.image = picture.image
    places[picture.area] = place
  }

  /// Makes a place, or makes one anew.
  private mutating func begin(
    _ picture: PlacedPicture, side: Int, _ allowance: PictureAllowance,
    _ update: inout PictureUpdate
  ) {
    let area = picture.area
    let taken = Set(places.values.map(\.number.low))
    guard let low = (1...UInt8.max).first(where: { !taken.contains($0) }) else {
      update.isHeldBack = true
      return
    }
    let number = Number(low: low, high: high)
    guard
      let bytes = upload(picture.image, side, "a=t,i=\(number.value)", allowance, &update)
    else { return }
    if let old = places[area] { update.bytes += Self.deletion(of: old.number) }
    update.bytes += bytes
    // U=1: shown wherever the text names it.
    update.bytes += Self.command(
      "a=p,U=1,i=\(number.value),c=\(area.width),r=\(area.height)")
    update.bytes += PictureSequence.saveCursor
    for row in 0..<area.height {
      update.bytes +=
        PictureSequence.move(to: area, row: row)
        + PlaceholderText.row(row, columns: area.width, number: number)
    }
    update.bytes += PictureSequence.restoreCursor
    places[area] = Place(
      number: number, frames: [picture.image: (1, side)], sentFrames: 1, image: picture.image)
  }

  /// The bytes that send a picture, if it may be sent.
  private func upload(
    _ image: PixelImage, _ side: Int, _ keys: String, _ allowance: PictureAllowance,
    _ update: inout PictureUpdate
  ) -> [UInt8]? {
    guard update.hasRoom(allowance),
      // Frames of one picture have one size, that of the first.
      let encoded = image.limited(toSide: side).resized(width: image.width, height: image.height)
        .encodedAsPNG()
    else {
      update.isHeldBack = true
      return nil
    }
    let bytes = KittyCommand(keys: "\(keys),f=100", payload: encoded).bytes(isThroughTmux: true)
    update.newBytes += bytes.count
    return bytes
  }

  private static func command(_ keys: String) -> [UInt8] {
    KittyCommand(keys: keys).bytes(isThroughTmux: true)
  }

  private static func deletion(of number: Number) -> [UInt8] {
    command("a=d,d=I,i=\(number.value)")
  }
}
