import Foundation
import KitTestSupport
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// Comparisons and sweeps.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceComparisonTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  private func variant(_ settings: GenerationSettings) -> Comparison.Variant {
    Comparison.Variant(model: fixture.model, settings: settings)
  }

  private func comparisons(_ workspace: Workspace) async -> [Comparison] {
    await workspace.first { event in
      if case .comparisons(let comparisons) = event { comparisons } else { nil }
    } ?? []
  }

  @Test("variants become videos that are told apart by what differs")
  func compare() async throws {
    let workspace = try await fixture.open()
    let id = try await workspace.compare(
      title: "steps",
      [
        variant(WorkspaceFixture.settings(seed: 7, steps: 2)),
        variant(WorkspaceFixture.settings(seed: 7, steps: 4)),
      ])
    await workspace.settle()
    let comparison = try #require(await comparisons(workspace).first)
    #expect(comparison.id == id && comparison.cells.map(\.label) == ["steps 2", "steps 4"])
    var steps: [Int] = []
    for cell in comparison.cells {
      let clip = try #require(try await workspace.tree(of: cell.video).current)
      #expect(clip.seed == 7)
      steps.append(clip.steps)
    }
    #expect(steps == [2, 4])
    #expect(await workspace.toldVideos.allSatisfy { $0.comparison == id })
    await #expect(throws: StudioError.self) {
      try await workspace.compare(title: "one", [variant(WorkspaceFixture.settings())])
    }
    await workspace.close()
  }

  @Test("a distilled model stands beside its teacher, each in steps of its own")
  func distilled() async throws {
    let folder = try fixture.makeDistilledModel()
    let workspace = try await fixture.open(startsQueue: false)
    let student = try await workspace.openModel(folder)
    #expect(student.denoiser?.distilledSteps == 4)
    let teacher = try await workspace.openModel(fixture.folder.path("samples/tiny"))
    let models = [teacher.reference, student.reference]
    for settings in [
      WorkspaceFixture.settings(), WorkspaceFixture.settings().fitting(distilledSteps: 4),
    ] {
      let id = try await workspace.sweep(
        Comparison.Variant(model: models[0], settings: settings),
        columns: SweepAxis(models: models), rows: nil)
      let cells = try #require(await comparisons(workspace).first { $0.id == id }).cells
      #expect(cells[0].variant.settings.method == .ddim)
      #expect(cells[1].variant.settings == settings.fitting(distilledSteps: 4))
    }
    await #expect(throws: ModelError.self) {
      try await workspace.sweep(
        Comparison.Variant(model: models[0], settings: WorkspaceFixture.settings()),
        columns: SweepAxis(models: models),
        rows: SweepAxis(setting: .steps, values: ["2", "3"]))
    }
    await workspace.close()
  }

  @Test("a sweep of steps alone means every clip, and two axes mean two numbers")
  func stepsOfEveryClip() async throws {
    let workspace = try await fixture.open()
    func laterSteps(_ columns: SweepAxis, _ rows: SweepAxis?) async throws -> [Int] {
      let id = try await workspace.sweep(
        variant(WorkspaceFixture.settings(laterSteps: 7)), columns: columns, rows: rows)
      await workspace.settle()
      let sweep = try #require(await comparisons(workspace).first { $0.id == id })
      var counts: [Int] = []
      for cell in sweep.cells {
        counts.append(
          try #require(try await workspace.tree(of: cell.video).current).settings.laterSteps)
      }
      return counts
    }
    let steps = SweepAxis(setting: .steps, values: ["2", "4"])
    #expect(try await laterSteps(steps, nil) == [2, 4])
    #expect(
      try await laterSteps(steps, SweepAxis(setting: .laterSteps, values: ["3"])) == [3, 3])
    #expect(
      try await laterSteps(SweepAxis(setting: .laterSteps, values: ["1", "3"]), nil) == [1, 3])
    await workspace.close()
  }

  @Test("a sweep that is stopped half way keeps its finished cells over a restart")
  func sweepStopped() async throws {
    let workspace = try await fixture.open()
    let id = try await workspace.sweep(
      variant(WorkspaceFixture.settings(seed: 12)),
      columns: SweepAxis(setting: .steps, values: ["2", "900"]),
      rows: SweepAxis(setting: .eta, values: ["0", "0.5"]))
    // The second cell takes long enough to be caught in the middle.
    _ = await workspace.first { event -> Bool? in
      guard case .jobs(let jobs) = event else { return nil }
      return jobs.contains { $0.state == .finished } ? true : nil
    }
    let cells = try #require(await comparisons(workspace).first).cells
    #expect(
      cells.map(\.label) == [
        "steps 2, eta 0", "steps 900, eta 0", "steps 2, eta 0.5", "steps 900, eta 0.5",
      ])
    await workspace.cancel(except: cells[0].job)
    await workspace.settle()
    await workspace.close()

    let again = try await fixture.open()
    let kept = try #require(await comparisons(again).first)
    #expect(kept.id == id && kept.cells == cells && kept.rowAxis?.values == ["0", "0.5"])
    let clip = try #require(try await again.tree(of: cells[0].video).current)
    #expect(clip.steps == 2 && clip.settings.eta == 0 && clip.seed == 12)
    #expect(await again.frames(of: [clip.id]).count == 1)
    #expect(try await again.tree(of: cells[3].video).visible.isEmpty)

    try await again.deleteComparison(id)
    #expect(await comparisons(again).isEmpty)
    #expect(await again.toldVideos.allSatisfy { $0.isTrashed })
    await again.close()
  }

  @Test(
    "values of no use are refused before anything is made",
    arguments: [
      SweepAxis(setting: .steps, values: ["0"]), SweepAxis(setting: .eta, values: ["much"]),
      SweepAxis(setting: .sampler, values: ["euler"]), SweepAxis(setting: .seed, values: []),
    ])
  func badValues(axis: SweepAxis) async throws {
    let workspace = try await fixture.open()
    await #expect(throws: StudioError.self) {
      try await workspace.sweep(
        variant(WorkspaceFixture.settings()), columns: axis, rows: nil)
    }
    #expect(await workspace.toldVideos.isEmpty)
    await workspace.close()
  }

  @Test("seeds can be swept")
  func seeds() async throws {
    let workspace = try await fixture.open()
    try await workspace.sweep(
      variant(WorkspaceFixture.settings()),
      columns: SweepAxis(setting: .seed, values: ["3", "18446744073709551615"]), rows: nil)
    await workspace.settle()
    #expect(Set(await workspace.toldVideos.map(\.seed)) == [3, .max])
    await workspace.close()
  }
}
