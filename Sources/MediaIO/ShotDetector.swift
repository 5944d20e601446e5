internal import CFFmpeg

/// Tells where a film's shots begin: how much each frame differs from the one before, as FFmpeg's filter `scdet`
/// measures it, on a small picture of each.
///
/// A score is the lesser of the mean absolute difference of the two frames and of what that difference has grown
/// by, in hundredths of the full range, so that steady motion and a flicker count less than a cut.
public final class ShotDetector {
  /// The score from which on the filter itself takes a frame for a shot's first.
  public static let usualThreshold = 10.0

  /// Whether FFmpeg has the filter.
  public static var isAvailable: Bool { MediaComponents.hasFilter("scdet") }

  private let graph: FilterGraph
  private let frame: MediaFrame
  private let file: String
  private let width: Int
  private let height: Int
  private var count = 0

  /// The longer side of the small pictures.
  private static let side = 64
  /// Places along each side of a small picture's pixel whose mean that is.
  private static let places = 4

  /// A detector for frames of one size.
  ///
  /// - Parameter file: What the frames are of, for messages.
  /// - Throws: ``MediaError`` if FFmpeg lacks the filter.
  public init(width: Int, height: Int, file: String) throws {
    self.file = file
    let scale = min(1, Double(Self.side) / Double(max(width, height)))
    self.width = max(1, Int(Double(width) * scale))
    self.height = max(1, Int(Double(height) * scale))
    graph = try FilterGraph(
      FilterGraph.input("in", width: self.width, height: self.height)
        + ",scdet=threshold=100,buffersink@out", file: file)
    frame = try MediaFrame(
      width: self.width, height: self.height, format: AV_PIX_FMT_BGRA, file: file)
  }

  /// How much a frame differs from the one that was given before, 0 to 100; 0 for the first.
  ///
  /// - Throws: ``MediaError`` if the filter fails.
  public func score(of image: RGBImage) throws -> Double {
    let small = smallPixels(of: image)
    try small.withUnsafeBufferPointer {
      try frame.fill($0, width: width, height: height, scale: 1)
    }
    frame.handle.pointee.pts = Int64(count)
    count += 1
    try graph.push(frame, to: "in")
    let measured = try MediaLibrary.allocated(graph.pull(from: "out"), file: file)
    guard
      let entry = av_dict_get(
        measured.handle.pointee.metadata, "lavfi.scd.score", nil, 0),
      let score = Double(String(cString: entry.pointee.value))
    else { return 0 }
    return score
  }

  private func smallPixels(of image: RGBImage) -> [UInt8] {
    let places = Self.places
    // The places that a row or column of the small picture is made of.
    func positions(_ small: Int, of large: Int) -> [Int] {
      (0..<(small * places)).map { min((2 * $0 + 1) * large / (2 * small * places), large - 1) }
    }
    let (columns, rows) = (positions(width, of: image.width), positions(height, of: image.height))
    var sums = [Int](repeating: 0, count: width * height * 3)
    image.pixels.withUnsafeBufferPointer { source in
      sums.withUnsafeMutableBufferPointer { sums in
        for (y, row) in rows.enumerated() {
          for (x, column) in columns.enumerated() {
            let from = (row * image.width + column) * 3
            let to = (y / places * width + x / places) * 3
            for colour in 0..<3 { sums[to + colour] += Int(source[from + colour]) }
          }
        }
      }
    }
    return sums.map { UInt8($0 / (places * places)) }
  }
}
