import TerminalUI
import Testing

@Suite("Forms")
struct FormTests {
  private func form() -> Form<String> {
    Form(fields: [
      FormField(
        id: "sampler", label: "sampler", value: .choice(0, of: ["DDIM", "DDPM"]),
        help: "how noise is removed"),
      FormField(
        id: "steps", label: "steps", value: .number(100, range: 1...1_000, step: 10, decimals: 0),
        help: "denoising steps", note: "then 20"),
      FormField(
        id: "eta", label: "eta", value: .number(1, range: 0...1, step: 0.1, decimals: 1)),
      FormField(id: "lock", label: "lock", value: .toggle(true)),
      FormField(id: "name", label: "name", value: .text("skies")),
      FormField(id: "size", label: "size", value: .fixed("64x64x16")),
    ])
  }

  private func press(_ form: inout Form<String>, _ keys: Key...) -> Form<String>.Outcome {
    var outcome = Form<String>.Outcome.ignored
    for key in keys { outcome = form.handle(key) }
    return outcome
  }

  @Test("Numbers step within their range, by one step or by ten")
  func steps() {
    var form = form()
    #expect(press(&form, .character("j"), .character("l")) == .changed(id: "steps"))
    #expect(form.fields[1].value.text == "110")
    _ = press(&form, .character("<"), .character("h"))
    #expect(form.fields[1].value.text == "1")
    #expect(press(&form, .character("h")) == .handled, "a limit is no change")
    _ = press(&form, .character("j"), .character("h"), .character("h"), .character("h"))
    #expect(form.fields[2].value.text == "0.7")
  }

  @Test(
    "Where other lines come the selected one stays, and what was typed for one that is gone goes with it"
  )
  func otherLines() {
    var form = form()
    _ = press(&form, .character("j"), .character("j"), .enter, .character("5"))
    #expect(form.selectedID == "eta" && form.isTyping)
    form.fields.remove(at: 0)
    #expect(form.selectedID == "eta" && form.isTyping)
    form.fields.removeAll { $0.id == "eta" }
    #expect(form.selectedID == "lock" && !form.isTyping)
    form.fields.removeSubrange(1...)
    #expect(form.selectedID == "steps")
    #expect(press(&form, .character("l")) == .changed(id: "steps"))
  }

  @Test("Words go around, switches switch")
  func words() {
    var form = form()
    #expect(press(&form, .left) == .changed(id: "sampler"))
    #expect(form.fields[0].value.text == "DDPM")
    #expect(press(&form, .enter) == .changed(id: "sampler"))
    #expect(form.fields[0].value.text == "DDIM")
    _ = press(&form, .down, .down, .down)
    #expect(press(&form, .space) == .changed(id: "lock"))
    #expect(form.fields[3].value == .toggle(false))
  }

  @Test("A typed number is taken if it is in range, and stays to be mended if not")
  func typing() {
    var form = form()
    _ = press(&form, .down, .character("5"), .character("0"))
    #expect(form.editing?.text == "50")
    #expect(press(&form, .enter) == .changed(id: "steps"))
    #expect(form.fields[1].value.text == "50")
    _ = press(&form, .character("9"), .character("9"), .character("9"), .character("9"), .enter)
    #expect(form.problem == "must be 1 to 1000")
    #expect(form.editing?.text == "9999")
    _ = press(&form, .control("u"), .character("1"), .character("."), .character("5"), .enter)
    #expect(form.problem == "must be a whole number")
    _ = press(&form, .control("u"), .character("x"), .enter)
    #expect(form.problem == "not a number")
    #expect(press(&form, .escape) == .handled)
    #expect(form.problem == nil && form.editing == nil)
    #expect(form.fields[1].value.text == "50")
  }

  @Test("Text is edited in place, and what is fixed is not")
  func text() {
    var form = form()
    _ = press(&form, .character("G"), .up, .enter, .character("!"))
    form.paste(" two\nlines")
    #expect(press(&form, .enter) == .changed(id: "name"))
    #expect(form.fields[4].value.text == "skies! two lines")
    #expect(press(&form, .down, .enter) == .handled)
    #expect(form.editing == nil)
    #expect(press(&form, .character("x")) == .ignored)
  }

  @Test("Numbers are written with their decimals")
  func numbers() {
    #expect(FormValue.text(of: 0.05, decimals: 2) == "0.05")
    #expect(FormValue.text(of: -1.5, decimals: 1) == "-1.5")
    #expect(FormValue.text(of: 12, decimals: 0) == "12")
    #expect(FormValue.text(of: 0, decimals: 3) == "0.000")
  }

  @Test("Whole numbers of 64 bits are exact, and stop at their ends")
  func naturals() {
    var field = FormField(id: "seed", label: "seed", value: .natural(.max - 1))
    #expect(field.value.step(by: 1) && field.value.text == "18446744073709551615")
    #expect(field.value.step(by: 10) == false)
    #expect(field.value.take("3") == nil && field.value.step(by: -10) && field.value == .natural(0))
    for wrong in ["-1", "1.5", "18446744073709551616", ""] {
      #expect(field.value.take(wrong) == "must be a whole number of up to 64 bits")
    }
    var form = Form(fields: [field])
    #expect(press(&form, .character("7"), .enter) == .changed(id: "seed"))
    #expect(form.fields[0].value == .natural(7))
  }

  @Test("A long meaning takes the rows that the fields leave, at least one")
  func wrappedHelp() {
    let fields = (0..<6).map {
      FormField(
        id: "\($0)", label: "\($0)", value: .toggle(false), help: "a meaning of several words")
    }
    let roomy = drawn(16, 9) { buffer, area in Form(fields: fields).draw(in: &buffer, area: area) }
    #expect(row(5, of: roomy).hasPrefix("5"))
    #expect(row(6, of: roomy) == "a meaning of    ")
    #expect(row(8, of: roomy) == "on or off       ")
    let tight = drawn(16, 6) { buffer, area in Form(fields: fields).draw(in: &buffer, area: area) }
    #expect(row(4, of: tight).hasPrefix("4"))
    #expect(row(5, of: tight) == "a meaning of …  ")
  }

  @Test("A click on a line goes to it, and one on the selected line takes it")
  func clicks() {
    var form = form()
    _ = press(&form, .down)
    func meaning(_ row: Int, isFocused: Bool = true) -> ClickTarget.Meaning? {
      drawn(36, 8) { buffer, area in form.draw(in: &buffer, area: area, isFocused: isFocused) }
        .clickMeaning(column: 3, row: row)
    }
    #expect(meaning(0) == .press(.up))
    #expect(meaning(1) == .press(.enter))
    #expect(meaning(3) == .press(.down, times: 2))
    #expect(meaning(0, isFocused: false) == nil, "the keys are another's")
    _ = press(&form, .enter)
    #expect(meaning(0) == nil, "the keys are those of the text")
  }

  @Test("A form shows the meaning and range of the selected field, or what is wrong")
  func picture() throws {
    var form = form()
    _ = press(&form, .down)
    try expectSnapshot(
      drawn(36, 8) { buffer, area in form.draw(in: &buffer, area: area) }, named: "form")
    _ = press(&form, .character("0"), .enter)
    try expectSnapshot(
      drawn(36, 8) { buffer, area in form.draw(in: &buffer, area: area) }, named: "form-problem")
    try expectSnapshot(
      drawn(20, 3) { buffer, area in form.draw(in: &buffer, area: area, isFocused: false) },
      named: "form-small")
  }
}
