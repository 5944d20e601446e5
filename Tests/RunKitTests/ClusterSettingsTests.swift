import Foundation
import RunKit
import TestSupport
import Testing

/// The table `[cluster]` of the user's configuration.
@Suite struct ClusterSettingsTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func settings(_ text: String) throws -> ClusterSettings {
    let path = folder.path("config.toml")
    try Data(text.utf8).write(to: URL(filePath: path))
    return try ClusterSettings(contentsOf: path)
  }

  @Test("every setting is read; without a file or the table all is as usual")
  func reading() throws {
    #expect(try ClusterSettings(contentsOf: folder.path("none.toml")) == ClusterSettings())
    #expect(try settings("[other]\nx = 1\n") == ClusterSettings())
    let read = try settings(
      """
      [cluster]
      nodes = 2
      time = 90
      partition = "long,short"
      arguments = ["--account=me", "-C", "-x"]
      grace = 300
      mpi = "pmix_v4"
      folder = "/shared/jobs"
      """)
    var expected = ClusterSettings()
    expected.nodes = 2
    expected.time = "90"
    expected.partition = "long,short"
    expected.arguments = ["--account=me", "-C", "-x"]
    expected.grace = 300
    expected.mpi = "pmix_v4"
    expected.folder = "/shared/jobs"
    #expect(read == expected)
  }

  @Test(
    "what cannot be is refused with its line",
    arguments: [
      ("[cluster]\nnodes = 0", "line 2: the number of nodes is 0; expected 1 to 10000"),
      ("[cluster]\nnodes = \"2\"", "line 2: nodes is no whole number"),
      ("[cluster]\n\ntime = \"soon\"", "line 3: the time is soon; expected minutes"),
      ("[cluster]\ntime = \"\"", "line 2: time is no text"),
      ("[cluster]\npartition = \"a b\"", "line 2: the partition is a b; expected names"),
      ("[cluster]\npartition = \"--wrap=x\"", "line 2: the partition is --wrap=x"),
      ("[cluster]\narguments = \"--account=me\"", "line 2: arguments is no list"),
      (
        "[cluster]\narguments = [\"--account\", \"me\"]",
        "an argument of sbatch is me; expected an option"
      ),
      ("[cluster]\narguments = [1]", "line 2: arguments has something other than texts"),
      (
        "[cluster]\npartitions = \"a\"",
        "line 2: [cluster] has no setting partitions; did you mean partition?"
      ),
      ("[cluster]\ngrace = 100000", "line 2: the grace is 100000; expected 1 to 65535"),
      ("cluster = 1", "line 1: cluster is no table"),
      ("[cluster", "line 1: "),
    ])
  func refused(text: String, sentence: String) throws {
    let error = #expect(throws: StudioError.self) { try settings(text) }
    let found = error.map { Explanation($0).sentence } ?? ""
    #expect(found.contains(sentence), "\(found)")
  }
}
