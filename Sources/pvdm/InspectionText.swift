import Foundation
import InspectionKit
import RunKit

/// An inspection as lines for people.
struct InspectionText {
  private let inspection: Inspection
  private let listsTensors: Bool
  private static let shortListLength = 12

  init(_ inspection: Inspection, listsTensors: Bool) {
    self.inspection = inspection
    self.listsTensors = listsTensors
  }

  /// All lines.
  var text: ConsoleText {
    var parts = [TextTable(rows: [["what", title]] + facts, rightAligned: []).text]
    if let settings = inspection.settings { parts.append(self.settings(settings)) }
    if let checkpoint = inspection.checkpoint { parts += tensors(checkpoint) }
    parts += notes
    if let problem = inspection.problem { parts.append("Problem: \(problem).") }
    return parts.joined(separator: "\n\n")
  }

  private var title: String {
    switch inspection.kind {
    case .network:
      inspection.network.map {
        $0.stage == 1 ? "autoencoder of PVDM (stage 1)" : "denoiser of PVDM (stage 2)"
      } ?? ""
    case .checkpoint: "checkpoint, but none of PVDM's networks"
    case .latents: "latents"
    case .run: "saved run"
    case .model: "model folder"
    case .training: "folder of a training run"
    case .state: "state of a training"
    case .folder: "folder"
    case .media: "video, picture or frames"
    }
  }

  private var facts: [[String]] {
    var rows: [[String]] = []
    if let checkpoint = inspection.checkpoint {
      rows.append(["container", checkpoint.containerName])
    }
    if let size = inspection.fileSizeBytes { rows.append(["file size", bytes(size)]) }
    if let network = inspection.network { rows += self.rows(network) }
    if let latents = inspection.latents {
      rows.append(["clips", "\(latents.clips)"])
      rows.append([
        "side",
        latents.side.map { "\($0) (\(latents.tokens) tokens)" } ?? "\(latents.tokens) tokens",
      ])
      rows.append(["range", "\(latents.minimum) to \(latents.maximum)"])
    }
    if let run = inspection.run { rows += self.rows(run) }
    if let training = inspection.training { rows += self.rows(training) }
    if let model = inspection.model { rows += self.rows(model) }
    if let folder = inspection.folder { rows += self.rows(folder) }
    if let media = inspection.media { rows += self.rows(media) }
    for (key, value) in (inspection.checkpoint?.values ?? [:]).sorted(by: { $0.key < $1.key }) {
      rows.append([key, value])
    }
    return rows
  }

  private func rows(_ network: NetworkSummary) -> [[String]] {
    var rows: [[String]] = []
    if let resolution = network.resolution, let patch = network.patchSide {
      rows.append(["resolution", "\(resolution) x \(resolution), patches of \(patch)"])
    }
    rows.append(["clip length", "\(network.clipLength) frames"])
    rows.append(["latent side", "\(network.latentSide) (\(network.latentTokens) tokens)"])
    rows.append(["width", "\(network.width)"])
    if let layers = network.layers { rows.append(["layers", "\(layers) in, \(layers) out"]) }
    if let multipliers = network.widthMultipliers, let blocks = network.residualBlocks {
      rows.append(["levels", "\(list(multipliers)) times the width, \(blocks) blocks each"])
    }
    if let factors = network.attentionFactors {
      rows.append([
        "plane attention", factors.isEmpty ? "none" : "at downsampling \(list(factors))",
      ])
    }
    rows.append([
      "heads",
      (network.headWidth.map { "\($0) channels each, \(network.heads) at the top" }
        ?? "\(network.heads)") + (network.newAttentionOrder == true ? ", q k v split first" : ""),
    ])
    if let conditional = network.conditional {
      rows.append(["conditional", conditional ? "yes, can continue a clip" : "no"])
    }
    if let prediction = network.prediction { rows.append(["predicts", prediction.rawValue]) }
    if let steps = network.distilledSteps {
      rows.append(["distilled", steps == 1 ? "for 1 step" : "for \(steps) steps"])
    }
    rows.append(["parameters", grouped(network.parameters)])
    rows.append([
      "stored as",
      network.storedTypes.sorted { $0.key < $1.key }
        .map { "\($0.key) (\($0.value) tensors)" }.joined(separator: ", "),
    ])
    if let weights = network.weights { rows.append(["weights", weights.phrase]) }
    if let steps = network.trainedSteps { rows.append(["trained", "\(grouped(steps)) steps"]) }
    if let wrapper = network.wrapper { rows.append(["weights under", wrapper]) }
    rows.append([
      "arithmetic", "\(network.gflop) GFLOP a \(network.stage == 1 ? "decoding" : "step")",
    ])
    return rows
  }

  private func rows(_ run: RunSummary) -> [[String]] {
    var rows = [
      ["clips", "\(run.finishedClips) of \(run.clips.map(String.init) ?? "any number") done"],
      ["seed", "\(run.seed)"],
      ["sampler", "\(run.sampler), \(run.steps) steps, \(run.laterSteps) for later clips"],
      ["guidance", "\(run.guidance)"], ["batch", "\(run.samples)"],
      ["next clip", run.continues ? "continues the one before" : "starts from nothing"],
    ]
    if let steps = run.stepsDone { rows.append(["in progress", "\(steps) steps done"]) }
    return rows + run.notes.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
  }

  private func rows(_ model: ModelSummary) -> [[String]] {
    var rows = [["name", model.name]]
    if !model.summary.isEmpty { rows.append(["summary", model.summary]) }
    if let rate = model.framesPerSecond { rows.append(["frames a second", "\(rate)"]) }
    for (label, file, network) in [
      ("autoencoder", model.autoencoderFile, model.autoencoder),
      ("denoiser", model.denoiserFile, model.denoiser),
    ] {
      guard let file, let network else {
        rows.append([label, "none"])
        continue
      }
      rows.append([label, file])
      rows += self.rows(network).map { ["  \($0[0])", $0[1]] }
    }
    return rows
  }

  private func rows(_ training: TrainingFolderSummary) -> [[String]] {
    let states = training.states.map(String.init).joined(separator: ", ")
    var rows = [
      ["stage", training.stage],
      [
        "steps",
        "\(grouped(training.finishedSteps)) of \(grouped(training.steps)) done"
          + (training.isRunning ? ", a process goes on with it now" : ""),
      ],
      ["learns from", training.data],
      ["states", states.isEmpty ? "none" : "after step \(states)"],
    ]
    // The model's rows say more, where there is one.
    if inspection.model == nil {
      rows.append(["network", training.network == nil ? "none yet" : ""])
      if let network = training.network {
        rows += self.rows(network).map { ["  \($0[0])", $0[1]] }
      }
    }
    return rows
  }

  private func rows(_ folder: FolderSummary) -> [[String]] {
    let counts = [
      ("models", folder.models), ("training runs", folder.runs),
      ("checkpoints, latents", folder.checkpoints), ("videos", folder.videos),
      ("pictures", folder.pictures), ("other files", folder.others), ("folders", folder.folders),
    ].filter { $0.1 > 0 }.map { [$0.0, grouped($0.1) + (folder.isPartial ? " or more" : "")] }
    return counts.isEmpty ? [["holds", "nothing"]] : counts
  }

  private func rows(_ media: MediaSummary) -> [[String]] {
    var rows = [
      ["container", media.container], ["codec", "\(media.codec), \(media.pixelFormat)"],
      ["size", "\(media.width) x \(media.height)"],
    ]
    if let frames = media.frames {
      rows.append(["frames", "\(frames)\(media.framesAreCounted ? "" : " (estimated)")"])
    }
    if let rate = media.framesPerSecond { rows.append(["frames a second", "\(rate)"]) }
    if let duration = media.durationSeconds { rows.append(["seconds", "\(duration)"]) }
    for note in media.notes ?? [] { rows.append(["note", note]) }
    if inspection.settings == nil { rows.append(["settings", "none embedded"]) }
    return rows
  }

  private func settings(_ settings: JSONValue) -> ConsoleText {
    guard case .object = settings else { return "Settings: \(settings.string ?? "")" }
    let rows = SettingExplanation.all(in: settings).map { ["  \($0.name)", $0.value, $0.meaning] }
    return "Settings\n\(TextTable(rows: rows, rightAligned: []).text)"
  }

  private func tensors(_ checkpoint: CheckpointSummary) -> [ConsoleText] {
    guard listsTensors || inspection.kind == .checkpoint else { return [] }
    let length = listsTensors ? checkpoint.tensors.count : Self.shortListLength
    let rows = checkpoint.tensors.prefix(length).map { tensor in
      [
        "  \(tensor.name)", tensor.type,
        tensor.shape.map(String.init).joined(separator: " x "),
      ]
    }
    let rest = checkpoint.tensors.count - rows.count
    var text: ConsoleText = "\(checkpoint.tensorCount) tensors, "
    text += "\(grouped(checkpoint.elementCount)) numbers\n"
    text += TextTable(rows: Array(rows), rightAligned: []).text
    if rest > 0 { text += "\n  and \(rest) more; --tensors lists all" }
    return [text]
  }

  private var notes: [ConsoleText] {
    let notes =
      (inspection.remarks ?? []) + (inspection.network?.notes ?? [])
      + (inspection.model?.autoencoder?.notes ?? [])
      + (inspection.model?.denoiser?.notes ?? [])
    return notes.isEmpty
      ? [] : [notes.map { "Note: \($0)." as ConsoleText }.joined(separator: "\n")]
  }

  private func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ", ") }

  private func grouped(_ number: Int) -> String {
    let digits = String(number)
    return String(
      digits.enumerated().flatMap { index, digit in
        (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digit)
      })
  }

  private func bytes(_ count: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count) bytes" : "\(String(format: "%.1f", value)) \(units[unit])"
  }
}
