import Foundation
import RunKit
import StudioKit

/// A session of the studio without a screen, for tests that take the ground away under it: opens the
/// workspace of a folder with a model in `samples/tiny`, makes a video of two clips, exports it and ends.
/// What listeners hear of is printed, a line each. With `open` after the folder it only opens and ends.
///
///     clip 1                what was said to be kept
///     job finished
///     job failed: SENTENCE
///     notice SENTENCE
///     ended                 the session went to its end
@main enum WorkspaceProbe {
  static func main() async {
    let root = CommandLine.arguments[1]
    do {
      let workspace = try await Workspace(
        folders: StudioFolders(data: root + "/data/studio", configuration: root + "/configuration"),
        resources: ResourceLocator(
          executable: "/nowhere/pvdm", environment: ["PVDM_DATA": root]))
      let listener = Task { await listen(to: workspace.events()) }
      if CommandLine.arguments.dropFirst(2).first != "open" { try await makeVideo(workspace, root) }
      await workspace.close()
      await listener.value
      say("ended")
    } catch {
      say("error: \(Explanation(error).text)")
      exit(2)
    }
  }

  private static func makeVideo(_ workspace: Workspace, _ root: String) async throws {
    var settings = GenerationSettings()
    (settings.steps, settings.laterSteps, settings.clipCount) = (3, 2, 2)
    (settings.preview, settings.threadCount) = (.off, 1)
    let folder = root + "/samples/tiny"
    let model = ModelReference(
      name: "tiny", autoencoder: folder + "/autoencoder.pth", denoiser: folder + "/denoiser.pth",
      framesPerSecond: 8)
    let (video, _) = try await workspace.make(model, settings)
    await settle(workspace)
    if let tip = try await workspace.tree(of: video).tip {
      let path = root + "/data/out.gif"
      try await workspace.export(ExportTask(video: video, through: tip, paths: [path]))
      await settle(workspace)
    }
  }

  private static func listen(to events: AsyncStream<WorkspaceEvent>) async {
    var told: Set<JobID> = []
    for await event in events {
      switch event {
      case .clipFinished(let clip, _): say("clip \(clip.id.rawValue)")
      case .notice(let notice): say("notice \(notice.sentence). \(notice.remedy)")
      case .jobs(let jobs):
        for job in jobs where job.state.isOver && told.insert(job.id).inserted {
          if case .failed(let sentence, _) = job.state {
            say("job failed: \(sentence)")
          } else {
            say("job \(job.state)")
          }
        }
      default: break
      }
    }
  }

  private static func settle(_ workspace: Workspace) async {
    for await event in workspace.events() {
      if case .jobs(let jobs) = event, jobs.allSatisfy(\.state.isOver) { return }
    }
  }

  /// One line, out of the process at once, whatever becomes of it.
  private static func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}
