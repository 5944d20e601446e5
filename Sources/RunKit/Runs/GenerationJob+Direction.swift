import MediaIO
import VideoDiffusion

extension GenerationJob {
  /// Whether frames of what is made are known.
  var isDirected: Bool { gap != nil || !pins.isEmpty || request.closingFrames > 0 }

  /// Frames at a loop's end that are those of its beginning: enough to show where things move to.
  public static let loopFrames = 4

  /// Lets the video go on from its end where it began.
  ///
  /// - Throws: ``StudioError`` for fewer than two clips, or clips without end.
  public mutating func closeLoop() throws {
    guard let clips = request.clipCount, clips >= 2 else {
      throw StudioError(
        nil,
        .option(
          name: "the number of clips of a loop",
          found: request.clipCount.map(String.init) ?? "without end",
          expected: "2 or more: the last one leads back to the first"))
    }
    request.closingFrames = Self.loopFrames
  }

  /// Frames a second of what stands before the frames that are made, where it says them.
  func gapRate() throws -> Double? {
    try gap.flatMap { try ClipInput(path: $0.before).framesPerSecond }
  }

  /// What a directed run costs, told before it begins.
  func directionNotes(_ denoiser: NetworkFile) -> [String] {
    guard isDirected, case .denoiser(let network) = denoiser.network,
      case .autoencoder(let autoencoder)? = model.autoencoder?.network
    else { return [] }
    let frames = denoiser.geometry.frames
    var clips = Set(pins.map { $0.frame / frames })
    if gap != nil { clips.insert(0) }
    if request.closingFrames > 0, let last = request.clipCount { clips.insert(last - 1) }
    let steps = (clips == [0] && gap == nil ? request.firstSampler : request.laterSampler)
      .stepsTaken
    let directed = (0..<steps).count { KnownFrames.directs(step: $0, of: steps) }
    let more =
      Double(directed) * (autoencoder.encodeOperations + autoencoder.decodeOperations)
      / (Double(steps) * network.forwardOperations)
    let which = clips.sorted().map { String($0 + 1) }.joined(separator: ", ")
    return [
      "\(clips.count == 1 ? "clip \(which) has" : "clips \(which) have") known frames: "
        + DirectedEstimate.text(directedSteps: directed, steps: steps, share: 1 + more)
    ]
  }
}
