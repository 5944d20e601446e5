/// A run of a recipe in the order in which a job makes all of them: a clip that another leads to comes before
/// that other, with all that it continues.
public struct RecipeStep: Sendable, Hashable {
  /// The run, with its own settings.
  public var run: Recipe.Run
  /// What its first clip continues; `nil` for the clip that was made last.
  public var place: Place?
  /// The clip that it leads to, of those of the job, counted from 0 with footage.
  public var target: Int?

  /// Where a run begins.
  public enum Place: Sendable, Hashable, Codable {
    /// At the start of the video.
    case start
    /// After one of the job's clips, counted from 0 with footage.
    case clip(Int)
  }

  /// A run of a recipe.
  public init(_ run: Recipe.Run, place: Place? = nil, target: Int? = nil) {
    self.run = run
    self.place = place
    self.target = target
  }
}

extension RecipeStep: Codable {
  private enum CodingKeys: String, CodingKey { case place, target }

  /// Reads a run with its place beside its own values; one without a place follows the one before, as all
  /// did that earlier versions stored.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try Recipe.Run(from: decoder), place: try values.decodeIfPresent(Place.self, forKey: .place),
      target: try values.decodeIfPresent(Int.self, forKey: .target))
  }

  public func encode(to encoder: any Encoder) throws {
    try run.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(place, forKey: .place)
    try values.encodeIfPresent(target, forKey: .target)
  }

  /// Whether its numbers can be those of a job's clips.
  package var isBounded: Bool {
    var numbers = [target].compactMap { $0 }
    if case .clip(let number) = place { numbers.append(number) }
    return numbers.allSatisfy { (0...1 << 40).contains($0) }
  }
}

extension Recipe {
  /// All runs that make the video, in an order in which each finds what it needs. Clips that several branches
  /// have in common are made once.
  package var steps: [RecipeStep] {
    var tree = RunTree()
    _ = tree.add(self)
    return tree.steps
  }
}

/// Runs as a tree, so that branches which begin alike share their beginning.
private struct RunTree {
  /// After some clips of a run.
  private struct Spot: Hashable {
    var run: Int
    var clips: Int
  }

  private struct Node {
    var run: Recipe.Run
    /// The number of its first clip among all of the job.
    var first: Int
    var parent: Spot?
  }

  private var nodes: [Node] = []
  private var clipCount = 0
  private(set) var steps: [RecipeStep] = []

  /// Adds what is not there yet of a recipe.
  ///
  /// - Returns: Where it ends.
  mutating func add(_ recipe: Recipe) -> Int? {
    var here: Spot?
    for run in recipe.runs {
      var rest = run
      while rest.clipCount > 0, let next = spot(after: here, like: rest) {
        let shared = min(rest.clipCount, nodes[next.run].run.clipCount - next.clips)
        here = Spot(run: next.run, clips: next.clips + shared)
        rest.firstClip += shared
        rest.clipCount -= shared
      }
      if rest.clipCount > 0 { here = append(rest, after: here) }
    }
    return here.map(number)
  }

  private mutating func append(_ run: Recipe.Run, after here: Spot?) -> Spot {
    let parent = here.map(number)
    var target: Int?
    if case .clip(let other, _) = run.lead { target = add(other) }
    let place: RecipeStep.Place? =
      if let parent { parent == clipCount - 1 ? nil : .clip(parent) } else {
        clipCount == 0 ? nil : .start
      }
    steps.append(RecipeStep(run, place: place, target: target))
    nodes.append(Node(run: run, first: clipCount, parent: here))
    // As large as a file says: no arithmetic of it may overflow.
    clipCount = clipCount &+ run.clipCount
    return Spot(run: nodes.count - 1, clips: run.clipCount)
  }

  /// The number of the clip before a spot.
  private func number(_ spot: Spot) -> Int { nodes[spot.run].first &+ spot.clips - 1 }

  /// Where a run goes on that makes the same clips; one that leads somewhere is shared whole or not at all.
  private func spot(after here: Spot?, like run: Recipe.Run) -> Spot? {
    func fits(_ node: Node, from clip: Int) -> Bool {
      node.run.makesTheSame(as: run) && node.run.firstClip + clip == run.firstClip
        && (run.lead == nil || clip == 0 && node.run.clipCount >= run.clipCount)
    }
    if let here, here.clips < nodes[here.run].run.clipCount,
      fits(nodes[here.run], from: here.clips)
    {
      return here
    }
    return nodes.indices.first { nodes[$0].parent == here && fits(nodes[$0], from: 0) }
      .map { Spot(run: $0, clips: 0) }
  }
}
