/// A number and its noun, such as `1 clip` and `3 clips`; the noun's plural ends in s.
package func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
