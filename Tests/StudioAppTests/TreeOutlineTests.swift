import StudioApp
import StudioKit
import TerminalUI
import Testing

/// How a tree of clips is lettered and drawn.
@Suite struct TreeOutlineTests {
  /// The rows of the strip: two points for each slot before a row begins, then names.
  private func drawn(_ outline: TreeOutline) -> [String] {
    let grid = FilmGrid(outline)
    return (0..<grid.rowCount).map { row in
      let places = grid.places.filter { $0.row == row }
      let names = places.map { place in
        let rolls = place.node.rollCount > 1 ? " \(place.node.roll)/\(place.node.rollCount)" : ""
        return place.node.label + rolls + (place.node.note.isEmpty ? "" : " \(place.node.note)")
      }
      return String(repeating: "..", count: places.first?.slot ?? 0) + names.joined(separator: "-")
    }
  }

  @Test func branchesHaveLettersOfTheirOwnAndRollsACount() {
    #expect(
      drawn(TreeOutline(Fixtures.grownTree)) == ["A1-A2-A3 3/3", "....B3-B4"])
  }

  @Test func everyRollOfAPlaceHasThePlacesName() {
    let outline = TreeOutline(Fixtures.grownTree)
    #expect([3, 4, 5].map { outline.labels[Fixtures.id($0)] } == ["A3", "A3", "A3"])
    #expect(outline.origin(of: Fixtures.id(7)) == "A2")
    #expect(outline.origin(of: Fixtures.id(3)) == nil)
  }

  @Test func lettersFollowTheOrderOfMaking() {
    var tree = Fixtures.grownTree
    let late = Clip(
      id: Fixtures.id(8), video: Fixtures.video, parent: Fixtures.id(1), fork: 1,
      settings: Fixtures.settings, model: Fixtures.skies.reference, seed: 9, index: 1, steps: 20,
      created: Fixtures.start, seconds: 6)
    tree.add(late, following: false)
    // The new branch is drawn below but leaves the letter of the older one alone.
    #expect(TreeOutline(tree).labels[Fixtures.id(6)] == "B3")
    #expect(TreeOutline(tree).labels[Fixtures.id(8)] == "C2")
  }

  @Test func aClipInProgressStandsAtItsPlace() {
    let tip = TreeOutline(
      Fixtures.grownTree, growth: .init(parent: Fixtures.id(7), fork: 0, note: "37%"))
    #expect(tip.growthLabel == "B5")
    #expect(drawn(tip)[1] == "....B3-B4-B5 37%")
    let roll = TreeOutline(
      Fixtures.grownTree, growth: .init(parent: Fixtures.id(2), fork: 0, note: "5%"))
    #expect(roll.growthLabel == "A3")
    #expect(
      drawn(roll) == [
        "A1-A2-A3 3/3", "....A3 5%", "....B3-B4",
      ])
    let branch = TreeOutline(
      Fixtures.grownTree, growth: .init(parent: Fixtures.id(2), fork: 2, note: "5%"))
    #expect(branch.growthLabel == "C3")
    let first = TreeOutline(
      ClipTree(video: Fixtures.video), growth: .init(parent: nil, fork: 0, note: "loading"))
    #expect(drawn(first) == ["A1 loading"])
  }

  @Test func aLongBranchIsOutlinedWithoutGoingDeep() {
    let clips = (0..<20_000).map { number in
      Clip(
        id: Fixtures.id(Int64(number + 1)), video: Fixtures.video,
        parent: number == 0 ? nil : Fixtures.id(Int64(number)), fork: 0,
        settings: Fixtures.settings, model: Fixtures.skies.reference, seed: 1, index: number,
        steps: 5, created: Fixtures.start, seconds: 1)
    }
    var tree = ClipTree(video: Fixtures.video, clips: clips)
    let grid = FilmGrid(TreeOutline(tree))
    #expect(grid.places.count == clips.count && grid.rowCount == 1)
    tree.select(Fixtures.id(1))
    #expect(tree.tip == clips.last?.id)
  }

  @Test func manyBranchesGoOnAfterZ() {
    let clips = (0..<28).map { number in
      Clip(
        id: Fixtures.id(Int64(number + 1)), video: Fixtures.video, parent: nil, fork: number,
        settings: Fixtures.settings, model: Fixtures.skies.reference, seed: 1, index: 0, steps: 5,
        created: Fixtures.start, seconds: 1)
    }
    let outline = TreeOutline(ClipTree(video: Fixtures.video, clips: clips))
    #expect(outline.labels[Fixtures.id(26)] == "Z1")
    #expect(outline.labels[Fixtures.id(28)] == "AB1")
  }
}
