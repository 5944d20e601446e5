import RunKit
import StudioKit

/// Where a branch should be written, as it is typed: one or more paths with commas between them,
/// and a factor at the end that enlarges the pictures: `sky.mp4, sky.gif x4`.
package struct ExportRequest: Sendable, Hashable {
  /// The files and folders.
  package var paths: [String]
  /// Side of the square that each pixel becomes.
  package var scale: Int

  /// What a path may end in, for prompts.
  package static let formats = "(mp4, gif, webm, mkv, png, folder/, safetensors)"

  /// Understands what was typed; `nil` if there is no path in it or the factor is not 1 to 64.
  package init?(_ text: String) {
    var words = text.split(separator: " ", omittingEmptySubsequences: true)
    scale = 1
    if let last = words.last, last.first == "x", let factor = Int(last.dropFirst()) {
      guard (1...64).contains(factor) else { return nil }
      scale = factor
      words.removeLast()
    }
    let rest = words.joined(separator: " ")
    paths = rest.split(separator: ",").map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }.filter { !$0.isEmpty }
    guard !paths.isEmpty else { return nil }
  }

  /// The effect that writes a branch so, or says what is wrong with what was typed.
  package static func effects(
    _ text: String, video: VideoID, through clip: ClipID, overwrites: Bool
  ) -> [StudioEffect] {
    guard let request = ExportRequest(text) else {
      return [
        .notify(
          Notice(
            .warning, "\"\(text)\" names no file to write",
            remedy: "Give a path such as sky.mp4, and x1 to x64 to enlarge the pictures"))
      ]
    }
    return [
      .order(
        .export(
          ExportTask(
            video: video, through: clip, paths: request.paths, scale: request.scale,
            overwrites: overwrites)))
    ]
  }

  /// A file name made of a title.
  package static func fileName(_ title: String, _ ending: String) -> String {
    "\(stem(title)).\(ending)"
  }

  private static func stem(_ title: String) -> String {
    let name = String(title.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" })
    return name.isEmpty ? "video" : name
  }

  /// What the files of some titles are called, without an ending: those of one name get a number each.
  package static func stems(_ titles: [String]) -> [String] {
    let stems = titles.map(stem)
    var used = Set(stems)
    var seen: Set<String> = []
    return stems.map { stem in
      if seen.insert(stem).inserted { return stem }
      var number = 2
      while !used.insert("\(stem)-\(number)").inserted { number += 1 }
      return "\(stem)-\(number)"
    }
  }
}
