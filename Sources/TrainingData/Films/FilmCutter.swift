import CheckpointIO
import Foundation
import HandwrittenText
import MediaIO
import OutputFiles
import VideoDiffusion

/// Cuts films into shots and those into clips, in a folder that training reads: `train` and `test` with a video for
/// each clip, and `cut.json`, which says how they were made and which films are done.
///
/// Nothing that is there is written over. A film that was stopped is read again from its start, and the clips that
/// are there stay.
public struct FilmCutter: Sendable {
  /// How films are cut.
  public let cut: FilmCut
  /// The folder.
  public let path: String

  static let recordName = "cut.json"

  /// What `cut.json` holds.
  struct Record: Codable {
    /// Grows when the same films would be cut in another way.
    var version = 1
    var cut: FilmCut
    var films: [FilmCut.Film] = []
    /// Films of which some clips are there, and their sizes.
    var begun: [String: Int]?

    /// The size of the film whose clips have a name; `nil` if there are none.
    func size(of name: String) -> Int? {
      films.first { $0.name == name }?.size ?? begun?[name]
    }
  }

  /// How a film fared.
  public enum Ending: Sendable, Hashable {
    /// It was cut, now or before.
    case cut(FilmCut.Film)
    /// It was stopped in the middle.
    case stopped
    /// It could not be read; why.
    case failed(String)
  }

  /// Checks settings and the place for the clips.
  ///
  /// - Throws: ``DatasetError`` for a setting out of range, or a folder that holds something else.
  public init(_ cut: FilmCut, to path: String) throws {
    try cut.check(for: path)
    self.cut = cut
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    _ = try record()
  }

  /// Cuts films one after the other; one that cannot be read does not keep the others from it.
  ///
  /// - Parameters:
  ///   - stop: Ends the work; the clip in progress is left out.
  ///   - onProgress: Called with the film's place in the list, the frames read of it, and about how many it has.
  /// - Returns: How each fared, in their order; fewer if it was stopped.
  /// - Throws: ``DatasetError`` if two films have one name, there are clips of another film of the name, or the folder
  ///   cannot be written.
  public func cut(
    _ films: [String], stop: StopSignal = StopSignal(),
    onProgress: (_ film: Int, _ frames: Int, _ about: Int) -> Void = { _, _, _ in }
  ) throws -> [Ending] {
    let names = films.map { URL(filePath: $0).deletingPathExtension().lastPathComponent }
    for (place, name) in names.enumerated() where names[..<place].contains(name) {
      throw DatasetError(
        films[place],
        .setting(name: "the film's name", found: "that of another", expected: "names that differ"))
    }
    var record = try record()
    let sizes = films.map(Self.size)
    for (place, name) in names.enumerated() {
      guard let size = sizes[place], let known = record.size(of: name), known != size else {
        continue
      }
      throw DatasetError(films[place], .otherFilm(name: name, folder: path))
    }
    // The settings come first: what is cut later must be cut alike.
    try attempt("make the folder") { try DurableFolder.make(path) }
    try keep(record)
    try attempt("make the folder") {
      for part in ["train", "test"] { try DurableFolder.make("\(path)/\(part)") }
    }
    var endings: [Ending] = []
    for (place, film) in films.enumerated() {
      guard stop.moment == .never else { break }
      let name = names[place]
      if let done = record.films.first(where: { $0.name == name }), sizes[place] != nil {
        endings.append(.cut(done))
        continue
      }
      let size = sizes[place] ?? 0
      record.begun = record.begun ?? [:]
      record.begun?[name] = size
      try keep(record)
      let ending = try ending(of: film, name, size, stop) { onProgress(place, $0, $1) }
      endings.append(ending)
      if ending == .stopped { break }
      record.begun?[name] = nil
      if case .cut(let done) = ending { record.films.append(done) }
      try keep(record)
    }
    return endings
  }

  private func ending(
    of film: String, _ name: String, _ size: Int, _ stop: StopSignal,
    _ onProgress: (Int, Int) -> Void
  ) throws -> Ending {
    do {
      return try cutOne(film, name, size, stop, onProgress)
    } catch let error as MediaError {
      // A disk that is full is no fault of the film.
      guard error.kind != .cannotWrite else { throw error }
      return .failed("\(error)")
    }
  }

  private func cutOne(
    _ film: String, _ name: String, _ size: Int, _ stop: StopSignal,
    _ onProgress: (Int, Int) -> Void
  ) throws -> Ending {
    let reader = try VideoReader(path: film)
    let about = try reader.estimatedFrameCount()
    let detector = try ShotDetector(width: reader.width, height: reader.height, file: film)
    let preparation = FramePreparation(resolution: cut.size)
    var done = FilmCut.Film(name: name, size: size, frames: 0, shots: [], clips: 0, still: 0)
    // The shots that gave a clip, of which a share is held out.
    var usedShots: [Int] = []
    // The frames of the next clip that are there, and the number of the first of them.
    var waiting: [RGBImage] = []
    var first = 0
    while let frame = try reader.nextFrame() {
      if stop.moment != .never { return .stopped }
      let number = done.frames
      let score = try detector.score(of: frame)
      if number == 0 || score >= cut.threshold {
        done.shots.append(number)
        waiting = []
        first = number
      }
      if (number - (done.shots.last ?? 0)) % cut.every == 0, number >= first {
        waiting.append(preparation.prepared(frame))
        if waiting.count == cut.frames {
          try write(waiting, first, reader.frameRate, &usedShots, &done)
          waiting.removeFirst(min(cut.stride, waiting.count))
          first += cut.stride * cut.every
        }
      }
      done.frames += 1
      onProgress(done.frames, about)
    }
    guard done.frames > 0 else { throw MediaError(.notMedia, file: film, found: "has no frames") }
    return .cut(done)
  }

  /// Writes a clip that moves enough, unless it is there.
  private func write(
    _ frames: [RGBImage], _ first: Int, _ rate: FrameRate?, _ usedShots: inout [Int],
    _ film: inout FilmCut.Film
  ) throws {
    guard Self.motion(of: frames) >= cut.leastMotion else {
      film.still += 1
      return
    }
    film.clips += 1
    if let shot = film.shots.last, usedShots.last != shot { usedShots.append(shot) }
    let name = cut.path(
      film: film.name, shot: usedShots.count - 1, firstFrame: first, rate: rate)
    guard !FileManager.default.fileExists(atPath: "\(path)/\(name)") else { return }
    let shown = rate ?? FrameRate(8)
    let writer = try VideoWriter(
      path: "\(path)/\(name)",
      options: OutputOptions(
        frameRate: FrameRate(shown.numerator, shown.denominator * cut.every),
        settings: "{\"made_by\":\"pvdm dataset cut\",\"first_frame\":\(first)}", quality: 8))
    for frame in frames { try writer.append(frame) }
    try writer.finish()
  }

  /// The mean difference of neighbouring frames, in hundredths of the full range.
  static func motion(of frames: [RGBImage]) -> Double {
    var sum = 0
    for (frame, next) in zip(frames, frames.dropFirst()) {
      frame.pixels.withUnsafeBufferPointer { first in
        next.pixels.withUnsafeBufferPointer { second in
          for index in first.indices { sum += abs(Int(first[index]) - Int(second[index])) }
        }
      }
    }
    let count = (frames.count - 1) * (frames.first?.pixels.count ?? 0)
    return count > 0 ? Double(sum) / Double(count) / 255 * 100 : 0
  }

  // MARK: The folder

  /// Bytes of a film, or pictures of a folder; `nil` where there is nothing.
  private static func size(of film: String) -> Int? {
    let manager = FileManager.default
    if let names = try? manager.contentsOfDirectory(atPath: film) { return names.count }
    return (try? manager.attributesOfItem(atPath: film))?[.size] as? Int
  }

  /// What is known of the folder: that of an earlier run with the same settings, or nothing yet.
  private func record() throws -> Record {
    let file = "\(path)/\(Self.recordName)"
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return Record(cut: cut)
    }
    guard isFolder.boolValue else { throw DatasetError(path, .exists) }
    guard FileManager.default.fileExists(atPath: file) else {
      let names = try attempt("list the folder") {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      }
      if let foreign = names.first { throw DatasetError(path, .foreign(foreign)) }
      return Record(cut: cut)
    }
    guard let data = try? SmallFile.contents(of: file, limit: 64 << 20),
      let found = try? JSONDecoder().decode(Record.self, from: data), found.version == 1
    else { throw DatasetError(file, .foreign(Self.recordName)) }
    guard found.cut == cut else { throw DatasetError(path, .otherCut) }
    return found
  }

  private func keep(_ record: Record) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let data = try encoder.encode(record)
    try attempt("write \(Self.recordName)") {
      try AtomicFile.write(to: "\(path)/\(Self.recordName)") { try $0.write(Array(data)) }
    }
  }

  private func attempt<Result>(_ operation: String, _ body: () throws -> Result) throws -> Result {
    try DatasetError.naming(path, operation, body)
  }
}
