import TestSupport
import Testing

/// Training on a graphics processor, by the emulated driver, against PyTorch's numbers. What is compared, and how,
/// is said in ``GoldenDenoiserTrainingTests`` and ``GoldenAutoencoderTrainingTests``. More steps of the denoiser would
/// take a minute there.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)), .onGraphics)
struct GraphicsTrainingTests {
  @Test("the denoiser's loss and every gradient of it match")
  func denoiserGradients() throws {
    try GoldenDenoiserTrainingTests().theLossAndEveryGradientMatch()
  }

  @Test("the autoencoder's losses, every gradient of them, and a step match")
  func autoencoderStep() throws {
    try GoldenAutoencoderTrainingTests().theLossTheGradientsAndAStepMatch()
  }
}
