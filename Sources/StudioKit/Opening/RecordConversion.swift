import Foundation
import MediaIO
import RunKit
import SessionStore

/// Values as JSON text, as the database keeps them.
enum JSONText {
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }
}

extension ClipRecord {
  init(_ clip: Clip, job: JobID?) throws {
    self.init(
      id: clip.id.rawValue, video: clip.video.rawValue, parent: clip.parent?.rawValue,
      fork: clip.fork, job: job?.rawValue, source: try JSONText.encode(clip.source),
      settings: try JSONText.encode(clip.settings), model: try JSONText.encode(clip.model),
      seed: clip.seed, index: clip.index, steps: clip.steps,
      created: clip.created.timeIntervalSinceReferenceDate, seconds: clip.seconds)
  }

  /// The clip; `nil` if another version of the program wrote what this one cannot read, or its
  /// numbers are none that it can have.
  package var clip: Clip? {
    guard let id, SessionLimits.numbers.contains(id), SessionLimits.numbers.contains(video),
      [fork, index, steps].allSatisfy(StoredLimits.counts.contains),
      let source = try? JSONText.decode(Clip.Source.self, source),
      let settings = try? JSONText.decode(GenerationSettings.self, settings),
      let model = try? JSONText.decode(ModelReference.self, model)
    else { return nil }
    return Clip(
      id: ClipID(rawValue: id), video: VideoID(rawValue: video),
      parent: parent.map(ClipID.init), fork: fork, source: source, settings: settings,
      model: model, seed: UInt64(bitPattern: seed), index: index, steps: steps,
      created: StoredLimits.moment(created), seconds: StoredLimits.duration(seconds))
  }
}

extension VideoRecord {
  /// The record with values that can be shown and counted with; `nil` if its number is none.
  var bounded: VideoRecord? {
    guard let id, SessionLimits.numbers.contains(id) else { return nil }
    var record = self
    record.title = StoredLimits.text(title)
    if record.title.isEmpty { record.title = "Untitled" }
    record.modelName = StoredLimits.text(modelName)
    if FrameRate(framesPerSecond: framesPerSecond) == nil {
      record.framesPerSecond = Workspace.usualFrameRate
    }
    record.created = StoredLimits.moment(created).timeIntervalSinceReferenceDate
    record.modified = StoredLimits.moment(modified).timeIntervalSinceReferenceDate
    return record
  }

  /// The tree of its clips.
  package func tree(_ clips: [Clip]) -> ClipTree {
    ClipTree(
      video: VideoID(rawValue: id ?? 0), clips: clips,
      dropped: (try? JSONText.decode(Set<ClipID>.self, dropped)) ?? [],
      position: position.map(ClipID.init),
      edits: (try? JSONText.decode([ClipTree.Edit].self, edits)) ?? [],
      undoneEdits: (try? JSONText.decode([ClipTree.Edit].self, undoneEdits)) ?? [],
      starred: starredClips.flatMap { try? JSONText.decode(Set<ClipID>.self, $0) } ?? [])
  }

  /// Takes over where a tree stands.
  mutating func take(_ tree: ClipTree) throws {
    position = tree.position?.rawValue
    dropped = try JSONText.encode(tree.dropped.sorted())
    edits = try JSONText.encode(tree.edits)
    undoneEdits = try JSONText.encode(tree.undoneEdits)
    starredClips = try JSONText.encode(tree.starred.sorted())
  }
}

extension JobTask {
  /// The video that it works on, if it works on one.
  var video: VideoID? {
    switch self {
    case .generate(let task): task.video
    case .export(let task): task.video
    case .evaluate, .train: nil
    }
  }
}

extension JobTask {
  /// Whether its numbers can be counted with.
  fileprivate var isBounded: Bool {
    switch self {
    case .generate(let task):
      // Each run of a recipe has numbers of its own, which are bounded where all are read.
      let following = task.following ?? []
      guard Recipe(runs: following.map(\.run)).isBounded, following.allSatisfy(\.isBounded),
        StoredLimits.counts.contains(task.fork)
      else { return false }
      guard case .footage(_, let firstFrame) = task.origin else { return true }
      return (0...1 << 40).contains(firstFrame)
    case .export(let task): return (1...64).contains(task.scale)
    case .evaluate, .train: return true
    }
  }
}

extension JobRecord {
  init(_ job: Job, position: Int) throws {
    self.init(
      video: job.task.video?.rawValue, position: position, task: try JSONText.encode(job.task),
      state: try JSONText.encode(job.state), finishedClips: job.finishedClips,
      created: job.created.timeIntervalSinceReferenceDate)
    id = job.id.rawValue
    started = job.started?.timeIntervalSinceReferenceDate
    ended = job.ended?.timeIntervalSinceReferenceDate
    worked = job.worked
  }

  /// The job; `nil` if another version of the program wrote what this one cannot read, or its numbers
  /// are none that it can have.
  package var job: Job? {
    guard let id, SessionLimits.numbers.contains(id), StoredLimits.counts.contains(finishedClips),
      let task = try? JSONText.decode(JobTask.self, task), task.isBounded,
      var state = try? JSONText.decode(JobState.self, state)
    else { return nil }
    if case .failed(let sentence, let remedy) = state {
      state = .failed(StoredLimits.text(sentence), remedy: StoredLimits.text(remedy))
    }
    return Job(
      id: JobID(rawValue: id), task: task, state: state, finishedClips: finishedClips,
      created: StoredLimits.moment(created), started: started.map(StoredLimits.moment),
      ended: ended.map(StoredLimits.moment), worked: worked.map(StoredLimits.duration))
  }
}
