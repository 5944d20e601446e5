import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// Keys that a user chose in `keys.toml`, and what the studio calls them from then on.
@Suite struct UserKeyTests {
  @Test("a user's keys take the place of the program's everywhere, and mistakes are told")
  func userKeys() {
    let content = KeyFile.read(
      """
      reroll = "Q"
      export = ["Ctrl-W", "w"]
      still = []
      stop = "e"
      stpo = "y"
      add = "Ctrl-nothing"
      branch = "j"
      help = []
      """, file: "keys.toml", actions: ActionName.allCases.map(\.rawValue))
    let choices = KeyChoices(content)
    #expect(
      choices.problems.sorted() == [
        "keys.toml:4: e is also 'extend', which must get another key",
        "keys.toml:5: there is no action 'stpo'; did you mean 'stop'?",
        "keys.toml:6: 'Ctrl-nothing' is no key; keys are written as R, Ctrl-R, Alt-3, Space or F5",
        "keys.toml:7: j moves, leaves or chooses everywhere and stays so",
        "keys.toml:8: 'help' needs a key and keeps its own",
      ])
    var model = studio(on: .make, keys: choices)
    #expect(lines(model)[23].contains("Q reroll"))
    #expect(orders(type("R", into: &model)).isEmpty, "its own key is given away")
    #expect(orders(type("Q", into: &model)).count == 1)
    _ = model.update(.key(.control("w")))
    #expect(model.status?.sentence == "no clip of this run is complete yet")
    _ = type("?/frame to a PNG", into: &model)
    #expect(model.overlay != nil)
    _ = model.update(.key(.enter))
    #expect(model.overlay == nil, "what has no key is done from the menu")
  }

  @Test("where every key is another, no screen draws one of the program's own as a key")
  func drawnKeys() throws {
    for (name, app) in Self.states {
      for screen in ScreenID.allCases {
        for (columns, rows) in [(80, 24), (160, 48)] {
          let model = studio(app, on: screen, keys: Self.moved)
          let cells = drawn(model, columns: columns, rows: rows)
          let shown = Set(Self.keyTexts(cells))
          #expect(
            shown.isDisjoint(with: Self.given),
            "\(name) on \(screen) draws \(shown.intersection(Self.given))")
        }
      }
    }
  }

  @Test("where every key is another, what an action says names none of the program's own")
  func saidKeys() throws {
    var said: Set<String> = []
    for (_, app) in Self.states {
      for screen in ScreenID.allCases {
        for action in ActionName.allCases {
          guard let letter = action.keys.first?.typedCharacter else { continue }
          var model = studio(app, on: screen, keys: Self.moved)
          _ = model.update(.key(Key(.character(letter), modifiers: .alt)))
          if let status = model.status { said.insert("\(status.sentence). \(status.remedy)") }
          if case .question(let dialog, _) = model.overlay { said.formUnion(dialog.lines) }
        }
      }
    }
    #expect(said.count > 40, "\(said.count) sentences")
    #expect(said.contains { $0.contains("Alt-") })
    for sentence in said {
      let words = sentence.split(separator: " ").map {
        $0.trimmingPrefix("\"").prefix { !",;:.?".contains($0) }
      }
      // An article, and what stands between numbers.
      let keys = words.map(String.init).filter {
        Self.given.contains($0) && !["a", "x"].contains($0)
      }
      #expect(keys.isEmpty, "\(sentence)")
    }
  }

  @Test("a chosen key is what an empty place names and presses, and a taken one the command")
  func emptyPlaces() throws {
    let content = KeyFile.read(
      """
      run = "Q"
      presets = []
      """, file: "keys.toml", actions: ActionName.allCases.map(\.rawValue))
    var model = studio(on: .make, keys: KeyChoices(content))
    let cells = drawn(model, columns: 120, rows: 30)
    let shown = Self.keyTexts(cells)
    #expect(shown.contains("Q") && shown.contains(":presets"))
    let rows = lines(model, columns: 120, rows: 30)
    let row = try #require(rows.firstIndex { $0.contains("makes one with these") })
    let column = try #require((0..<120).first { cells[$0, row].style == Style(.key) })
    #expect(cells.clickMeaning(column: column, row: row) == .press(.character("Q")))
    #expect(orders(type("Q", into: &model)).count == 1)
    #expect(KeyChoices(content).text(of: .presets, times: 3) == ":presets 3")
    #expect(KeyChoices(content).text(of: .reroll, times: 4) == "4R")
  }

  // MARK: Every key another

  /// Actions' letters that mean nothing any more.
  private static let given = Set(letters.map { String($0.letter) })

  private static let letters = ActionName.allCases.compactMap { action in
    action.keys.first?.typedCharacter.map { (action: action, letter: $0) }
  }.filter { !" ?:".contains($0.letter) }

  /// Each of them with Alt.
  private static let moved = KeyChoices(
    KeyFile.read(
      letters.map { "\($0.action.rawValue) = \"Alt-\($0.letter)\"" }.joined(separator: "\n"),
      file: "keys.toml", actions: ActionName.allCases.map(\.rawValue)))

  private static let states: [(String, AppState)] = [
    ("nothing", Fixtures.emptyState), ("a model", Fixtures.app), ("work", Fixtures.busyState),
    ("a failure", Fixtures.stateAfter(.failed("It failed", remedy: ""))),
    ("a pause", Fixtures.stateAfter(.paused)), ("videos", Fixtures.galleryState),
    ("a comparison", Fixtures.comparing(made: 3)), ("trainings", Fixtures.trainingState),
    ("scores", Fixtures.evaluatedState), ("a tree", Fixtures.app(showing: Fixtures.grownTree)),
  ]

  /// What is drawn as keys, each by itself.
  private static func keyTexts(_ cells: CellBuffer) -> [String] {
    var texts: [String] = []
    for row in 0..<cells.rows {
      var text = ""
      for column in 0...cells.columns {
        if column < cells.columns, cells[column, row].style == Style(.key) {
          text.unicodeScalars.append(cells[column, row].scalar)
        } else if !text.isEmpty {
          texts += text.split(separator: "/").map(String.init)
          text = ""
        }
      }
    }
    return texts
  }
}
