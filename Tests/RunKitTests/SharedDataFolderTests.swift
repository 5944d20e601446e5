import Foundation
import RunKit
import TestSupport
import Testing

/// The data folder on a file system that machines share, where leases lie beside its lock.
@Suite struct SharedDataFolderTests {
  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  @Test("it is closed to other users with its leases, and one with a file of others is not")
  func leases() throws {
    let folder = try TemporaryFolder()
    for (name, isOwn) in [("own", true), ("shared", false)] {
      let data = folder.path(name)
      try FileManager.default.createDirectory(
        atPath: data, withIntermediateDirectories: false)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: data)
      let files = ["studio.lock", "studio.lock.1", "studio.lock.77-1a2b.new"]
      for file in files + (isOwn ? [] : ["thesis.txt"]) {
        let path = data + "/" + file
        try Data().write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      }
      let folders = StudioFolders(data: data, configuration: folder.path("configuration"))
      #expect(folders.tighten() == nil)
      #expect(mode(data) == (isOwn ? 0o700 : 0o755))
      for file in files { #expect(mode(data + "/" + file) == 0o600) }
      if !isOwn { #expect(mode(data + "/thesis.txt") == 0o644) }
    }
  }
}
