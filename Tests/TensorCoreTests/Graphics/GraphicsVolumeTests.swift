import TensorCore
import TestSupport
import Testing

/// Windows over volumes on a graphics processor against the processor's: what I3D and C3D have.
struct GraphicsVolumeTests {
  private static let convolutions: [(VolumeWindow, VolumeExtents)] = [
    (VolumeWindow(size: VolumeExtents(1), padding: .same), VolumeExtents(3, 5, 4)),
    (VolumeWindow(size: VolumeExtents(3), padding: .same), VolumeExtents(5, 6, 7)),
    (VolumeWindow(size: VolumeExtents(3), padding: .same), VolumeExtents(1, 6, 6)),
    // Frames lack 6 and rows lack 5, so that 3 and 2 come before.
    (
      VolumeWindow(size: VolumeExtents(7), stride: VolumeExtents(2), padding: .same),
      VolumeExtents(5, 8, 8)
    ),
    (
      VolumeWindow(size: VolumeExtents(3), padding: .symmetric(VolumeExtents(1))),
      VolumeExtents(4, 7, 5)
    ),
    // The whole volume.
    (
      VolumeWindow(size: VolumeExtents(1, 4, 4), padding: .symmetric(VolumeExtents(0))),
      VolumeExtents(1, 4, 4)
    ),
  ]

  @Test(
    "convolutions, with ReLU and without", arguments: convolutions, [(3, 20), (40, 66)])
  func convolution(
    _ place: (window: VolumeWindow, extents: VolumeExtents), _ channels: (inputs: Int, outputs: Int)
  ) throws {
    try GraphicsComparison.check(.float32) { context in
      var numbers = SeededNumbers(5)
      let x = try context.tensor(
        numbers.floats(2 * place.extents.count * channels.inputs),
        shape: [2] + place.extents.axes + [channels.inputs])
      let weight = numbers.floats(
        channels.outputs * channels.inputs * place.window.size.count, scale: 0.2)
      let bias = numbers.floats(channels.outputs)
      return try [true, false].map { appliesReLU in
        let convolution = try weight.withUnsafeBufferPointer {
          try context.prepareConvolution(
            $0, bias: bias, inputs: channels.inputs, outputs: channels.outputs,
            window: place.window, appliesReLU: appliesReLU, on: place.extents)
        }
        let result = try context.convolution(x, convolution)
        #expect(
          result.shape == [2] + place.window.outputs(of: place.extents).axes + [channels.outputs])
        return ("ReLU \(appliesReLU)", result)
      }
    }
  }

  @Test(
    "poolings leave out what surrounds the volume",
    arguments: [
      VolumeWindow(size: VolumeExtents(3), padding: .same),
      VolumeWindow(size: VolumeExtents(1, 3, 3), stride: VolumeExtents(1, 2, 2), padding: .same),
      VolumeWindow(size: VolumeExtents(3), stride: VolumeExtents(2), padding: .same),
      VolumeWindow(size: VolumeExtents(2), stride: VolumeExtents(2), padding: .covering),
      VolumeWindow(size: VolumeExtents(2, 5, 5), padding: .symmetric(VolumeExtents(0))),
    ])
  func pooling(_ window: VolumeWindow) throws {
    let extents = VolumeExtents(5, 7, 6)
    try GraphicsComparison.check(.float32) { context in
      var numbers = SeededNumbers(7)
      // Below 0 everywhere: a zero from outside would be the maximum.
      let x = try context.tensor(
        numbers.floats(2 * extents.count * 9, around: -3), shape: [2] + extents.axes + [9])
      return [
        ("maximum", try context.maximumPool(x, window)),
        ("average", try context.averagePool(x, window)),
      ]
    }
  }
}
