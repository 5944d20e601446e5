/// Embedded settings as lines for people: each with its name, its value, and what it means where it
/// is one of ours.
public struct SettingExplanation: Sendable, Hashable {
  /// The keys that lead to the value, joined by dots.
  public let name: String
  /// The value as text.
  public let value: String
  /// What the setting does; empty if it is none that is known.
  public let meaning: String

  /// Every value in a tree of settings, in the order of its names.
  public static func all(in settings: JSONValue) -> [SettingExplanation] {
    var lines: [SettingExplanation] = []
    collect(settings, name: "", into: &lines)
    return lines
  }

  private static func collect(
    _ value: JSONValue, name: String, into lines: inout [SettingExplanation]
  ) {
    if case .object(let members) = value {
      for (key, member) in members.sorted(by: { $0.key < $1.key }) {
        collect(member, name: name.isEmpty ? key : "\(name).\(key)", into: &lines)
      }
      return
    }
    if case .array(let members) = value, members.contains(where: \.isObject) {
      for (place, member) in members.enumerated() {
        collect(member, name: "\(name).\(place + 1)", into: &lines)
      }
      return
    }
    let keys = name.split(separator: ".").map { folded(String($0)) }
    // Sizes are kept under the names of the files, which mean something else by themselves.
    let meaning =
      keys.dropLast().contains("filesizes")
      ? "the file's size in bytes" : keys.last.flatMap { meanings[$0] } ?? ""
    lines.append(SettingExplanation(name: name, value: text(value), meaning: meaning))
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .null: "none"
    case .boolean(let flag): flag ? "yes" : "no"
    case .integer(let number): String(number)
    case .number(let number): String(number)
    case .string(let text): text
    case .array(let values): values.map(text).joined(separator: ", ")
    case .object(let members): "\(members.count) settings"
    }
  }

  /// One spelling for `laterSteps`, `later_steps` and `later-steps`.
  private static func folded(_ key: String) -> String {
    key.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  /// What names mean: those of a run's settings, and the others of an output.
  private static let meanings: [String: String] = {
    let settings = GenerationSetting.all.flatMap { setting in
      Set([setting.key, setting.storage.name.stringValue]).map {
        (folded($0), setting.explanation)
      }
    }
    return Dictionary(settings) { first, _ in first }.merging(others) { _, other in other }
  }()

  private static let others: [String: String] = [
    "clips": "clips that were made",
    "batch": "videos made side by side",
    "samplecount": "videos made side by side",
    "sample": "which video of the batch this is, from 0",
    "fps": "frames a second",
    "framespersecond": "frames a second",
    "model": "the model's name",
    "autoencoder": "the checkpoint that makes frames of latents",
    "denoiser": "the checkpoint that makes latents",
    "source": "what was read: continued, encoded or decoded",
    "input": "what was read: continued, encoded or decoded",
    "fromframe": "the first frame of those that were continued",
    "firstframe": "the first frame of those that were continued",
    "onlynew": "whether the new frames alone were written",
    "firstclip": "clips before it, from the start of the video",
    "precedingframes": "frames that stand before the first new one",
    "pins": "pictures that stand at frames of what was made",
    "closingframes":
      "frames at the loop's end that are those of its beginning, and are not shown twice",
    "after": "the video that stands after the new frames",
    "frames": "frames that were made between others",
    "command": "what was done",
    "version": "the version of pvdm that made it",
    "skippedsteps": "steps left out at the noisy end, since the clips began with others",
    "share": "how far the noise was turned towards that of the second seed",
    "clampsprediction": "whether estimates are kept within -1 to 1",
  ]
}
