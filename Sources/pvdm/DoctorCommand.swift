import ArgumentParser
import Foundation
import RunKit
import StudioLink
import TerminalUI

/// `pvdm doctor`: what the program found around it.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks libraries, encoders, processor, cards, memory, terminal and files.",
    discussion: """
      Shows the versions of the libraries that are loaded, which video formats can be written, what \
      the processor can do and which code was chosen for it, which graphics processors NVIDIA's \
      driver finds, the terminal's colours and characters, \
      where samples and themes were found, and whether a worker of the studio runs. Each finding is ok, a note (it works, with less than \
      there could be) or a problem, with what to do about it.

      Exit status 0, or 2 if something that is needed is missing.

      Examples:
        pvdm doctor
        pvdm doctor --json

      With --json, one object: usable (true or false) and findings, each with area, name, value, \
      status (ok, note or problem) and advice.
      """)

  @Flag(help: "Prints one JSON object.")
  var json = false

  private struct Report: Encodable {
    let usable: Bool
    let findings: [Finding]
  }

  func run() async throws {
    try await explaining {
      let findings = Diagnosis.findings() + (try terminal()) + [await worker()]
      if json {
        try writeToStandardOutput(json: Report(usable: findings.isUsable, findings: findings))
      } else {
        try writeToStandardOutput(text(findings))
      }
      if !findings.isUsable { throw ExitCode(Explanation.Category.badInput.rawValue) }
    }
  }

  /// The studio's worker, of which it is good to know when the processor is busy.
  private func worker() async -> Finding {
    do {
      guard let status = try await WorkerAccess(StudioFolders()).status() else {
        return Finding("studio", "worker", "none runs")
      }
      let work = status.running.isEmpty ? "nothing to do" : status.running.joined(separator: "; ")
      return Finding("studio", "worker", "process \(status.process): \(work)")
    } catch {
      let explanation = Explanation(error)
      return Finding(
        "studio", "worker", explanation.sentence, .note, advice: explanation.remedy)
    }
  }

  private func terminal() throws -> [Finding] {
    let environment = ProcessInfo.processInfo.environment
    let probe = TerminalProbe.live(fileDescriptor: 1, environment: environment)
    let capabilities = try TerminalCapabilities.detect(environment: environment, probe: probe)
    let term = environment["TERM"] ?? ""
    let knowsTerminal = probe.terminfoColors != nil
    return [
      Finding("libraries", "ncurses", TerminalLibraries.ncurses),
      Finding("libraries", "chafa", TerminalLibraries.chafa),
      Finding(
        "terminal", "standard output",
        capabilities.isTerminal ? "a terminal" : "not a terminal, so no previews"),
      Finding(
        "terminal", "type", term.isEmpty ? "TERM is not set" : term,
        knowsTerminal || !capabilities.isTerminal ? .ok : .note,
        advice: knowsTerminal || !capabilities.isTerminal
          ? "" : "Install ncurses-term, or set TERM to a type that this machine knows"),
      Finding(
        "terminal", "colours", capabilities.colorMode.rawValue,
        capabilities.isTerminal && capabilities.colorMode < .trueColor ? .note : .ok,
        advice: capabilities.isTerminal && capabilities.colorMode < .trueColor
          ? "If the terminal shows 24-bit colours, set COLORTERM=truecolor" : ""),
      Finding("terminal", "size", "\(capabilities.size.columns) x \(capabilities.size.rows)"),
      Finding(
        "terminal", "characters",
        capabilities.isUTF8
          ? "UTF-8, pictures as \(capabilities.symbols)" : "ASCII only",
        capabilities.isUTF8 ? .ok : .note,
        advice: capabilities.isUTF8 ? "" : "Set a UTF-8 locale, for example LC_ALL=C.UTF-8"),
    ]
  }

  private func text(_ findings: [Finding]) -> ConsoleText {
    var areas: [String] = []
    for finding in findings where !areas.contains(finding.area) { areas.append(finding.area) }
    let rows = areas.flatMap { area in
      findings.filter { $0.area == area }.enumerated().map { index, finding in
        [index == 0 ? area : "", finding.status.rawValue, finding.name, finding.value]
      }
    }
    let advice = findings.filter { !$0.advice.isEmpty }.map { finding in
      "\(finding.status == .problem ? "Problem" : "Note"), \(finding.name): \(finding.advice)."
        as ConsoleText
    }
    let end: ConsoleText =
      findings.isUsable ? "Everything that is needed is there." : "Something is missing."
    return ([TextTable(rows: rows, rightAligned: []).text] + advice + [end]).joined(
      separator: "\n\n")
  }
}
