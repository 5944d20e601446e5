import VideoDiffusion

/// What becomes of a run's clips: outputs on the command line, files with rows in the studio.
package protocol ClipSink: Actor {
  /// Whether clips are wanted as frames, and not as latents alone.
  nonisolated var needsFrames: Bool { get }

  /// Takes note of what the engine reports, and keeps where the run stands.
  func note(_ event: GenerationEvent)

  /// The frame that stands last of a sample so far, `[side, side, 3]`, which the next clip is shown after;
  /// `nil` before the first. Asked for only where seams are treated.
  func lastFrame(of sample: Int) async throws -> [UInt8]?

  /// Writes a sample of a clip.
  ///
  /// - Parameters:
  ///   - clip: The clip's number in the run, from 0.
  ///   - decoded: Its frames as they are shown and the seconds that decoding took, where frames are wanted.
  func write(
    _ latent: Latent, sample: Int, of clip: Int, decoded: (clip: PixelClip, seconds: Double)?
  ) async throws

  /// A decoded clip as it is shown where frames of it are known; `nil` where none are.
  ///
  /// - Parameters:
  ///   - sample: Of which sample.
  ///   - clip: The clip's number in the run, from 0.
  func directed(_ decoded: PixelClip, sample: Int, of clip: Int) async throws -> PixelClip?

  /// All samples of a clip are written.
  ///
  /// - Returns: Whether the run goes on.
  func finish(_ clip: FinishedClip) -> Bool
}

extension ClipSink {
  package func directed(_ decoded: PixelClip, sample: Int, of clip: Int) -> PixelClip? { nil }

  /// Makes the clips of a run, from the engine's events to what is written: decodes each clip as it is
  /// complete, while the engine samples the next, and shows previews of the one in progress.
  ///
  /// - Parameters:
  ///   - state: Where to begin; see ``VideoEngine/generate(_:from:stop:)``.
  ///   - originals: The clips to begin with where samplers leave out steps.
  ///   - known: What is known of the clips, by their numbers.
  ///   - stop: Ends the run early.
  ///   - show: Called with each preview, on another thread.
  /// - Throws: What the engine and writing throw.
  package func makeClips(
    _ request: GenerationRequest, from state: GenerationState, refining originals: [Latent] = [],
    knowing known: [Int: KnownFrames] = [:], with engine: VideoEngine, previews: PreviewMaker,
    stop: StopSignal,
    show: @escaping @Sendable (StepPreview) -> Void
  ) async throws {
    for try await event in engine.generate(
      request, from: state, refining: originals, knowing: known, stop: stop)
    {
      note(event)
      switch event {
      case .clipStarted: break
      case .step(let step): previews.consider(step, deliver: show)
      case .clipFinished(let clip):
        try await write(
          clip.latents, of: clip.clip, fading: request.seamFade, with: engine, previews: previews)
        guard finish(clip) else { return stop.requestStop(.afterStep) }
      }
    }
  }

  /// Decodes and writes every sample of a clip, its seam treated; the previews learn from it.
  ///
  /// - Parameter length: Frames over which the seam fades; 0 leaves it.
  package func write(
    _ latents: [Latent], of clip: Int, fading length: Int, with engine: VideoEngine,
    previews: PreviewMaker
  ) async throws {
    for (sample, latent) in latents.enumerated() {
      let decoded = needsFrames ? try await engine.timedDecode(latent) : nil
      var shown = decoded
      if let decoded {
        if let directed = try await directed(decoded.clip, sample: sample, of: clip) {
          shown?.clip = directed
        } else if length > 0, let frame = try await lastFrame(of: sample) {
          shown?.clip = decoded.clip.fadingIn(from: frame, over: length)
        }
      }
      try await write(latent, sample: sample, of: clip, decoded: shown)
      if let decoded { await previews.learn(latent, decoded: decoded.clip) }
    }
  }
}

extension FinishedClip {
  /// What a person should know of the clip, in sentences without full stops.
  package var notes: [String] {
    planeOrders.enumerated().filter { $0.element != .usual }.map { sample, order in
      "clip \(clip + 1)\(planeOrders.count > 1 ? " of video \(sample + 1)" : ""): its planes came out "
        + "as \(order.text), and were put right"
    }
  }
}
