import RunKit
import TerminalUI
import VideoDiffusion

extension ModelsScreen {
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    guard !area.showsOnePane else {
      if showsDetails, let model = selected(app) {
        drawDetails(of: model, in: &buffer, area: area, app.keys)
      } else {
        drawTable(in: &buffer, area: area, app)
      }
      return
    }
    guard let model = selected(app) else {
      drawTable(in: &buffer, area: area, app)
      return
    }
    let isWide = area.width >= 140
    let parts = Layout.split(
      area, isWide ? .horizontal : .vertical, [.fill(), .fixed(isWide ? 62 : 13)])
    drawTable(in: &buffer, area: parts[0], app)
    drawDetails(of: model, in: &buffer, area: parts[1], app.keys)
  }

  // MARK: Table

  private func drawTable(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let folders = app.modelFolders.joined(separator: ", ")
    let inner = Border(
      title: "Models", subtitle: pairing.map(Self.question) ?? "",
      footer: app.models.isEmpty
        ? "" : app.isLookingForModels ? "looking for models" : "looked in \(folders)",
      isFocused: true
    ).draw(in: &buffer, area: area)
    guard !app.models.isEmpty || !app.isLookingForModels else {
      EmptyState("Looking for models", lines: ["Looking in \(folders)"])
        .draw(in: &buffer, area: inner)
      return
    }
    guard !app.models.isEmpty else {
      EmptyState(
        "No models found",
        lines: [
          "Looked in \(folders)",
          "A model is a folder with both networks; \"pvdm convert\" makes one.",
        ],
        keys: [
          app.keys.line(.open, "opens a folder or a checkpoint"),
          app.keys.line(.lookAgain, "looks again"),
        ]
      ).draw(in: &buffer, area: inner)
      return
    }
    let columns: [Table.Column] = [
      .init("", width: .fixed(1)), .init("name"), .init("size", width: .fixed(10)),
      .init("parameters", width: .fixed(10), alignsRight: true),
      .init("weights", width: .fixed(9)), .init("state", width: .fill().limited(14, 28)),
    ]
    let shown = inner.width >= 60 ? columns : [columns[0], columns[1], columns[5]]
    let rows = app.models.map { model in
      let cells = [
        model.id == app.modelID ? "*" : "", model.reference.name, model.sizeText,
        model.parameterText, model.weightsText, stateText(model, app),
      ]
      return Table.Row(
        shown.count == cells.count ? cells : [cells[0], cells[1], cells[5]],
        role: role(of: model, app))
    }
    Table(columns: shown, rows: rows).draw(in: &buffer, area: inner, state: table)
  }

  private static func question(_ pairing: Pairing) -> String {
    "choose a \(pairing.wanted.rawValue) for the \(pairing.kind.rawValue) of \(pairing.model.reference.name)"
  }

  /// What a model can be used for, or while a pair is chosen, whether it fits.
  private func stateText(_ model: ModelEntry, _ app: AppState) -> String {
    if let pairing { return pairing.mismatch(model) ?? "fits" }
    if model.problem != nil { return "cannot be used" }
    if model.autoencoder == nil { return "no autoencoder" }
    if model.denoiser == nil { return "no denoiser" }
    return model.id == app.modelID ? "in use" : "ready"
  }

  private func role(of model: ModelEntry, _ app: AppState) -> Role {
    if let pairing { return pairing.mismatch(model) == nil ? .text : .secondary }
    if model.problem != nil { return .error }
    guard model.canGenerate else { return .secondary }
    return model.id == app.modelID ? .accent : .text
  }

  // MARK: Details

  private func drawDetails(
    of model: ModelEntry, in buffer: inout CellBuffer, area: Rectangle, _ keys: KeyChoices
  ) {
    let inner = Border(title: model.reference.name, subtitle: model.path)
      .draw(in: &buffer, area: area)
    let isWide = inner.width >= 70
    var rest = inner
    if let problem = model.problem {
      let rows = TextWrap.draw(problem, in: &buffer, area: rest, style: Style(.error))
      rest = rest.inset(top: rows + 1)
    } else if !model.summary.isEmpty {
      var place = rest
      place.height = min(isWide ? 1 : 3, rest.height)
      let rows = TextWrap.draw(model.summary, in: &buffer, area: place, style: Style(.secondary))
      rest = rest.inset(top: isWide ? rows : rows + 1)
    }
    // Below each other they take the rows that they need: a heading and up to nine facts.
    let first: Layout.Part = isWide || rest.height < 21 ? .fill() : .fixed(10)
    let parts = Layout.split(rest, isWide ? .horizontal : .vertical, gap: 1, [first, .fill()])
    for (kind, place) in zip([NetworkKind.autoencoder, .denoiser], parts) {
      drawNetwork(kind, of: model, in: &buffer, area: place, keys)
    }
  }

  private func drawNetwork(
    _ kind: NetworkKind, of model: ModelEntry, in buffer: inout CellBuffer, area: Rectangle,
    _ keys: KeyChoices
  ) {
    guard !area.isEmpty else { return }
    let name = kind == .autoencoder ? "Autoencoder, stage 1" : "Denoiser, stage 2"
    guard let network = model.network(kind) else {
      // A model that cannot be read says why; that it has no networks is no news.
      guard model.problem == nil else { return }
      buffer.write(name, column: area.column, row: area.row, style: Style(.title), clip: area)
      buffer.write(
        "none; \(keys[.pair]) pairs one", column: area.column, row: area.row + 1,
        style: Style(.placeholder),
        clip: area)
      return
    }
    buffer.write(name, column: area.column, row: area.row, style: Style(.title), clip: area)
    let hash = kind == .autoencoder ? model.autoencoderHash : model.denoiserHash
    let path = kind == .autoencoder ? model.reference.autoencoder : model.reference.denoiser
    FactList(network.facts(file: path?.fileName ?? "-", hash: hash, keys))
      .draw(in: &buffer, area: area.inset(top: 1))
  }

  // MARK: Hints and details

  package func hints(_ app: AppState) -> [HelpEntry] {
    guard pairing == nil else {
      let rows = [
        Self.section.row(.choose, hint: "pair"), Self.section.row(.pair, hint: "other network"),
      ].compactMap { $0 }
      return rows + [HelpEntry(keys: [.escape], name: "leave", help: "")]
    }
    let order: [ActionName] =
      switch selected(app) {
      case nil: [.open, .lookAgain]
      case let model? where !model.hasNetwork: [.open, .lookAgain]
      case let model? where !model.canGenerate: [.pair, .open, .hash, .lookAgain]
      default: [.choose, .open, .pair, .hash, .copy, .lookAgain]
      }
    return Self.section.rows(order)
  }

  package func information(_ app: AppState) -> [(name: String, value: String)] {
    guard let model = selected(app) else { return [] }
    var rows: [(name: String, value: String)] = [
      ("model", model.reference.name), ("path", model.path),
    ]
    if let rate = model.reference.framesPerSecond {
      rows.append(("frames/s", FormValue.text(of: rate, decimals: 1)))
    }
    for kind in [NetworkKind.autoencoder, .denoiser] {
      guard let network = model.network(kind) else { continue }
      rows += network.notes.map { (kind.rawValue, $0) }
      let hash = kind == .autoencoder ? model.autoencoderHash : model.denoiserHash
      rows.append(("SHA-256", hash ?? "\(app.keys[.hash]) computes it"))
    }
    return rows
  }
}
