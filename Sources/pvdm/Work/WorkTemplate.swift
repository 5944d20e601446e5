import ArgumentParser
import Foundation
import MediaIO
import RunKit

/// A command with options that stand for many values: what `pvdm work create` makes the items of a list of.
///
/// `--seeds 0-9999` becomes one `--seed` an item, or with `--batch 8` one for each eight; `--models A,B`
/// the model, `--inputs A,B` the input of a command that has one; `--each steps=20,50` any other option.
/// Several of them give every combination, the last one changing first.
struct WorkTemplate {
  /// The commands that lists are made of, with what they make.
  private enum Kind {
    /// Videos from nothing: `sample MODEL`.
    case generation
    /// Videos of others: `extend INPUT MODEL`, `reconstruct INPUT MODEL`, `encode INPUT MODEL`.
    case ofInput
    /// Reports: `evaluate METRIC --model MODEL`.
    case evaluation
  }

  private static let kinds: [String: Kind] = [
    "sample": .generation, "extend": .ofInput, "reconstruct": .ofInput, "encode": .ofInput,
    "evaluate": .evaluation,
  ]

  /// One choice, with what it does to the arguments.
  private struct Axis {
    /// What names of items say of it: `seed`.
    let label: String
    /// Each value, with its arguments.
    let values: [(text: String, input: String?, model: String?, options: [String])]
    /// Values that stand for several samples, whose names get their seeds from the command.
    var batches: Set<Int> = []
  }

  private let command: [String]
  private let kind: Kind
  private var rest: [String] = []
  private var axes: [Axis] = []
  private var batch = 1

  /// Understands a command line.
  ///
  /// - Parameter arguments: The command first, without the program's name.
  /// - Throws: `ValidationError` if the command cannot be part of a list, or a value is none.
  init(_ arguments: [String]) throws {
    guard let name = arguments.first, let kind = Self.kinds[name] else {
      let known = Self.kinds.keys.sorted().joined(separator: ", ")
      throw ValidationError(
        "'\(arguments.first ?? "")' cannot be done by a list of work; expected a command after --: \(known)"
      )
    }
    self.kind = kind
    let words = kind == .evaluation ? 2 : 1
    guard arguments.count >= words else {
      throw ValidationError("evaluate needs a metric, such as \"evaluate fvd\"")
    }
    command = Array(arguments.prefix(words))
    var seeds: [UInt64] = []
    var waiting = ArraySlice(arguments.dropFirst(words))
    while let argument = waiting.popFirst() {
      let option = argument.prefix { $0 != "=" }
      // The batch of an evaluation is its own: its samples are not outputs.
      let isAxis =
        ["--seeds", "--models", "--inputs", "--each"].contains(String(option))
        || option == "--batch" && kind != .evaluation
      try Self.checkIsFree(String(option))
      guard isAxis else {
        rest.append(argument)
        continue
      }
      let value: String
      if option.endIndex < argument.endIndex {
        value = String(argument[argument.index(after: option.endIndex)...])
      } else if let next = waiting.popFirst() {
        value = next
      } else {
        throw ValidationError("\(option) needs a value")
      }
      switch option {
      case "--seeds": seeds = try Self.seeds(value)
      case "--models": axes.append(try Self.models(value, kind))
      case "--inputs": axes.append(try Self.inputs(value, kind))
      case "--batch":
        guard let number = Int(value), number > 0 else {
          throw ValidationError("--batch is \(value); expected a number of samples, 1 or more")
        }
        batch = number
      default: axes.append(try Self.each(value))
      }
    }
    if !seeds.isEmpty {
      axes.append(seedAxis(seeds))
    } else if batch > 1 {
      rest += ["--batch", "\(batch)"]
    }
    guard !axes.isEmpty else {
      throw ValidationError(
        "Nothing in it stands for many: expected --seeds, --models, --inputs or --each")
    }
    let labels = axes.map(\.label)
    if let twice = labels.first(where: { label in labels.count { $0 == label } > 1 }) {
      throw ValidationError("\(twice) is given twice")
    }
    // Of the other words none says which is the input, which stands before the model.
    if kind == .ofInput, labels.contains(Self.modelLabel), !labels.contains(Self.inputLabel) {
      throw ValidationError(
        "\(name) with --models takes its input by --inputs, also where it is one")
    }
  }

  private static let modelLabel = "model"
  private static let inputLabel = "input"

  /// Options that the worker gives itself, or that would write elsewhere.
  private static let refused: Set = [
    "--output", "-o", "--overwrite", "--resume", "--json", "--preview", "--quiet", "--seed",
    "--submit", "--follow", "--nodes", "--time", "--partition", "--slurm", "--queue",
  ]

  /// - Throws: `ValidationError` for an option that is not for the command to give.
  private static func checkIsFree(_ option: String) throws {
    guard refused.contains(option) else { return }
    throw ValidationError("\(option) is for the list to say; leave it out after --")
  }

  /// The items.
  ///
  /// - Parameter format: Ending of the outputs of commands that make videos.
  /// - Throws: `ValidationError` if there are too many, or the format is none.
  func items(format: String) throws -> [WorkItem] {
    if kind != .evaluation { try Self.check(format) }
    let count = axes.reduce(1) { product, axis in
      let (result, overflow) = product.multipliedReportingOverflow(by: axis.values.count)
      return overflow ? .max : result
    }
    guard count <= WorkList.mostItems else {
      throw ValidationError("\(count) items; a list takes \(WorkList.mostItems)")
    }
    var names: Set<String> = []
    return (0..<count).map { index in
      var input: String?
      var model: String?
      var options: [String] = []
      var labels: [String] = []
      var outputLabels: [String] = []
      var remainder = index
      for axis in axes.reversed() {
        let choice = remainder % axis.values.count
        let value = axis.values[choice]
        remainder /= axis.values.count
        input = value.input ?? input
        model = value.model ?? model
        options = value.options + options
        labels.insert("\(axis.label)-\(value.text)", at: 0)
        // So that outputs have the same names in batches of any size.
        outputLabels.insert(axis.batches.contains(choice) ? axis.label : labels[0], at: 0)
      }
      let arguments = command + [input, model].compactMap { $0 } + rest + options
      var name = WorkItem.name(of: labels.joined(separator: "_"))
      // Names that were cut, or lost what told them apart, are told apart by their number.
      var output = WorkItem.name(of: outputLabels.joined(separator: "_"))
      if !names.insert(name).inserted {
        name = WorkItem.name(of: String(name.prefix(WorkItem.longestName - 10)) + "_\(index)")
        names.insert(name)
        output = name
      }
      output += kind == .evaluation ? "/" : ".\(format)"
      return WorkItem(name: name, arguments: arguments, output: output)
    }
  }

  /// - Throws: `ValidationError` for what no output can end in.
  private static func check(_ format: String) throws {
    let name = "a." + format
    guard OutputSet.isLatents(name) || (try? OutputFormat(path: name)) != nil else {
      throw ValidationError(
        "--format is '\(format)'; expected an ending as for --output, such as mp4 or safetensors")
    }
  }

  // MARK: Axes

  /// What stands between the commas of an option's value.
  ///
  /// - Throws: `ValidationError` if there is nothing.
  private static func values(_ text: String, of option: String) throws -> [String] {
    let values = text.split(separator: ",").map(String.init)
    guard !values.isEmpty else {
      throw ValidationError("\(option) is '\(text)'; expected values with commas between them")
    }
    return values
  }

  /// `0-9999`, `3,5,8` or both.
  private static func seeds(_ text: String) throws -> [UInt64] {
    var seeds: [UInt64] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first <= last, last - first < UInt64(WorkList.mostItems)
      else {
        throw ValidationError(
          "--seeds has '\(part)'; expected numbers and ranges, such as 0-99 or 3,5,8-12")
      }
      seeds += first...last
      guard seeds.count <= WorkList.mostItems else {
        throw ValidationError("--seeds are more than \(WorkList.mostItems)")
      }
    }
    guard Set(seeds).count == seeds.count else {
      throw ValidationError("--seeds has one seed twice")
    }
    return seeds
  }

  /// Neighbouring seeds go into one batch.
  private func seedAxis(_ seeds: [UInt64]) -> Axis {
    var runs: [(first: UInt64, count: Int)] = []
    for seed in seeds {
      if let last = runs.last, last.count < batch, seed > last.first,
        seed - last.first == UInt64(last.count)
      {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((seed, 1))
      }
    }
    return Axis(
      label: "seed",
      values: runs.map { run in
        guard run.count > 1 else { return ("\(run.first)", nil, nil, ["--seed", "\(run.first)"]) }
        let last = run.first + UInt64(run.count - 1)
        return (
          "\(run.first)-\(last)", nil, nil,
          ["--seed", "\(run.first)", "--batch", "\(run.count)"]
        )
      }, batches: Set(runs.indices.filter { runs[$0].count > 1 }))
  }

  private static func models(_ text: String, _ kind: Kind) throws -> Axis {
    Axis(
      label: modelLabel,
      values: try values(text, of: "--models").map { model in
        let name = URL(filePath: model).lastPathComponent
        return kind == .evaluation
          ? (name, nil, nil, ["--model", model]) : (name, nil, model, [])
      })
  }

  private static func inputs(_ text: String, _ kind: Kind) throws -> Axis {
    guard kind == .ofInput else {
      throw ValidationError("--inputs is for commands with an input: extend, reconstruct, encode")
    }
    return Axis(
      label: inputLabel,
      values: try values(text, of: "--inputs").map {
        (URL(filePath: $0).lastPathComponent, $0, nil, [])
      })
  }

  /// `steps=20,50`.
  private static func each(_ text: String) throws -> Axis {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, !parts[1].isEmpty, !parts[0].hasPrefix("-") else {
      throw ValidationError(
        "--each is '\(text)'; expected an option and its values, such as steps=20,50")
    }
    try checkIsFree("--" + parts[0])
    return Axis(
      label: parts[0],
      values: try values(parts[1], of: "--each \(parts[0])").map {
        ($0, nil, nil, ["--\(parts[0])", $0])
      })
  }
}
