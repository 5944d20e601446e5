import RunKit
import StudioLink
import TerminalUI

/// The models that were found, what their headers tell, and which of them runs use.
package struct ModelsScreen: StudioScreen {
  /// The selected row and the search.
  var table = TableState()
  /// The selected model, which stays selected when models come and go.
  package internal(set) var selectedID: ModelEntry.ID?
  /// The network for which another one is being chosen.
  var pairing: Pairing?
  /// Whether the details have taken the place of the table in a small window.
  var showsDetails = false

  package init() {}

  /// The selected model.
  func selected(_ app: AppState) -> ModelEntry? {
    app.models.first { $0.id == selectedID } ?? app.models.first
  }

  package var isTyping: Bool { table.search.isTyping }

  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] {
    table.paste(text, texts: Self.texts(app), page: Self.page)
    followSelection(app)
    return []
  }

  package mutating func goBack() -> Bool {
    if pairing != nil {
      pairing = nil
      return true
    }
    defer { showsDetails = false }
    return showsDetails
  }

  /// Keeps the selection on its model; at first it is on the one that runs use.
  package mutating func refresh(_ app: AppState) -> [StudioEffect] {
    if !app.showsOnePane { showsDetails = false }
    let wanted = selectedID ?? app.modelID
    if let index = app.models.firstIndex(where: { $0.id == wanted }) { table.selected = index }
    table.scroll(count: app.models.count, page: Self.page)
    selectedID = app.models.isEmpty ? nil : app.models[table.selected].id
    if let chosen = pairing?.model, !app.models.contains(where: { $0.id == chosen.id }) {
      pairing = nil
    }
    return []
  }

  /// Rows that a page of the table moves by.
  private static let page = 10

  // MARK: Keys

  /// What can be done here.
  package static let section = HelpSection(
    title: "Models",
    entries: [
      ActionName.choose.row("use", "make videos with this model"),
      ActionName.open.row("open", "open a model folder or a checkpoint"),
      ActionName.pair.row(
        "pair", "pair its autoencoder with another denoiser; again the other way round"),
      ActionName.hash.row("hash", "compute the hashes of its checkpoints"),
      ActionName.copy.row("copy path", "copy its path to the clipboard"),
      ActionName.lookAgain.row("look again", "look for models again"),
      ActionName.pane.row("", "models or details"),
    ])

  package func sections(_ app: AppState) -> [HelpSection] {
    [
      Self.section.offeringPanes(app),
      HelpSection(title: "Lists", entries: Movement.helpEntries),
    ]
  }

  package mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect] {
    let outcome = table.handle(key, texts: Self.texts(app), page: Self.page)
    followSelection(app)
    return table.effects(of: outcome)
  }

  /// The models in words, for the search.
  private static func texts(_ app: AppState) -> [String] {
    app.models.map { "\($0.reference.name) \($0.path)" }
  }

  /// Takes what is selected in the table.
  private mutating func followSelection(_ app: AppState) {
    guard app.models.indices.contains(table.selected) else { return }
    selectedID = app.models[table.selected].id
  }

  package mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    switch action {
    case .open:
      return [
        .ask(
          prompt: "Folder or checkpoint", text: "", command: Self.openCommand, isPath: true)
      ]
    case .lookAgain: return [.query(.findModels)]
    case .pane where app.showsOnePane:
      showsDetails.toggle()
      return []
    case .choose, .pair, .hash, .copy: break
    default: return nil
    }
    guard let model = selected(app) else {
      return [
        .notify(Notice(.warning, "there is no model yet", remedy: "\(app.keys[.open]) opens one"))
      ]
    }
    switch action {
    case .choose: return pairing.map { pair($0, with: model) } ?? use(model, app)
    case .pair: return beginPairing(model)
    case .copy: return [.copy(model.path, what: "the path of \(model.reference.name)")]
    default: return hash(model)
    }
  }

  private func use(_ model: ModelEntry, _ app: AppState) -> [StudioEffect] {
    guard model.canGenerate else {
      let remedy = model.problem == nil ? "\(app.keys[.pair]) pairs it with one" : ""
      return [.notify(Notice(.warning, model.reasonNotToGenerate, remedy: remedy))]
    }
    return [
      .useModel(model.id),
      .notify(
        Notice(
          .success, "\(model.reference.name) is used from now on",
          remedy: "\(ScreenID.make.keyName) makes a video with it")),
    ]
  }

  private mutating func beginPairing(_ model: ModelEntry) -> [StudioEffect] {
    if let swapped = pairing?.swapped, swapped.model.id == model.id {
      pairing = swapped
      return []
    }
    pairing = Pairing(model)
    guard pairing == nil else { return [] }
    return [
      .notify(Notice(.warning, "\(model.reference.name) has no network that can be paired"))
    ]
  }

  private mutating func pair(_ first: Pairing, with other: ModelEntry) -> [StudioEffect] {
    if let mismatch = first.mismatch(other) {
      return [
        .notify(
          Notice(
            .warning, "\(other.reference.name) does not fit: \(mismatch)",
            remedy: "Choose another \(first.wanted.rawValue); Esc leaves"))
      ]
    }
    pairing = nil
    return first.effect(with: other).map { [$0] } ?? []
  }

  private func hash(_ model: ModelEntry) -> [StudioEffect] {
    guard model.hasNetwork else {
      return [
        .notify(Notice(.warning, "\(model.reference.name) has no checkpoint that can be hashed"))
      ]
    }
    guard !model.isHashed else {
      return [.notify(Notice(.information, "\(model.reference.name) is hashed already"))]
    }
    return [
      .query(.hashModel(model.id)),
      .notify(Notice(.information, "hashing the checkpoints of \(model.reference.name)")),
    ]
  }

  // MARK: Answers

  /// The name under which the answer to `o` comes back.
  static let openCommand = "open-model"

  package mutating func run(
    _ command: String, argument: String, _ app: AppState
  ) -> [StudioEffect] {
    guard command == Self.openCommand, !argument.isEmpty else { return [] }
    return [.library(.openModel(path: argument))]
  }
}

extension ModelEntry {
  /// Whether it has a checkpoint that could be read.
  var hasNetwork: Bool { autoencoder != nil || denoiser != nil }

  /// Whether the hash of each of its checkpoints is known.
  var isHashed: Bool {
    (autoencoder == nil || autoencoderHash != nil) && (denoiser == nil || denoiserHash != nil)
  }
}
