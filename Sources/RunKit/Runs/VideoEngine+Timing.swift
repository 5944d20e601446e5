import VideoDiffusion

/// Single operations with the time that they took, in seconds, without the wait for their turn.
extension VideoEngine {
  package func timedDecode(_ latent: Latent) throws -> (clip: PixelClip, seconds: Double) {
    let start = ContinuousClock.now
    return (try decode(latent), (ContinuousClock.now - start).inSeconds)
  }

  package func timedEncode(_ clip: PixelClip) throws -> (latent: Latent, seconds: Double) {
    let start = ContinuousClock.now
    return (try encode(clip), (ContinuousClock.now - start).inSeconds)
  }
}
