import TensorCore
import TestSupport
import Testing

/// Gradients of a graphics processor against central differences of its own results, as ``GradientTests`` and
/// ``AttentionGradientTests`` have them for the processor's.
@Suite(.onGraphics)
struct GraphicsDifferenceTests {
  private let operations = GradientTests()
  private let attention = AttentionGradientTests()

  @Test("products") func products() throws {
    try operations.linear()
    try operations.convolution()
    try operations.stridedConvolution()
    try operations.kernelConvolution([5, 6])
  }

  @Test("normalisations") func normalisations() throws {
    try operations.groupNorm(.perImage, activated: true)
    try operations.groupNorm(.joint, activated: false)
    try operations.layerNorm(40)
    try operations.batchNorm()
  }

  @Test("attention") func attentions() throws {
    try attention.planesByThemselvesAndTogether()
    try attention.onlyTheFirstPositionAsks()
    try attention.sequencesAlongEveryAxisOfAVolume()
  }

  @Test("functions, movement and resampling") func others() throws {
    try operations.elementwiseFunctions()
    try operations.movement()
    try operations.resampling()
    try operations.volumes()
  }

  @Test("losses") func losses() throws { try operations.losses() }
}
