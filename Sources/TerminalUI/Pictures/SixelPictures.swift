/// Pictures by sixels. The terminal keeps nothing but what it shows, so each change of a picture is sent whole;
/// text written over one erases it there, so that curses does the erasing.
struct SixelPictures: PictureSender {
  private let cell: CellPixels
  private var shown: [Rectangle: PixelImage] = [:]
  /// What was sent of late, so that a loop is converted once.
  private var encoded: [Key: (bytes: [UInt8], use: Int)] = [:]
  private var encodedSize = 0
  private var uses = 0

  private struct Key: Hashable {
    var image: PixelImage
    var columns: Int
    var rows: Int
  }

  /// Bytes of sixels that are remembered; a loop of 16 frames of 480 x 480 pixels has three million.
  private static let largestSize = 24 << 20

  init(cell: CellPixels) { self.cell = cell }

  func isShown(_ picture: PlacedPicture) -> Bool { shown[picture.area] == picture.image }

  mutating func show(
    _ pictures: [PlacedPicture], _ allowance: PictureAllowance
  ) -> PictureUpdate {
    var update = PictureUpdate()
    uses += 1
    // What overlaps a picture that moved is under its text by now.
    let places = Set(pictures.map(\.area))
    shown = shown.filter { places.contains($0.key) }
    for picture in pictures where !isShown(picture) {
      guard update.hasRoom(allowance) else {
        update.isHeldBack = true
        continue
      }
      guard let sixels = sixels(of: picture) else { continue }
      update.bytes += PictureSequence.move(to: picture.area) + sixels
      update.newBytes += sixels.count
      shown[picture.area] = picture.image
    }
    if !update.bytes.isEmpty {
      update.bytes = PictureSequence.saveCursor + update.bytes + PictureSequence.restoreCursor
    }
    return update
  }

  mutating func end() -> [UInt8] {
    shown = [:]
    return []
  }

  private mutating func sixels(of picture: PlacedPicture) -> [UInt8]? {
    let key = Key(
      image: picture.image, columns: picture.area.width, rows: picture.area.height)
    if let found = encoded[key] {
      encoded[key]?.use = uses
      return found.bytes
    }
    guard
      let canvas = try? SixelCanvas(columns: key.columns, rows: key.rows, cell: cell)
    else { return nil }
    let bytes = canvas.draw(picture.image)
    encoded[key] = (bytes, uses)
    encodedSize += bytes.count
    while encodedSize > Self.largestSize, encoded.count > 1,
      let oldest = encoded.min(by: { $0.value.use < $1.value.use })
    {
      encoded[oldest.key] = nil
      encodedSize -= oldest.value.bytes.count
    }
    return bytes
  }
}
