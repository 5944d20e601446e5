import RunKit
import TerminalUI
import TrainingKit

/// The form that sets a training up.
package struct TrainForm: Sendable, Hashable {
  /// An autoencoder that a denoiser can be trained for.
  package struct Choice: Sendable, Hashable {
    package var label: String
    package var path: String

    package init(_ label: String, _ path: String) {
      self.label = label
      self.path = path
    }
  }

  /// What a person sets up, which undo takes back.
  private struct Setup: Sendable, Hashable {
    /// The training as it stands.
    var request: TrainingRequest
    var presetIndex: Int
    var file: String
    /// Whether the name was typed, and stays.
    var hasOwnName = false
    /// Whether the autoencoder is a file that is typed.
    var choosesFile = false
  }

  private var setup: Setup
  private var history = UndoHistory<Setup>()
  /// Autoencoders of models and runs.
  private var choices: [Choice] = []
  /// The configuration of a file, once it was read.
  private var loaded: TrainingConfiguration?
  private var form = Form<TrainField>(fields: [])

  private static let presets = TrainingPreset.allCases
  private static let threadLimit = 256.0

  /// A form with what was set up the last time.
  package init(_ request: TrainingRequest) {
    let index = Self.presets.firstIndex { $0.rawValue == request.configuration }
    setup = Setup(
      request: request, presetIndex: index ?? Self.presets.count,
      file: index == nil ? request.configuration : "")
    rebuild()
  }

  private var request: TrainingRequest {
    get { setup.request }
    set { setup.request = newValue }
  }

  /// The training that is set up.
  package var chosen: TrainingRequest { request }

  /// Whether a value is being typed.
  package var isTyping: Bool { form.isTyping }
  /// Whether a digit begins a new value of the selected line.
  package var takesDigits: Bool { form.takesDigits }
  /// The path that is being typed, if one is.
  package var typedPath: String? {
    form.selectedID?.isPath == true ? form.editing?.text : nil
  }

  // MARK: Follow the state

  /// Takes the autoencoders there are, what was read of a configuration's file, and a name that no run
  /// has.
  package mutating func follow(
    choices: [Choice], loaded: TrainingConfiguration?, isTaken: (String) -> Bool
  ) {
    self.choices = choices
    self.loaded = loaded ?? self.loaded
    if request.stage == .diffusion, request.autoencoderPath.isEmpty {
      request.autoencoderPath = choices.first?.path ?? ""
    }
    if !setup.hasOwnName, request.name.isEmpty || !isFree(request.name, isTaken) {
      request.name = Self.freeName(request.stage, isTaken)
    }
    // What is being typed is not to be disturbed.
    if !form.isTyping { rebuild() }
  }

  private func isFree(_ name: String, _ isTaken: (String) -> Bool) -> Bool {
    name.hasPrefix(request.stage.rawValue + "-") && !isTaken(name)
  }

  private static func freeName(_ stage: TrainingStage, _ isTaken: (String) -> Bool) -> String {
    var number = 1
    while isTaken("\(stage.rawValue)-\(number)") { number += 1 }
    return "\(stage.rawValue)-\(number)"
  }

  /// The name is taken by the run that begins; the next gets another.
  package mutating func begin() { setup.hasOwnName = false }

  /// Completes the path that is being typed.
  package mutating func complete(_ completion: PathCompletion) {
    guard typedPath == completion.typed else { return }
    form.setTyped(completion.completed)
  }

  // MARK: Keys

  /// Handles a key.
  ///
  /// - Returns: whether the training that is set up changed.
  package mutating func handle(_ key: Key) -> Bool {
    guard case .changed(let field) = form.handle(key), let value = form[field]?.value else {
      return false
    }
    history.note(setup)
    store(value, of: field)
    rebuild()
    return true
  }

  /// Whether there is a change to take back.
  package var canUndo: Bool { history.last != nil }

  /// Takes the last change back. False if there is none.
  package mutating func undo() -> Bool { take(history.undo(from: setup)) }

  /// Makes the change again that was taken back last. False if there is none.
  package mutating func redo() -> Bool { take(history.redo(from: setup)) }

  private mutating func take(_ other: Setup?) -> Bool {
    guard let other else { return false }
    // Of another file nothing is known yet.
    if other.request.configuration != request.configuration { loaded = nil }
    setup = other
    rebuild()
    return true
  }

  /// Inserts pasted text into the value being typed.
  package mutating func paste(_ text: String) { form.paste(text) }

  /// Leaves the value being typed as it was. False if none is.
  package mutating func goBack() -> Bool { form.goBack() }

  private mutating func store(_ value: FormValue, of field: TrainField) {
    switch (field, value) {
    case (.stage, .choice(let index, _)):
      request.stage = TrainingStage.allCases[index]
      // Its settings stand in another table.
      request.overrides = []
      if !setup.hasOwnName { request.name = "" }
    case (.name, .text(let text)):
      request.name = text.trimmed
      setup.hasOwnName = !request.name.isEmpty
    case (.preset, .choice(let index, _)):
      setup.presetIndex = index
      loaded = nil
      request.configuration =
        Self.presets.indices.contains(index) ? Self.presets[index].rawValue : setup.file
      request.overrides = []
    case (.file, .text(let text)):
      setup.file = text
      loaded = nil
      request.configuration = text
    case (.data, .text(let text)): request.dataPath = text
    case (.autoencoder, .choice(let index, _)):
      request.autoencoderPath = choices.indices.contains(index) ? choices[index].path : ""
      setup.choosesFile = !choices.indices.contains(index)
    case (.autoencoderFile, .text(let text)): request.autoencoderPath = text
    case (.initial, .text(let text)): request.initialPath = text
    case (.lpips, .text(let text)): request.perceptualWeights = text
    case (.vgg, .text(let text)): request.perceptualFeatures = text
    case (.device, .choice(let index, let words)): request.deviceName = words[index]
    case (.threads, .number(let number, _, _, _)):
      request.threadCount = number == 0 ? nil : Int(number)
    case (.more, .text(let text)):
      request.overrides =
        known + text.split(separator: " ").map(String.init)
    default:
      guard let key = field.settingKey else { return }
      setOverride(key, Self.text(of: value))
    }
  }

  private static func text(of value: FormValue) -> String {
    switch value {
    case .choice(let index, let words): words[index]
    case .toggle(let isOn): isOn ? "true" : "false"
    case .text(let text): text.trimmingPrefix { $0 == " " }.description
    default: ""
    }
  }

  // MARK: Settings that differ

  private static let knownKeys = TrainField.allCases.compactMap(\.settingKey)

  private func key(of assignment: String) -> String {
    String(assignment.prefix { $0 != "=" })
  }

  /// The assignments of settings that have a line of their own.
  private var known: [String] { request.overrides.filter { Self.knownKeys.contains(key(of: $0)) } }
  private var others: [String] {
    request.overrides.filter { !Self.knownKeys.contains(key(of: $0)) }
  }

  private func override(_ key: String) -> String? {
    request.overrides.first { self.key(of: $0) == key }.map { String($0.dropFirst(key.count + 1)) }
  }

  /// Keeps a value; an empty one, or the configuration's own, is no difference.
  private mutating func setOverride(_ key: String, _ text: String) {
    request.overrides = request.overrides.filter { self.key(of: $0) != key }
    if !text.isEmpty, text != configured(key) { request.overrides.insert("\(key)=\(text)", at: 0) }
  }

  /// The value of a setting before any difference; `nil` while a file was not read.
  private func configured(_ key: String) -> String? {
    let base =
      Self.presets.indices.contains(setup.presetIndex)
      ? Self.presets[setup.presetIndex].configuration : loaded
    let table = TrainingSetting.Table(request.stage)
    return base.flatMap { base in
      TrainingSetting.named("\(table.rawValue).\(key)")?.value(in: base).plainText
    }
  }

  // MARK: Fields

  private mutating func rebuild() {
    form.fields = TrainField.allCases.filter(isShown).map { field in
      FormField(
        id: field, label: field.label, value: value(of: field), help: field.help,
        note: note(of: field))
    }
  }

  private func isShown(_ field: TrainField) -> Bool {
    switch field {
    case .file: setup.presetIndex == Self.presets.count
    case .autoencoder: request.stage == .diffusion
    case .autoencoderFile: request.stage == .diffusion && isAutoencoderFile
    case .lpips, .vgg: request.stage == .autoencoder
    default: true
    }
  }

  private var isAutoencoderFile: Bool {
    setup.choosesFile || choices.isEmpty || !choices.contains { $0.path == request.autoencoderPath }
  }

  private func value(of field: TrainField) -> FormValue {
    switch field {
    case .stage:
      return .choice(
        TrainingStage.allCases.firstIndex(of: request.stage) ?? 0,
        of: TrainingStage.allCases.map(\.rawValue))
    case .name: return .text(request.name)
    case .preset: return .choice(setup.presetIndex, of: Self.presets.map(\.rawValue) + ["a file"])
    case .file: return .text(setup.file)
    case .data: return .text(request.dataPath)
    case .autoencoder:
      let index = choices.firstIndex { $0.path == request.autoencoderPath }
      return .choice(
        isAutoencoderFile ? choices.count : index ?? 0, of: choices.map(\.label) + ["a file"])
    case .autoencoderFile: return .text(request.autoencoderPath)
    case .initial: return .text(request.initialPath)
    case .lpips: return .text(request.perceptualWeights)
    case .vgg: return .text(request.perceptualFeatures)
    case .device:
      let words = GenerationSetting.device.offeredWords(keeping: request.deviceName)
      return .choice(words.firstIndex(of: request.deviceName) ?? 0, of: words)
    case .threads:
      return .number(
        Double(request.threadCount ?? 0), range: 0...Self.threadLimit, step: 1, decimals: 0)
    case .more: return .text(others.joined(separator: " "))
    case .precision:
      let words = Precision.allCases.map(\.rawValue)
      return .choice(words.firstIndex(of: current(field)) ?? 0, of: words)
    case .checkpointing: return .toggle(current(field) == "true")
    case .steps, .batch, .rate: return .text(current(field))
    }
  }

  private func current(_ field: TrainField) -> String {
    field.settingKey.flatMap { override($0) ?? configured($0) } ?? ""
  }

  private func note(of field: TrainField) -> String {
    switch field {
    case .device: return request.deviceNote
    case .threads: return request.threadCount == nil ? "all" : ""
    case .initial: return request.initialPath.isEmpty ? "random weights" : ""
    case .lpips, .vgg: return value(of: field) == .text("") ? "not given" : ""
    case .data: return request.dataPath.isEmpty ? "Enter types the folder" : ""
    default:
      guard let key = field.settingKey, override(key) != nil, let usual = configured(key) else {
        return ""
      }
      return "not \(usual)"
    }
  }

  // MARK: Drawing

  /// Rows that show every field.
  package var fieldCount: Int { form.fields.count }

  package func draw(in buffer: inout CellBuffer, area: Rectangle, isFocused: Bool) {
    form.draw(in: &buffer, area: area, isFocused: isFocused)
  }
}
