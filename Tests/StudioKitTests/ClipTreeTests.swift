import Foundation
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
