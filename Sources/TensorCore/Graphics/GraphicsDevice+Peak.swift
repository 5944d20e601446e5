internal import CGraphicsKernels

extension GraphicsDevice {
  func measurePeak(_ elementType: ElementType, seconds: Double) -> Double? {
    // For float32 a multiply-add of each thread; for bfloat16 a product of 16x16 by 16x8 of each warp of 32.
    let each: Double =
      switch elementType {
      case .float32: 2
      case .bfloat16: 2 * 16 * 16 * 8 / 32
      default: 0
      }
    guard each > 0 else { return nil }
    let (blocks, threads) = (4096, 256)
    guard let target = try? TensorStorage(byteCount: 4 * blocks * threads, memory) else {
      return nil
    }
    func time(rounds: Int) -> Double? {
      let start = moment()
      let problem = gk_peak(target: target.address.onCard, rounds: Int32(rounds))
      guard
        (try? launch("gk_peak_\(elementType.kernelSuffix)", problem, blocks: blocks)) != nil
      else { return nil }
      return moment().seconds(since: start)
    }
    // As many rounds as fill some milliseconds, as often as the time holds, and the best of them.
    guard var best = time(rounds: 16), best > 0 else { return nil }
    let rounds = min(max(Int(16 * 0.005 / best), 16), 1 << 16)
    best = .infinity
    var left = seconds
    repeat {
      guard let time = time(rounds: rounds), time > 0 else { return nil }
      best = min(best, time)
      left -= time
    } while left > 0
    let count = Double(rounds) * Double(GK_PEAK_OPERATIONS) * Double(blocks * threads)
    return each * count / best / 1e9
  }
}
