internal import CKernels
import Glibc

extension ProcessorDevice {
  func meanDistance(_ call: DistanceCall, into result: Tensor) {
    let size = call.input.elementType.byteCount
    let sum = call.parts.reduce(0.0) { sum, part in
      sum
        + ck_distance_sum(
          call.input.kernelType, call.distance.kernel,
          pointer(call.input) + part.lowerBound * size,
          pointer(call.target) + part.lowerBound * size, part.count, threads)
    }
    floats(result)[0] = Float(sum / Double(call.count))
  }

  func meanDistanceGradient(_ call: DistanceCall, _ gradient: Tensor, into result: Tensor) {
    if call.count < result.count { memset(pointer(result), 0, result.byteCount) }
    let factor = floats(gradient)[0] / Float(call.count)
    let size = call.input.elementType.byteCount
    for part in call.parts {
      let offset = part.lowerBound * size
      ck_distance_gradient(
        call.input.kernelType, call.distance.kernel, pointer(call.input) + offset,
        pointer(call.target) + offset, pointer(result) + offset, factor, part.count, threads)
    }
  }

  func mean(_ function: MeanFunction, _ x: Tensor, into result: Tensor) {
    let sum = float32Values(x).reduce(0.0) { $0 + Double(function($1)) }
    floats(result)[0] = Float(sum / Double(x.count))
  }

  func meanGradient(
    _ function: MeanFunction, _ gradient: Tensor, _ x: Tensor, into result: Tensor
  ) {
    let factor = floats(gradient)[0] / Float(x.count)
    let values = float32Values(x).map { factor * function.derivative($0) }
    if result.elementType == .float32 {
      floats(result).update(from: values, count: values.count)
    } else {
      ck_float32_to_bfloat16(
        values, pointer(result).assumingMemoryBound(to: UInt16.self), values.count)
    }
  }

  /// The numbers of a tensor that has few.
  private func float32Values(_ x: Tensor) -> [Float] {
    [Float](unsafeUninitializedCapacity: x.count) { buffer, count in
      count = x.count
      guard let target = buffer.baseAddress else { return }
      if x.elementType == .float32 {
        target.update(from: floats(x), count: x.count)
      } else {
        ck_bfloat16_to_float32(
          pointer(x).assumingMemoryBound(to: UInt16.self), target, x.count)
      }
    }
  }

  func featureDistance(_ call: FeatureDistanceCall) throws {
    let x = call.input
    let values = try makeTensor([x.rows], .float32)
    ck_feature_distance(
      floats(call.target), floats(x), floats(call.weight), floats(values),
      call.gradient.map { floats($0) }, 1 / Float(x.rows), x.rows, x.channels, threads)
    let rows = UnsafeBufferPointer(start: floats(values), count: x.rows)
    let perSample = x.shape[1]
    let distances = floats(call.distances)
    var sum: Float = 0
    for sample in 0..<x.shape[0] {
      let part = rows[(sample * perSample)..<((sample + 1) * perSample)]
      distances[sample] = Float(part.reduce(0.0) { $0 + Double($1) } / Double(perSample))
      sum += distances[sample]
    }
    floats(call.mean)[0] = sum / Float(x.shape[0])
  }

  func finiteDifference(
    _ x: Tensor, _ target: Tensor, _ neighbors: [Neighbors], into result: Tensor,
    _ gradient: Tensor?
  ) {
    let slopes = gradient.map { floats($0) }
    if let slopes { memset(slopes, 0, x.byteCount) }
    let mean = neighbors.reduce(0.0) {
      $0 + $1.meanDifference(floats(x), floats(target), slopes)
    }
    floats(result)[0] = Float(mean)
  }
}

extension Distance {
  fileprivate var kernel: ck_distance { self == .absolute ? CK_ABSOLUTE : CK_SQUARED }
}

extension MeanFunction {
  fileprivate func callAsFunction(_ x: Float) -> Float {
    switch self {
    case .identity: x
    case .hinge(let sign, let margin): max(0, margin + sign * x)
    }
  }

  fileprivate func derivative(_ x: Float) -> Float {
    switch self {
    case .identity: 1
    case .hinge(let sign, let margin): margin + sign * x > 0 ? sign : 0
    }
  }
}

extension Neighbors {
  /// The mean of the differences; adds each number's part of the gradient.
  fileprivate func meanDifference(
    _ x: UnsafePointer<Float>, _ target: UnsafePointer<Float>,
    _ slopes: UnsafeMutablePointer<Float>?
  ) -> Double {
    let share = Float(1 / Double(rows * length))
    var sum = 0.0
    for row in 0..<rows {
      let first = row * (length + step)
      let end = first + length
      // A stretch may be a whole clip: single precision adds up no more than this many numbers.
      for begin in stride(from: first, to: end, by: Self.block) {
        var partial: Float = 0
        for index in begin..<min(begin + Self.block, end) {
          let error =
            (x[index + step] - target[index + step]) - (x[index] - target[index])
          partial += abs(error)
          guard let slopes, error != 0 else { continue }
          let part = error > 0 ? share : -share
          slopes[index + step] += part
          slopes[index] -= part
        }
        sum += Double(partial)
      }
    }
    return sum / Double(rows * length)
  }

  private static let block = 4096
}
