import Foundation

/// How the timesteps of a short run are chosen from the schedule's.
///
/// With T timesteps in the schedule and n steps, every rule gives n distinct timesteps, for all n
/// in `1...T`, and n = T gives all of them.
public enum TimestepSpacing: String, Sendable, Hashable, Codable, CaseIterable {
  /// PVDM's own: `linspace(-1, T - 1, n + 1)` truncated toward zero. The DDIM default.
  ///
  /// Evaluated exactly, in integers. PyTorch's float32 linspace depends on the processor's vector
  /// width where a value should be an integer but is not divisible exactly (n = 24, say, but none
  /// of 1...14, 20, 25, 50, 100, 200, 250, 400, 500, 1000), and may be one timestep lower there.
  case published
  /// `round(T - k * T / n) - 1` for k in `0..<n`: full noise first, equal strides, so that the
  /// last stride is as long as the others. Lin et al., "Common Diffusion Noise Schedules and Sample
  /// Steps are Flawed" (WACV 2024), section 3.3.
  case trailing
  /// `round(linspace(T - 1, 0, n))`: both ends of the schedule are among the timesteps, which is
  /// the usual choice of DPM-Solver code. n = 1 is T - 1 alone.
  case linear
  /// Noise-to-signal ratios spaced evenly in their 7th root between those of T - 1 and 0, each at
  /// its nearest timestep by linear interpolation of the ratio's logarithm. Timesteps that would
  /// coincide move down to the next free one. Karras et al., "Elucidating the Design Space of
  /// Diffusion-Based Generative Models" (NeurIPS 2022), Eq. 5. n = 1 is T - 1 alone.
  case karras

  /// The timesteps of a run, noisiest first.
  ///
  /// - Parameters:
  ///   - stepCount: n, in `1...schedule.stepCount`.
  ///   - schedule: where the timesteps are taken from.
  /// - Returns: n + 1 strictly decreasing values: n timesteps, then
  ///   `DiffusionSchedule.cleanTimestep`. Step i goes from value i to value i + 1.
  /// - Throws: `SamplingError.stepCountOutOfRange`.
  public func timesteps(
    stepCount: Int, schedule: DiffusionSchedule
  ) throws(SamplingError) -> [Int] {
    let total = schedule.stepCount
    guard (1...total).contains(stepCount) else {
      throw .stepCountOutOfRange(found: stepCount, limit: total)
    }
    let chosen =
      switch self {
      case .published:
        (0..<stepCount).map { total * (stepCount - $0) / stepCount - 1 }
      case .trailing:
        // Rounded by adding one half before the integer division.
        (0..<stepCount).map { (2 * total * (stepCount - $0) + stepCount) / (2 * stepCount) - 1 }
      case .linear:
        Self.linear(stepCount: stepCount, total: total)
      case .karras:
        Self.karras(stepCount: stepCount, schedule: schedule)
      }
    return chosen + [DiffusionSchedule.cleanTimestep]
  }

  private static func linear(stepCount: Int, total: Int) -> [Int] {
    let strides = max(stepCount - 1, 1)
    return (0..<stepCount).map { index in
      (2 * (total - 1) * (strides - index) + strides) / (2 * strides)
    }
  }

  private static func karras(stepCount: Int, schedule: DiffusionSchedule) -> [Int] {
    let total = schedule.stepCount
    let logarithms = (0..<total).map { log(schedule.noiseLevel(at: $0).noiseToSignal) }
    let inverseRho = 1.0 / 7
    let largest = exp(logarithms[total - 1] * inverseRho)
    let smallest = exp(logarithms[0] * inverseRho)
    let strides = Double(max(stepCount - 1, 1))

    var chosen: [Int] = []
    chosen.reserveCapacity(stepCount)
    var lower = total - 1
    for index in 0..<stepCount {
      let root = largest + Double(index) / strides * (smallest - largest)
      let target = log(root) / inverseRho
      // The targets decrease, so the search goes on where the last one ended.
      while lower > 0, logarithms[lower] > target { lower -= 1 }
      var fractional = Double(lower)
      if lower + 1 < total {
        let stride = logarithms[lower + 1] - logarithms[lower]
        fractional += min(max((target - logarithms[lower]) / stride, 0), 1)
      }
      // Below the step before, yet with a timestep left for each step to come.
      let highest = (chosen.last ?? total) - 1
      let lowest = stepCount - 1 - index
      chosen.append(max(min(Int(fractional.rounded()), highest), lowest))
    }
    return chosen
  }
}
