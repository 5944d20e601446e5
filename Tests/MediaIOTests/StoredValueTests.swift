import MediaIO
import Testing

@Suite("PNGs give the values that are stored in them")
struct StoredValueTests {
  /// A colour type at a depth, interlaced or not.
  struct Layout: CustomTestStringConvertible {
    let colour: PNGBuilder.Colour
    let depth: Int
    let isInterlaced: Bool

    var testDescription: String { "\(colour) \(depth)\(isInterlaced ? " interlaced" : "")" }

    /// All that the specification allows (section 11.2.2, table 11.1).
    static let all: [Layout] = [
      (PNGBuilder.Colour.grey, [1, 2, 4, 8, 16]), (.rgb, [8, 16]), (.palette, [1, 2, 4, 8]),
      (.greyAlpha, [8, 16]), (.rgba, [8, 16]),
    ].flatMap { colour, depths in
      depths.flatMap { depth in
        [false, true].map { Layout(colour: colour, depth: depth, isInterlaced: $0) }
      }
    }
  }

  /// What files say about gamma, primaries and profiles, none of which may change a value.
  private static let colourChunks: [[(type: String, data: [UInt8])]] = [
    [], [("gAMA", PNGBuilder.big(45455, 4))], [("gAMA", PNGBuilder.big(100_000, 4))],
    [("gAMA", PNGBuilder.big(50994, 4)), ("cHRM", primaries)], [("sRGB", [0])],
    [("iCCP", Array("any".utf8) + [0, 0] + PNGBuilder.stored(Array(repeating: 7, count: 200)))],
    [("cICP", [9, 16, 0, 1])], [("sBIT", [1, 1, 1])],
  ]

  private static let primaries = [
    31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000,
  ].flatMap { PNGBuilder.big($0, 4) }

  private func builder(_ layout: Layout) -> PNGBuilder {
    let most = 1 << layout.depth - 1
    return PNGBuilder(
      width: 23, height: 19, depth: layout.depth, colour: layout.colour,
      isInterlaced: layout.isInterlaced
    ) { x, y, channel in
      // Corners hold the extremes, the rest is spread over all values.
      if x == 0, y == 0 { return 0 }
      if x == 22, y == 18 { return most }
      return (x * 2741 + y * 7919 + channel * 104_729) % (most + 1)
    }
  }

  /// Colours of the palette, each channel another.
  private static let palette = (0..<256).map { [$0 * 3 % 256, 255 - $0, $0 * 7 % 256] }

  /// A sample as 8 bits: fewer are spread over the whole range, of more the higher ones count.
  private func level(_ sample: Int, depth: Int) -> Int {
    depth == 16 ? sample >> 8 : sample * 255 / (1 << depth - 1)
  }

  private func overWhite(_ level: Int, alpha: Int) -> UInt8 {
    UInt8((Double(level * alpha + 255 * (255 - alpha)) / 255).rounded())
  }

  /// What a pixel must be read as, by the specification and the rule for transparency.
  private func expected(_ png: PNGBuilder, _ x: Int, _ y: Int, alpha: Int? = nil) -> [UInt8] {
    let samples = (0..<png.colour.samples).map { png.sample(x, y, $0) }
    let levels = samples.map { level($0, depth: png.depth) }
    switch png.colour {
    case .palette: return Self.palette[samples[0]].map { overWhite($0, alpha: alpha ?? 255) }
    case .grey, .greyAlpha:
      let alpha = alpha ?? (levels.count > 1 ? levels[1] : 255)
      return Array(repeating: overWhite(levels[0], alpha: alpha), count: 3)
    case .rgb, .rgba:
      let alpha = alpha ?? (levels.count > 3 ? levels[3] : 255)
      return levels.prefix(3).map { overWhite($0, alpha: alpha) }
    }
  }

  private func check(
    _ png: PNGBuilder, _ folder: TemporaryFolder, alpha: (Int, Int) -> Int? = { _, _ in nil }
  ) throws {
    let picture = try PNGFile.read(folder.write(png.bytes, to: "a.png"))
    #expect((picture.width, picture.height) == (png.width, png.height))
    var wanted: [UInt8] = []
    for y in 0..<png.height {
      for x in 0..<png.width { wanted += expected(png, x, y, alpha: alpha(x, y)) }
    }
    #expect(picture.pixels == wanted)
  }

  @Test("Every colour type and depth, whatever the file says about colour", arguments: Layout.all)
  func layouts(layout: Layout) throws {
    let folder = try TemporaryFolder()
    for chunks in Self.colourChunks {
      var png = builder(layout)
      png.chunks = chunks.filter { $0.type != "sBIT" || layout.colour == .rgb }
      if layout.colour == .palette {
        let colours = Self.palette.prefix(1 << layout.depth).flatMap { $0.map { UInt8($0) } }
        png.chunks.append(("PLTE", colours))
      }
      try check(png, folder)
    }
  }

  @Test(
    "A colour that tRNS makes transparent is white, compared at full depth",
    arguments: Layout.all.filter { [.grey, .rgb].contains($0.colour) })
  func transparentColour(layout: Layout) throws {
    let folder = try TemporaryFolder()
    var png = builder(layout)
    let key = (0..<layout.colour.samples).map { png.sample(3, 5, $0) }
    png.chunks = [
      ("gAMA", PNGBuilder.big(100_000, 4)), ("tRNS", key.flatMap { PNGBuilder.big($0, 2) }),
    ]
    try check(png, folder) { x, y in
      (0..<layout.colour.samples).allSatisfy { png.sample(x, y, $0) == key[$0] } ? 0 : 255
    }
  }

  @Test(
    "A palette's colours may be transparent, in part too",
    arguments: Layout.all.filter { $0.colour == .palette })
  func transparentPalette(layout: Layout) throws {
    let folder = try TemporaryFolder()
    var png = builder(layout)
    let count = 1 << layout.depth
    // Fewer entries than colours: the rest is opaque.
    let alphas = (0..<max(1, count - 1)).map { UInt8($0 * 37 % 256) }
    png.chunks = [
      ("PLTE", Self.palette.prefix(count).flatMap { $0.map { UInt8($0) } }), ("tRNS", alphas),
    ]
    try check(png, folder) { x, y in
      let index = png.sample(x, y, 0)
      return index < alphas.count ? Int(alphas[index]) : 255
    }
  }

  @Test("Frames of a folder and a single picture are read alike")
  func everyReader() throws {
    let folder = try TemporaryFolder()
    var png = builder(Layout(colour: .rgba, depth: 16, isInterlaced: false))
    png.chunks = [("gAMA", PNGBuilder.big(100_000, 4))]
    for name in ["1.png", "2.png"] { _ = try folder.write(png.bytes, to: name) }
    let picture = try PNGFile.read(folder.file("1.png"))
    #expect(try Video.read(folder.path).frames == [picture, picture])
    #expect(try Video.read(folder.file("2.png")).frames == [picture])
  }

  @Test("A PNG that is cut short or damaged within is refused, never half read")
  func damaged() throws {
    let folder = try TemporaryFolder()
    let bytes = builder(Layout(colour: .rgb, depth: 8, isInterlaced: true)).bytes
    for length in stride(from: 33, to: bytes.count - 20, by: 97) {
      let path = try folder.write(Array(bytes[..<length]), to: "cut.png")
      #expect(mediaError { _ = try PNGFile.read(path) }?.kind == .notMedia)
    }
    var changed = bytes
    changed[bytes.count - 40] ^= 1
    let path = try folder.write(changed, to: "changed.png")
    #expect(
      mediaError { _ = try PNGFile.read(path) }?.description
        .hasPrefix("changed.png is a damaged PNG (") == true)
  }

  @Test(
    "Sixteen-bit PNGs and those with FFmpeg's gAMA equal what their pixels say",
    .enabled(if: SharedCases.isPresent, "\(SharedCases.absence)"))
  func cases() throws {
    let sixteen = try PNGFile.read(SharedCases.inputs + "/png16.png")
    #expect(sixteen[1, 0] == (3, 0, 4) && sixteen[2, 0] == (7, 0, 8))
    let gamma = try PNGFile.read(SharedCases.inputs + "/png_gama_from_ffmpeg.png")
    #expect(gamma[1, 0] == (3, 0, 3) && gamma[2, 0] == (8, 0, 9))
  }
}
