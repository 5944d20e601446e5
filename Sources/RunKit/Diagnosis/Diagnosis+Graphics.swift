import TensorCore

extension Diagnosis {
  static var graphics: [Finding] {
    let kernels = Finding(
      "graphics", "kernels for cards",
      GraphicsCard.kernelsAreBuiltIn ? "built in" : "not built in: there was no clang-19")
    do {
      return graphics(try GraphicsCard.all()) + [kernels]
    } catch {
      return [
        Finding(
          "graphics", "NVIDIA's driver", "it does not answer", .note,
          advice: "Everything is computed by the processor; the driver says: \(error)"),
        kernels,
      ]
    }
  }

  /// What is told of graphics processors: what they are, and what hinders them.
  package static func graphics(_ cards: [GraphicsCard]) -> [Finding] {
    guard !cards.isEmpty else { return [Finding("graphics", "cards", "none of NVIDIA's")] }
    return cards.map { card in
      let facts = [
        card.name, gigabytes(Double(card.memoryBytes) / 1e9),
        "compute capability \(version(card.capability))",
        "driver for CUDA \(version(card.driverVersion))",
      ]
      let place = "cuda:\(card.ordinal)"
      guard let obstacle = card.obstacle else {
        return Finding("graphics", place, facts.joined(separator: ", "))
      }
      return Finding(
        "graphics", place, facts.joined(separator: ", "), .note,
        advice: "The card cannot serve, as \(obstacle)")
    }
  }

  private static func version(_ parts: [Int]) -> String {
    parts.map(String.init).joined(separator: ".")
  }
}
