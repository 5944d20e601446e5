/// The order in which the three planes of a latent stand.
///
/// Where no clip goes before and nothing tells the planes apart (see ``Latent/planeCodes(_:)``), the
/// denoiser treats planes of one shape alike: exchanged in its input they are exchanged in its output.
/// What it makes from nothing can therefore come out with such planes in any order, and only one of them
/// is a clip.
public struct PlaneOrder: Sendable, Hashable {
  /// For each place xy, yt and xt the place where its plane stands.
  public let places: [Int]

  private init(_ places: [Int]) { self.places = places }

  /// The planes where they belong.
  public static let usual = PlaneOrder([0, 1, 2])

  /// The orders that a denoiser cannot tell from the usual one, which stands first: two, or six where
  /// the latent's side is as long as the clip, so that all planes have one shape.
  public static func indistinguishable(_ geometry: PlaneGeometry) -> [PlaneOrder] {
    let exchanged = PlaneOrder([0, 2, 1])
    guard geometry.side == geometry.frames else { return [.usual, exchanged] }
    return [.usual, exchanged]
      + [[1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map(PlaneOrder.init)
  }

  /// A latent whose planes stand in this order, with them put where they belong.
  ///
  /// - Parameter geometry: The latent's; this order is one of ``indistinguishable(_:)``.
  public func putRight(_ latent: Latent, _ geometry: PlaneGeometry) -> Latent {
    precondition(latent.tokenCount == geometry.tokenCount, "the latent has other planes")
    guard self != .usual else { return latent }
    let planes = geometry.planes
    var result = latent
    for channel in 0..<latent.channels {
      let start = channel * latent.tokenCount
      for (plane, place) in zip(planes, places) {
        precondition(plane.count == planes[place].count, "planes of two shapes cannot be exchanged")
        for (to, from) in zip(plane, planes[place]) {
          result.values[start + to] = latent.values[start + from]
        }
      }
    }
    return result
  }

  /// The planes' names as they stand, such as `xy xt yt`.
  public var text: String {
    let names = ["xy", "yt", "xt"]
    var standing = names
    for (name, place) in zip(names, places) { standing[place] = name }
    return standing.joined(separator: " ")
  }
}

extension Latent {
  /// The mean squared difference from another latent of the same shape.
  func squaredError(from other: Latent) -> Double {
    precondition(hasShape(of: other), "latents of two shapes have no difference")
    let sum = zip(values, other.values).reduce(0.0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }
    return sum / Double(values.count)
  }
}
