/// Numbers for pairs of foreground and background, which is how curses takes colours.
///
/// ncurses's own `alloc_pair` runs out in direct colour for good, so pairs are kept here: those
/// up to 255 for the interface, whose colours are few and stay, and the rest for pictures. A pair
/// is given new colours only when no cell on the screen uses it.
package struct ColorPairPool: Sendable {
  private struct Colors: Hashable, Sendable {
    var foreground: Int32
    var background: Int32
  }

  /// One range of pair numbers with its own bookkeeping.
  private struct Section: Sendable {
    var numbers: [Colors: Int32] = [:]
    var next: Int32
    let end: Int32
    /// Pairs that were not in use when they were put here, oldest first.
    var idle: [Int32] = []
    var idleStart = 0

    init(_ range: Range<Int32>) {
      next = range.lowerBound
      end = range.upperBound
    }
  }

  private var sections: [Section]
  private var colors: [Colors?]
  private var uses: [Int32]
  /// Whether a pair stands in an `idle` list, so that it stands there only once.
  private var isQueued: [Bool]

  /// - Parameter capacity: the terminal's number of pairs, of which pair 0 is not ours.
  package init(capacity: Int) {
    let capacity = min(max(capacity, 1), 65_536)
    // A terminal with few pairs shares them all.
    let interfaceEnd = capacity > 512 ? 256 : capacity
    sections = [Section(1..<Int32(max(interfaceEnd, 1)))]
    if interfaceEnd < capacity { sections.append(Section(Int32(interfaceEnd)..<Int32(capacity))) }
    colors = Array(repeating: nil, count: capacity)
    uses = Array(repeating: 0, count: capacity)
    isQueued = Array(repeating: false, count: capacity)
  }

  /// The pair for two colours.
  ///
  /// - Returns: its number and whether its colours must be told to the terminal first; nil if
  ///   every pair is on the screen.
  package mutating func pair(
    foreground: Int32, background: Int32, isImage: Bool
  ) -> (number: Int32, isNew: Bool)? {
    let wanted = Colors(foreground: foreground, background: background)
    let index = isImage ? sections.count - 1 : 0
    if let number = sections[index].numbers[wanted] { return (number, false) }
    guard let number = takeUnused(from: index) else { return nil }
    if let old = colors[Int(number)] { sections[index].numbers[old] = nil }
    colors[Int(number)] = wanted
    sections[index].numbers[wanted] = number
    return (number, true)
  }

  /// Notes that one more cell on the screen uses a pair.
  package mutating func retain(_ number: Int32) { uses[Int(number)] += 1 }

  /// Notes that one cell fewer uses a pair.
  package mutating func release(_ number: Int32) {
    guard number > 0 else { return }
    uses[Int(number)] -= 1
    guard uses[Int(number)] == 0, !isQueued[Int(number)] else { return }
    isQueued[Int(number)] = true
    let index = sections.count > 1 && number >= 256 ? 1 : 0
    sections[index].idle.append(number)
  }

  private mutating func takeUnused(from index: Int) -> Int32? {
    if sections[index].next < sections[index].end {
      defer { sections[index].next += 1 }
      return sections[index].next
    }
    while sections[index].idleStart < sections[index].idle.count {
      let number = sections[index].idle[sections[index].idleStart]
      sections[index].idleStart += 1
      if sections[index].idleStart > 4_096 {
        sections[index].idle.removeFirst(sections[index].idleStart)
        sections[index].idleStart = 0
      }
      isQueued[Int(number)] = false
      // It may have come into use again since it was put here; then its release queues it anew.
      if uses[Int(number)] == 0 { return number }
    }
    return nil
  }
}
