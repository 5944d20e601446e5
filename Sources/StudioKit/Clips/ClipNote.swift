import Foundation
import RunKit
import SessionStore

/// What a clip's file of latents says of the clip: enough to enter it into a database that does not
/// know it.
struct ClipNote: Codable, Sendable, Hashable {
  /// The name under which it is stored as metadata.
  static let key = "studio.clip"

  /// The clip, with the video and the clip that it belongs to.
  var clip: Clip
  /// The video's title and frame rate.
  var title: String
  var framesPerSecond: Double
  /// The job that made it.
  var job: JobID?

  /// The row of a video that was lost, of which this is a clip.
  var video: VideoRecord {
    var record = VideoRecord(
      title: title, modelName: clip.model.name, framesPerSecond: framesPerSecond,
      created: clip.created.timeIntervalSinceReferenceDate)
    record.id = clip.video.rawValue
    return record
  }
}

/// Makes rows of clip files for a database that was damaged or lost.
struct ClipRescue {
  let files: ClipFiles

  /// Adds clips that only their files know, mends those whose rows cannot be read or lost the clip that
  /// they continue, and adds the videos that they belong to.
  func complete(_ records: inout RescuedRecords) {
    let rows = Dictionary(
      records.clips.enumerated().compactMap { index, row in row.id.map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    var notes: [ClipNote] = []
    var older: [(clip: ClipID, settings: RunSettings, written: Date)] = []
    for clip in files.clips {
      records.note(clip.rawValue, of: ClipRecord.self)
      let index = rows[clip.rawValue]
      if let known = index.flatMap({ records.clips[$0].clip }),
        known.parent != nil || known.index == 0
      {
        continue
      }
      guard let told = files.told(of: clip) else { continue }
      if let note = told.note, let row = try? ClipRecord(note.clip, job: note.job), row.clip != nil
      {
        notes.append(note)
        if let index { records.clips[index] = row } else { records.clips.append(row) }
      } else if index == nil {
        older.append((clip, told.settings, told.written))
      }
    }
    for note in notes where !records.videos.contains(where: { $0.id == note.clip.video.rawValue }) {
      records.note(note.clip.video.rawValue, of: VideoRecord.self)
      records.videos.append(note.video)
    }
    var known = older.isEmpty ? [] : records.clips.compactMap(\.clip)
    for found in older { enter(found.clip, found.settings, found.written, &known, &records) }
  }

  /// Enters a clip whose file says how it was made and not where it belongs, as those of earlier
  /// versions do: it continues the latest of the known clips of its model and seed that it can follow, or
  /// begins a video.
  private func enter(
    _ id: ClipID, _ told: RunSettings, _ written: Date, _ known: inout [Clip],
    _ records: inout RescuedRecords
  ) {
    guard let run = told.recipe?.runs.first else { return }
    let parent = known.filter {
      $0.index == run.firstClip - 1 && $0.id < id && $0.model.name == run.model
        && $0.seed == run.seed
    }.max { $0.id < $1.id }
    let video = parent?.video ?? VideoID(rawValue: records.newNumber(of: VideoRecord.self))
    let source = run.source.map { Clip.Source.footage(path: $0, firstFrame: run.firstFrame ?? 0) }
    let clip = Clip(
      id: id, video: video, parent: parent?.id, source: source ?? .generated,
      settings: run.settings,
      model: parent?.model
        ?? ModelReference(name: run.model, autoencoder: nil, denoiser: nil),
      seed: run.seed, index: run.firstClip,
      steps: source != nil
        ? 0
        : (run.firstClip == 0 ? run.settings.firstSampler : run.settings.laterSampler).steps,
      created: written, seconds: 0)
    guard let row = try? ClipRecord(clip, job: nil), let stored = row.clip else { return }
    known.append(stored)
    records.clips.append(row)
    if parent == nil {
      let note = ClipNote(
        clip: clip, title: "\(run.model), seed \(run.seed)",
        framesPerSecond: told.framesPerSecond)
      records.videos.append(note.video)
    }
  }
}
