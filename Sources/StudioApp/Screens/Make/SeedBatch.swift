import RunKit
import StudioKit
import StudioLink
import TerminalUI

/// Videos of the same settings with seeds of their own, side by side as they are made, to pick one.
package struct SeedBatch: Sendable, Hashable {
  /// The seeds, in the order of making.
  package private(set) var seeds: [UInt64]
  /// The tiles with the focus.
  package var grid = TileGrid()
  /// The video of each seed, once its job is there.
  private var videos: [UInt64: VideoID] = [:]

  package init(seeds: [UInt64]) { self.seeds = seeds }

  /// More of the same.
  package mutating func add(_ more: [UInt64]) { seeds += more }

  /// Finds the videos of the seeds, and leaves out what went into the trash.
  package mutating func follow(_ app: AppState) {
    for seed in seeds where videos[seed] == nil {
      let job = app.jobs.first { $0.generation?.settings.seed == seed }
      videos[seed] = job?.generation?.video
    }
    seeds.removeAll { seed in
      videos[seed].flatMap { app.video($0) }?.isTrashed == true
    }
    grid.focus(on: grid.focus, count: seeds.count)
  }

  /// The seed and the video that are focused.
  package var focused: (seed: UInt64, video: VideoID?)? {
    seeds.indices.contains(grid.focus)
      ? (seeds[grid.focus], videos[seeds[grid.focus]]) : nil
  }

  /// The video of a seed; `nil` while there is none.
  package func video(of seed: UInt64) -> VideoID? { videos[seed] }

  /// All that is known.
  package var known: [VideoID] { seeds.compactMap { videos[$0] } }

  /// The job that makes the video of a seed, while it is not over.
  package func job(of seed: UInt64, _ app: AppState) -> Job? {
    guard let video = videos[seed] else { return nil }
    return app.openJobs.first { $0.generation?.video == video }
  }

  /// Frames that the longest of them has.
  func frameCount(_ app: AppState) -> Int {
    seeds.map { images(of: $0, app).count }.max() ?? 0
  }

  /// The last clips of a video: as many as are kept of each where all play side by side.
  func playedClips(of video: VideoID, _ app: AppState) -> ArraySlice<ClipID> {
    let share = app.frames.capacity / max(known.count, 1)
    return app.shownClips(of: video).suffix(min(max(share, 1), Self.clipLimit))
  }

  private static let clipLimit = 8

  /// What of a video is there: its clips, or the estimates of the first.
  private func images(of seed: UInt64, _ app: AppState) -> [PixelImage] {
    guard let video = videos[seed] else { return [] }
    let clips = playedClips(of: video, app).compactMap { app.frames[$0]?.images }.flatMap { $0 }
    guard clips.isEmpty, let preview = app.preview, preview.job == job(of: seed, app)?.id else {
      return clips
    }
    return preview.strip.images
  }

  /// What is drawn.
  ///
  /// - Parameter frame: The frame that each shows, from 0; shorter ones begin again.
  func tiles(frame: Int, _ app: AppState) -> [TileGrid.Tile] {
    seeds.enumerated().map { index, seed in
      let images = images(of: seed, app)
      let video = videos[seed].flatMap { app.video($0) }
      let star = video?.isStarred == true ? "★ " : ""
      var tile = TileGrid.Tile(
        title: "\(star)\(index + 1) of \(seeds.count)", subtitle: "seed \(seed)")
      tile.picture = images.isEmpty ? nil : images[frame % images.count]
      let job = job(of: seed, app)
      switch job?.state {
      case .running:
        let text = ProgressNotes.short(job.flatMap { app.progress(of: $0) })
        tile.footer = text
        tile.missing = EmptyState("It is being made", lines: [text])
      case .waiting, .paused, .interrupted:
        tile.missing = EmptyState(job?.state == .waiting ? "It waits for its turn" : "held back")
      case .failed:
        tile.missing = EmptyState(
          "It failed", lines: ["\(ScreenID.queue.keyName) says why."], role: .error)
      case .finished, .cancelled, nil:
        tile.missing = EmptyState(
          videos[seed] == nil
            ? "It is queued" : video?.poster == nil ? "No clip was completed" : "Reading frames ..."
        )
      }
      return tile
    }
  }
}
