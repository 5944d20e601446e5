import Foundation
import RunKit
import TerminalUI

/// Reading a user's video and writing branches and pictures.
extension ExtendScreen {
  func askForFootage() -> [StudioEffect] {
    [
      .ask(
        prompt: "Video file or folder of pictures", text: picker?.path ?? "", command: "footage",
        isPath: true)
    ]
  }

  mutating func askForExport(_ app: AppState) -> [StudioEffect] {
    guard let tree, let tip = tree.tip, let outline else { return [.notify(.noClip(app))] }
    exported = (tree.video, tip)
    let title = app.video(tree.video)?.title ?? "video"
    let names = [tree.branch.first?.id, tip].compactMap { $0.flatMap { outline.labels[$0] } }
    return [
      .ask(
        prompt: "Export \(names.joined(separator: " to ")) \(ExportRequest.formats)",
        text: ExportRequest.fileName(title, "mp4") + " x4", command: "export", isPath: true)
    ]
  }

  func saveStill(_ app: AppState) -> [StudioEffect] {
    let clips = playedClips(app)
    guard let tree, let place = player.place, clips.indices.contains(place.strip) else {
      return [.notify(.noPicture)]
    }
    let clip = clips[place.strip]
    let title = app.video(tree.video)?.title ?? "video"
    let name = "\(title)-\(outline?.labels[clip] ?? "")-\(place.frame + 1)"
    return [.video(.saveStill(clip, frame: place.frame, path: ExportRequest.fileName(name, "png")))]
  }

  package func commands(_ app: AppState) -> [CommandPalette.Entry] {
    [
      .init(name: "export", help: "write the branch to files, x4 to enlarge", argument: .path),
      .init(name: "overwrite", help: "the same over files that exist", argument: .path),
      .init(name: "footage", help: "begin with frames of a file", argument: .path),
      .init(name: "rename", help: "name this video", argument: .text),
      .init(name: "frame", help: "go to a frame of the file that is open", argument: .text),
    ]
  }

  package mutating func run(_ command: String, argument: String, _ app: AppState) -> [StudioEffect]
  {
    switch command {
    case "export", "overwrite":
      defer { exported = nil }
      let shown = tree.flatMap { tree in tree.tip.map { (video: tree.video, last: $0) } }
      guard let (video, last) = exported ?? shown else { return [.notify(.noClip(app))] }
      return ExportRequest.effects(
        argument, video: video, through: last, overwrites: command == "overwrite")
    case "footage": return readFootage(argument, app)
    case "frame": return goToFrame(argument, app)
    case "rename":
      guard let tree else { return [.notify(.noVideo(app))] }
      return StudioEffect.rename(tree.video, to: argument)
    default: return []
    }
  }

  /// Goes to a frame of the video in the picker, as people count frames.
  private mutating func goToFrame(_ text: String, _ app: AppState) -> [StudioEffect] {
    guard picker != nil else {
      return [
        .notify(Notice(.information, "no file is open", remedy: "\(app.keys[.open]) opens one"))
      ]
    }
    guard let number = Int(text), number >= 1 else {
      return [
        .notify(Notice(.warning, "\"\(text)\" is no frame", remedy: "Frames are counted from 1"))
      ]
    }
    picker?.go(to: number - 1, app)
    return readAround(app)
  }

  /// Reads the part of a long video where the window is, if it is not in memory.
  mutating func readAround(_ app: AppState) -> [StudioEffect] {
    guard let picker, let frame = picker.missingFrame(app), let model = app.model else { return [] }
    // Half of what is held lies before the window, so that going back needs no reading.
    let first = max(frame - FootageReader.frameLimit / 2, 0)
    guard first != askedFrame else { return [] }
    askedFrame = first
    return [.query(.readFootage(path: picker.path, model: model.reference, firstFrame: first))]
  }

  private mutating func readFootage(_ path: String, _ app: AppState) -> [StudioEffect] {
    guard !path.isEmpty else { return [] }
    guard let model = app.model, model.canGenerate else { return [.notify(.noModel)] }
    // The workspace calls it by its whole path.
    let path = path.absolutePath
    wantedFootage = path
    askedFrame = 0
    clipLength = model.autoencoder?.clipLength ?? clipLength
    let name = URL(filePath: path).lastPathComponent
    return [
      .notify(Notice(.information, "reading \(name)")),
      .query(.readFootage(path: path, model: model.reference)),
    ] + refresh(app)
  }
}
