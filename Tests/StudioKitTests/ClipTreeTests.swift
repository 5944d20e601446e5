import Foundation
import RunKit
import StudioKit
import Testing

@Suite struct ClipTreeTests {
  private func clip(_ id: Int64, after parent: Int64? = nil, fork: Int = 0, index: Int = 0) -> Clip
  {
    Clip(
      id: ClipID(rawValue: id), video: VideoID(rawValue: 1),
      parent: parent.map { ClipID(rawValue: $0) }, fork: fork, settings: GenerationSettings(),
      model: ModelReference(name: "m", autoencoder: nil, denoiser: nil), seed: 1, index: index,
      steps: 10, created: Date(timeIntervalSince1970: Double(id)), seconds: 1)
  }

  /// 1 - 2 - 3, with 4 another roll of 3, and 5 a branch from 2.
  private var tree: ClipTree {
    var tree = ClipTree(video: VideoID(rawValue: 1))
    tree.add(clip(1), following: true)
    tree.add(clip(2, after: 1, index: 1), following: true)
    tree.add(clip(3, after: 2, index: 2), following: true)
    tree.add(clip(4, after: 2, index: 2), following: true)
    tree.add(clip(5, after: 2, fork: 1, index: 2), following: true)
    return tree
  }

  private func id(_ number: Int64) -> ClipID { ClipID(rawValue: number) }

  private func ids(_ clips: [Clip]) -> [Int64] { clips.map(\.id.rawValue) }

  @Test func rollsStandBesideEachOtherAndBranchesApart() {
    #expect(ids(tree.rolls(of: ClipID(rawValue: 3))) == [3, 4])
    #expect(ids(tree.rolls(of: ClipID(rawValue: 5))) == [5])
    #expect(tree.forks(of: ClipID(rawValue: 2)) == [0, 1])
    #expect(tree.nextFork(of: ClipID(rawValue: 2)) == 2)
  }

  @Test func theBranchGoesThroughThePositionToItsTip() {
    var tree = tree
    #expect(ids(tree.branch) == [1, 2, 5])
    tree.select(ClipID(rawValue: 3))
    tree.select(ClipID(rawValue: 1))
    #expect(ids(tree.branch) == [1, 2, 3])
    #expect(tree.tip == ClipID(rawValue: 3))
  }

  @Test("a clip that continues itself, a circle, or one that is not there begins a branch")
  func circlesAreCut() {
    for (parents, roots) in [
      ([1: 1, 2: 1, 3: 2], [1]), ([1: 3, 2: 1, 3: 2], [1]), ([1: 9, 2: 1, 3: 9], [1, 3]),
      ([1: 2, 2: 1, 3: 3], [1, 3]),
    ] as [([Int64: Int64], [Int64])] {
      let clips = parents.sorted { $0.key < $1.key }.map { clip($0.key, after: $0.value) }
      let tree = ClipTree(video: VideoID(rawValue: 1), clips: clips)
      #expect(tree.continuations(of: nil).count == roots.count)
      // Each begins a branch of its own, and is no roll of another.
      #expect(tree.forks(of: nil).count == roots.count)
      #expect(Set(tree.visible.map { tree.path(to: $0.id)[0].parent }) == [nil])
      #expect(tree.branch.count >= 1)
    }
  }

  @Test("a branch of fifty thousand clips is dropped and comes back")
  func longBranch() throws {
    let clips = (1...50_000).map { clip(Int64($0), after: $0 == 1 ? nil : Int64($0 - 1)) }
    var tree = ClipTree(video: VideoID(rawValue: 1), clips: clips)
    #expect(tree.path(to: tree.position).count == 50_000)
    tree.drop(ClipID(rawValue: 2))
    #expect(tree.visible.count == 1)
    tree.undo()
    #expect(tree.visible.count == 50_000)
  }

  @Test func droppingTakesWhatFollowsAndUndoBringsItBack() {
    var tree = tree
    let before = tree
    tree.drop(ClipID(rawValue: 2))
    #expect(ids(tree.visible) == [1])
    #expect(tree.position == ClipID(rawValue: 1))
    tree.undo()
    #expect(ids(tree.visible) == ids(before.visible))
    #expect(tree.position == before.position)
    tree.redo()
    #expect(ids(tree.visible) == [1])
  }

  @Test func undoOfAnAddedClipGoesBackToAnotherRoll() {
    var tree = tree
    tree.undo()
    #expect(ids(tree.visible) == [1, 2, 3, 4])
    #expect(tree.position == ClipID(rawValue: 2))
    tree.undo()
    #expect(ids(tree.visible) == [1, 2, 3])
    tree.redo()
    #expect(tree.position == ClipID(rawValue: 4))
  }

  @Test func droppingARollLeavesTheOther() {
    var tree = tree
    tree.select(ClipID(rawValue: 4))
    tree.drop(ClipID(rawValue: 4))
    #expect(tree.position == ClipID(rawValue: 3))
  }

  @Test func anEditAfterAnUndoForgetsWhatWasUndone() {
    var tree = tree
    tree.undo()
    tree.add(clip(6, after: 2, index: 2), following: true)
    #expect(!tree.canRedo)
    #expect(tree.position == ClipID(rawValue: 6))
  }

  @Test func aStoredTreeComesBackWithItsPositionAndEdits() {
    var tree = tree
    tree.drop(ClipID(rawValue: 5))
    let again = ClipTree(
      video: tree.video, clips: Array(tree.clips.values), dropped: tree.dropped,
      position: tree.position, edits: tree.edits, undoneEdits: tree.undoneEdits)
    #expect(ids(again.visible) == ids(tree.visible))
    #expect(again.position == tree.position)
    #expect(again.canUndo)
  }

  @Test("a star stays on its clip whatever is undone, and a clip out of sight gets none")
  func stars() {
    var tree = tree
    tree.star(id(2), true)
    #expect(tree.starred == [id(2)] && tree.edits == self.tree.edits)
    tree.drop(id(2))
    tree.star(id(2), false)
    #expect(tree.starred == [id(2)])
    tree.undo()
    tree.star(id(2), false)
    tree.star(id(99), true)
    #expect(tree.starred.isEmpty)
    #expect(
      ClipTree(video: tree.video, clips: Array(tree.clips.values), starred: [id(1), id(99)]).starred
        == [id(1)])
  }

  @Test func everythingDroppedIsAnEmptyCanvas() {
    var tree = tree
    tree.drop(ClipID(rawValue: 1))
    #expect(tree.visible.isEmpty)
    #expect(tree.position == nil)
    #expect(tree.branch.isEmpty)
    tree.undo()
    #expect(tree.position == ClipID(rawValue: 5))
  }
}
