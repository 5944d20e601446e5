/// Divides rectangles into parts.
public enum Layout {
  /// The size that one part of a split asks for.
  public struct Part: Sendable, Hashable {
    enum Size: Sendable, Hashable {
      case fixed(Int)
      case fraction(Double)
      case fill(Int)
    }

    var size: Size
    var minimum = 0
    var maximum = Int.max

    /// This many columns or rows.
    public static func fixed(_ count: Int) -> Part { Part(size: .fixed(max(count, 0))) }
    /// A part of the whole, 0-1.
    public static func fraction(_ fraction: Double) -> Part {
      Part(size: .fraction(min(max(fraction, 0), 1)))
    }
    /// A share of what the other parts leave, in proportion to the weights of such parts.
    public static func fill(_ weight: Int = 1) -> Part { Part(size: .fill(max(weight, 1))) }

    /// This part, but at least and at most so large. When space is short, the limits below give
    /// way from the last part to the first.
    public func limited(_ minimum: Int = 0, _ maximum: Int = .max) -> Part {
      var part = self
      part.minimum = max(minimum, 0)
      part.maximum = max(maximum, part.minimum)
      return part
    }
  }

  /// The direction in which parts follow each other.
  public enum Axis: Sendable, Hashable {
    /// Side by side.
    case horizontal
    /// One below the other.
    case vertical
  }

  /// Divides an area into one rectangle for each part, with `gap` cells between two parts.
  ///
  /// The parts never leave the area: those that do not fit are cut, the last one first.
  public static func split(
    _ area: Rectangle, _ axis: Axis, gap: Int = 0, _ parts: [Part]
  ) -> [Rectangle] {
    guard !parts.isEmpty else { return [] }
    let length = axis == .horizontal ? area.width : area.height
    let sizes = sizes(of: parts, in: max(length - gap * (parts.count - 1), 0))
    var position = axis == .horizontal ? area.column : area.row
    let end = position + length
    return sizes.map { size in
      let start = min(position, end)
      let size = min(size, end - start)
      position = start + size + gap
      return axis == .horizontal
        ? Rectangle(column: start, row: area.row, width: size, height: area.height)
        : Rectangle(column: area.column, row: start, width: area.width, height: size)
    }
  }

  private static func sizes(of parts: [Part], in length: Int) -> [Int] {
    var sizes = parts.map { part in
      switch part.size {
      case .fixed(let count): min(max(count, part.minimum), part.maximum)
      case .fraction(let fraction):
        min(max(Int((Double(length) * fraction).rounded()), part.minimum), part.maximum)
      case .fill: part.minimum
      }
    }
    distribute(length - sizes.reduce(0, +), over: parts, into: &sizes)
    var excess = sizes.reduce(0, +) - length
    for index in sizes.indices.reversed() where excess > 0 {
      let cut = min(excess, sizes[index])
      sizes[index] -= cut
      excess -= cut
    }
    return sizes
  }

  /// Gives what is left to the filling parts by weight, as far as their limits allow.
  private static func distribute(_ space: Int, over parts: [Part], into sizes: inout [Int]) {
    var space = space
    while space > 0 {
      let open = parts.indices.compactMap { index -> (index: Int, weight: Int)? in
        guard case .fill(let weight) = parts[index].size, sizes[index] < parts[index].maximum
        else { return nil }
        return (index, weight)
      }
      let weights = open.reduce(0) { $0 + $1.weight }
      guard weights > 0 else { return }
      var given = 0
      for (index, weight) in open {
        let share = min(space * weight / weights, parts[index].maximum - sizes[index])
        sizes[index] += share
        given += share
      }
      // Less than one cell for each is left: the first ones get it.
      for (index, _) in open where given == 0 && space > 0 {
        sizes[index] += 1
        space -= 1
      }
      space -= given
    }
  }
}
