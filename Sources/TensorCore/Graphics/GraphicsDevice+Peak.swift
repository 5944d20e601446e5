internal import CGraphicsKernels

extension GraphicsDevice {
  func measurePeak(_ elementType: ElementType, seconds: Double) -> Double? {
    // For float32 a multiply-add of each thread; for bfloat16 a product of 16x16 by 16x8 of each warp of 32, and in TF32
    // one of half as many.
    let each: Double =
      switch elementType {
      case .float32: roundsProducts ? 2 * 16 * 8 * 8 / 32 : 2
      case .bfloat16: 2 * 16 * 16 * 8 / 32
      default: 0
      }
    guard each > 0 else { return nil }
    let kernel = "gk_peak_\(productSuffix(elementType))"
    let (blocks, threads) = (4096, 256)
    guard let target = try? TensorStorage(byteCount: 4 * blocks * threads, memory) else {
      return nil
    }
    /// Multiply-adds a second, in thousands of millions of operations; `nil` if the card fails.
    func rate(blocks: Int, rounds: Int) -> (rate: Double, seconds: Double)? {
      let start = moment()
      let problem = gk_peak(target: target.address.onCard, rounds: Int32(rounds))
      guard
        (try? launch(kernel, problem, blocks: blocks)) != nil
      else { return nil }
      let seconds = moment().seconds(since: start)
      guard seconds > 0 else { return nil }
      let count = Double(rounds) * Double(GK_PEAK_OPERATIONS) * Double(blocks * threads)
      return (each * count / seconds / 1e9, seconds)
    }
    // The best of what fills the card for some milliseconds, as often as the time holds.
    guard var best = rate(blocks: 16, rounds: 4)?.rate else { return nil }
    var left = seconds
    while left > 0 {
      guard let measured = rate(blocks: blocks, rounds: 512) else { return nil }
      best = max(best, measured.rate)
      left -= measured.seconds
    }
    return best
  }
}
