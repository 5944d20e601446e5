import MediaIO

/// A look at the clip in progress: its estimate after a step, as pictures.
public struct StepPreview: Sendable {
  /// Clips made before it in this run.
  public let clip: Int
  /// The step after which it was estimated, and the clip's number of steps.
  public let step: Int
  public let stepCount: Int
  /// How the pictures were made; never `off`.
  public let mode: PreviewMode
  /// The frames: R x R if they are linear, else of the model's resolution.
  public let images: [RGBImage]
  /// What making them took, in seconds, waiting for the engine and fitting a map left out.
  public let seconds: Double
}
