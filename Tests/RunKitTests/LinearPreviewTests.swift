import Foundation
import MediaIO
import RunKit
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

@Suite struct LinearPreviewTests {
  private static let geometry = PlaneGeometry(side: 3, frames: 5)

  private func latent(_ numbers: inout SeededNumbers, _ geometry: PlaneGeometry = geometry)
    -> Latent
  {
    Latent(values: numbers.floats(4 * geometry.tokenCount), tokenCount: geometry.tokenCount)
  }

  private func map(_ numbers: inout SeededNumbers) -> LinearPreview {
    LinearPreview(
      geometry: Self.geometry, weights: numbers.floats(36, scale: 0.1),
      biases: numbers.floats(27, scale: 0.3))
  }

  /// The definition, feature by feature.
  private func reference(_ map: LinearPreview, _ latent: Latent) -> [Float] {
    let geometry = map.geometry
    var result: [Float] = []
    for t in 0..<geometry.frames {
      for y in 0..<geometry.side {
        for x in 0..<geometry.side {
          let tokens = [
            geometry.planes[0].lowerBound + y * geometry.side + x,
            geometry.planes[1].lowerBound + t * geometry.side + x,
            geometry.planes[2].lowerBound + t * geometry.side + y,
          ]
          for color in 0..<3 {
            var sum = map.biases[(y * geometry.side + x) * 3 + color]
            for feature in 0..<12 {
              let value = latent.values[feature % 4 * geometry.tokenCount + tokens[feature / 4]]
              sum += value * map.weights[feature * 3 + color]
            }
            result.append(sum)
          }
        }
      }
    }
    return result
  }

  /// Frames whose squares of 4 x 4 pixels average to some colours.
  private func clip(_ colors: [Float], _ numbers: inout SeededNumbers) -> PixelClip {
    let (side, patch) = (Self.geometry.side, 4)
    var values = [Float](
      repeating: 0, count: Self.geometry.frames * side * patch * side * patch * 3)
    for t in 0..<Self.geometry.frames {
      for y in 0..<(side * patch) {
        for x in 0..<(side * patch) {
          // A checkerboard, which averages out.
          let ripple: Float = (x + y) % 2 == 0 ? 0.125 : -0.125
          for color in 0..<3 {
            let mean = colors[((t * side + y / patch) * side + x / patch) * 3 + color]
            values[((t * side * patch + y) * side * patch + x) * 3 + color] = mean + ripple
          }
        }
      }
    }
    return PixelClip(frames: Self.geometry.frames, side: side * patch, values: values)
  }

  @Test("plane by plane gives what the definition gives")
  func definition() {
    var numbers = SeededNumbers(1)
    let map = map(&numbers)
    let latent = latent(&numbers)
    #expect(largestDifference(map.values(latent), reference(map, latent)) < 1e-5)
  }

  @Test("pictures have a pixel for each site, and one for each frame")
  func pictures() {
    var numbers = SeededNumbers(2)
    let map = map(&numbers)
    let latent = latent(&numbers)
    let images = map.images(latent)
    #expect(images.count == 5 && images.allSatisfy { $0.width == 3 && $0.height == 3 })
    // Red of frame 2 at row 1, column 2.
    let voxel = (2 * 3 + 1) * 3 + 2
    let value = reference(map, latent)[voxel * 3]
    let level = (min(max(value, -1), 1) + 1) * 127.5
    #expect(abs(Float(images[2][2, 1].red) - level) <= 1)
  }

  @Test("a map is found again from clips that it made")
  func recovery() throws {
    var numbers = SeededNumbers(3)
    let truth = map(&numbers)
    var fit = LinearPreviewFit(geometry: Self.geometry)
    for _ in 0..<300 {
      let latent = latent(&numbers)
      fit.add(latent, clip(reference(truth, latent), &numbers))
    }
    #expect(fit.clipCount == 300)
    let found = try fit.solve()
    #expect(largestDifference(found.weights, truth.weights) < 2e-3)
    #expect(largestDifference(found.biases, truth.biases) < 2e-2)
    let other = latent(&numbers)
    let held = clip(reference(truth, other), &numbers)
    #expect(found.determination(of: [(other, held)]) > 0.999)
    #expect(map(&numbers).determination(of: [(other, held)]) < 0.9)
  }

  @Test("features that never vary get no weight, and no clip is no map")
  func degenerate() throws {
    #expect(throws: (any Error).self) { try LinearPreviewFit(geometry: Self.geometry).solve() }
    var numbers = SeededNumbers(4)
    var fit = LinearPreviewFit(geometry: Self.geometry)
    var latent = latent(&numbers)
    for token in Self.geometry.planes[1] { latent.values[token] = 0.5 }
    fit.add(latent, clip(reference(map(&numbers), latent), &numbers))
    let weights = try fit.solve().weights
    #expect(weights.allSatisfy { abs($0) < 1 })
    // Channel 0 of the plane yt, which is the same everywhere.
    #expect(weights[12..<15].allSatisfy { abs($0) < 1e-6 })
  }

  // MARK: The cache

  private func fitted(_ numbers: inout SeededNumbers) -> LinearPreviewFit {
    var fit = LinearPreviewFit(geometry: Self.geometry)
    for _ in 0..<3 {
      let latent = latent(&numbers)
      fit.add(latent, clip(reference(map(&numbers), latent), &numbers))
    }
    return fit
  }

  @Test("what is kept comes back bit for bit, for its checkpoint and planes alone")
  func cacheRoundTrip() throws {
    let folder = try TemporaryFolder()
    var numbers = SeededNumbers(5)
    let fit = fitted(&numbers)
    let cache = LinearPreviewCache(folder: folder.path("new/previews"))
    #expect(cache.fit(for: "ab12", geometry: Self.geometry) == nil)
    try cache.save(fit, for: "ab12")
    #expect(cache.fit(for: "ab12", geometry: Self.geometry) == fit)
    #expect(cache.fit(for: "ab13", geometry: Self.geometry) == nil)
    #expect(cache.fit(for: "ab12", geometry: PlaneGeometry(side: 4, frames: 5)) == nil)
    // It lies in the data folder, which is its owner's alone.
    let previews = folder.path("new/previews")
    let files = try FileManager.default.contentsOfDirectory(atPath: previews)
    for path in [previews] + files.map({ "\(previews)/\($0)" }) {
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o077 == 0, "\(path)")
    }
  }

  @Test("a damaged file counts as absent", arguments: [0, 8, 100, 400, 600])
  func damagedCache(length: Int) throws {
    let folder = try TemporaryFolder()
    var numbers = SeededNumbers(6)
    let cache = LinearPreviewCache(folder: folder.url.path)
    try cache.save(fitted(&numbers), for: "ab")
    let file = URL(filePath: folder.path(try #require(folder.contents.first)))
    let whole = try Data(contentsOf: file)
    try whole.prefix(length).write(to: file)
    #expect(cache.fit(for: "ab", geometry: Self.geometry) == nil)
    // A sum that is not finite is damage too.
    var spoiled = whole
    spoiled.replaceSubrange((whole.count - 8)..., with: [UInt8](repeating: 0xFF, count: 8))
    try spoiled.write(to: file)
    #expect(cache.fit(for: "ab", geometry: Self.geometry) == nil)
    try whole.write(to: file)
    #expect(cache.fit(for: "ab", geometry: Self.geometry) != nil)
  }
}
