import CheckpointIO
import Foundation
import TrainingData

/// What tells a run's videos from others: which there are, their frames, and their files' sizes and dates.
struct DataFingerprint: Sendable, Hashable, Codable {
  /// Videos, those that are held out included.
  let videos: Int
  /// Frames of all of them.
  let frames: Int
  /// SHA-256 over what is known of every video.
  let digest: String

  /// Looks at what was found out about the videos.
  init(_ videos: TrainingVideos) {
    // Where nothing is held out, the same videos are measured on.
    let all = Set(videos.training + videos.heldOut).sorted { $0.path < $1.path }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let digest = SHA256Digest()
    for video in all {
      // A video's description holds whole numbers, texts and a finite rate, which JSON can say.
      let text = (try? encoder.encode(video)) ?? Data(video.path.utf8)
      text.withUnsafeBytes { digest.update($0) }
    }
    self.videos = all.count
    frames = all.reduce(0) { $0 + $1.frameCount }
    self.digest = digest.hexadecimal
  }

  /// What to say where a run goes on with these videos and was saved with others: a sentence without a
  /// full stop; `nil` if they are the same.
  func change(since saved: DataFingerprint?, in folder: String) -> String? {
    guard let saved, saved != self else { return nil }
    let difference =
      videos == saved.videos && frames == saved.frames
      ? "files have other sizes or dates"
      : "\(videos) videos of \(frames) frames in place of \(saved.videos) of \(saved.frames)"
    return
      "the videos in \(folder) are not as they were when the run was saved (\(difference)), so that "
      + "its weights will not be those of a run that was never stopped"
  }
}
