import Foundation
import RunKit
import TestSupport
import Testing

/// What outputs tell of the device that computed them.
@Suite struct RecordedDeviceTests {
  @Test("a reconstruction and a decoded video name the device, as the sample does")
  func device() throws {
    let folder = try TemporaryFolder()
    let (video, latents) = (folder.path("a.mkv"), folder.path("a.safetensors"))
    for command in [
      ["sample", "skies-64", "--steps", "1", "-o", video, "-o", latents],
      ["decode", latents, "skies-64", "-o", folder.path("b.mkv")],
      ["reconstruct", video, "skies-64", "-o", folder.path("c.mkv")],
    ] {
      let run = try CommandRun(command)
      #expect(run.status == 0, "\(run.errors)")
    }
    let device = try RunSettings(embeddedIn: video).device
    for name in ["b.mkv", "c.mkv"] {
      #expect(try RunSettings(embeddedIn: folder.path(name)).device == device, "\(name)")
    }
  }
}
