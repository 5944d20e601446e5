import TensorCore
import TestSupport
import Testing

/// Convolutions and poolings over volumes against the sums written out.
@Suite(.onEveryDevice)
struct VolumeConvolutionTests {
  static let windows = [
    VolumeWindow(size: VolumeExtents(1), padding: .same),
    VolumeWindow(size: VolumeExtents(3), padding: .same),
    VolumeWindow(size: VolumeExtents(7), stride: VolumeExtents(2), padding: .same),
    VolumeWindow(size: VolumeExtents(1, 3, 3), stride: VolumeExtents(1, 2, 2), padding: .same),
    VolumeWindow(size: VolumeExtents(2), stride: VolumeExtents(2), padding: .covering),
    VolumeWindow(size: VolumeExtents(3), padding: .symmetric(VolumeExtents(1))),
    VolumeWindow(size: VolumeExtents(2, 3, 1), padding: .symmetric(VolumeExtents(0))),
  ]
  private static let extents = VolumeExtents(5, 8, 7)
  private static let batch = 2

  /// What a window takes at one output position: places in the input, and in the kernel.
  private static func places(
    _ window: VolumeWindow, _ extents: VolumeExtents, at output: [Int]
  ) -> [(input: [Int], kernel: [Int])] {
    let missing = (0..<3).map { axis in
      let (extent, size) = (extents.axes[axis], window.size.axes[axis])
      let stride = window.stride.axes[axis]
      return max(((extent + stride - 1) / stride - 1) * stride + size - extent, 0)
    }
    let before: [Int] =
      switch window.padding {
      case .same: missing.map { $0 / 2 }
      case .symmetric(let padding): padding.axes
      case .covering: [0, 0, 0]
      }
    var places: [(input: [Int], kernel: [Int])] = []
    for a in 0..<window.size.depth {
      for b in 0..<window.size.height {
        for c in 0..<window.size.width {
          let kernel = [a, b, c]
          let input = (0..<3).map {
            output[$0] * window.stride.axes[$0] + kernel[$0] - before[$0]
          }
          if zip(input, extents.axes).allSatisfy({ (0..<$1).contains($0) }) {
            places.append((input, kernel))
          }
        }
      }
    }
    return places
  }

  /// Calls `body` for every output position.
  private static func forEach(_ extents: VolumeExtents, _ body: ([Int]) -> Void) {
    for a in 0..<extents.depth {
      for b in 0..<extents.height {
        for c in 0..<extents.width { body([a, b, c]) }
      }
    }
  }

  private static func index(_ place: [Int], _ extents: VolumeExtents) -> Int {
    (place[0] * extents.height + place[1]) * extents.width + place[2]
  }

  private static func volume(_ context: ComputeContext, channels: Int) throws -> (Tensor, [Float]) {
    var numbers = SeededNumbers(5)
    let values = numbers.floats(batch * extents.count * channels)
    return (try context.tensor(values, shape: [batch] + extents.axes + [channels]), values)
  }

  @Test(
    "a convolution over a volume is the sum over its window", arguments: windows, [true, false])
  func convolution(window: VolumeWindow, appliesReLU: Bool) throws {
    let context = try ComputeContext(threadCount: 2)
    let (inputs, outputs) = (3, 20)
    let (x, values) = try Self.volume(context, channels: inputs)
    var numbers = SeededNumbers(6)
    let weight = numbers.floats(outputs * inputs * window.size.count, scale: 0.2)
    let bias = numbers.floats(outputs)
    let convolution = try weight.withUnsafeBufferPointer {
      try context.prepareConvolution(
        $0, bias: bias, inputs: inputs, outputs: outputs, window: window,
        appliesReLU: appliesReLU, on: Self.extents)
    }
    let result = try context.convolution(x, convolution)
    let counts = window.outputs(of: Self.extents)
    #expect(result.shape == [Self.batch] + counts.axes + [outputs])
    var reference: [Double] = []
    for sample in 0..<Self.batch {
      Self.forEach(counts) { output in
        let places = Self.places(window, Self.extents, at: output)
        for channel in 0..<outputs {
          var sum = Double(bias[channel])
          for (input, kernel) in places {
            let place = sample * Self.extents.count + Self.index(input, Self.extents)
            for source in 0..<inputs {
              let row = (channel * inputs + source) * window.size.count
              sum +=
                Double(values[place * inputs + source])
                * Double(weight[row + Self.index(kernel, window.size)])
            }
          }
          reference.append(appliesReLU ? max(sum, 0) : sum)
        }
      }
    }
    #expect(deviation(try context.read(result), from: reference) < 1e-5)
  }

  @Test("poolings leave out what is around the volume", arguments: windows)
  func pooling(window: VolumeWindow) throws {
    let context = try ComputeContext(threadCount: 2)
    let channels = 18
    let (x, values) = try Self.volume(context, channels: channels)
    var maxima: [Double] = []
    var means: [Double] = []
    for sample in 0..<Self.batch {
      Self.forEach(window.outputs(of: Self.extents)) { output in
        let places = Self.places(window, Self.extents, at: output)
        for channel in 0..<channels {
          let numbers = places.map { input, _ in
            let place = sample * Self.extents.count + Self.index(input, Self.extents)
            return Double(values[place * channels + channel])
          }
          maxima.append(numbers.max() ?? .nan)
          means.append(numbers.reduce(0, +) / Double(numbers.count))
        }
      }
    }
    #expect(deviation(try context.read(context.maximumPool(x, window)), from: maxima) == 0)
    #expect(deviation(try context.read(context.averagePool(x, window)), from: means) < 1e-6)
  }

  @Test("a covering window leaves no position out, as many as Caffe's ceiling")
  func covering() {
    let window = VolumeWindow(
      size: VolumeExtents(2), stride: VolumeExtents(2), padding: .covering)
    #expect(window.outputs(of: VolumeExtents(2, 7, 8)) == VolumeExtents(1, 4, 4))
    #expect(window.outputs(of: VolumeExtents(1)) == VolumeExtents(1))
  }
}
