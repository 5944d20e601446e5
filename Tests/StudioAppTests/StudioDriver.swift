import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI

/// A studio that has been told everything of a workspace, as after its first second.
///
/// - Parameter screen: The one that is shown; `nil` for the one that a studio opens on.
func studio(
  _ app: AppState = Fixtures.app, on screen: ScreenID? = nil, keys: KeyChoices = KeyChoices(),
  clock: String = ""
) -> StudioModel {
  var model = StudioModel(
    themes: [.plain, Theme(name: "Other", looks: [:])], keys: keys, clock: { clock })
  _ = model.update(.ready(Preferences(), modelFolders: []))
  _ = model.update(.workspace(.models(app.models)))
  _ = model.update(.workspace(.presets(app.presets)))
  _ = model.update(.workspace(.videos(app.videos)))
  _ = model.update(.workspace(.jobs(app.jobs)))
  for tree in app.trees.values { _ = model.update(.workspace(.tree(tree))) }
  if let tree = app.tree { _ = model.update(.opened(tree)) }
  _ = model.update(
    .frames(app.trees.values.flatMap(\.visible).map { Fixtures.frames($0.id.rawValue) }))
  if let screen { _ = model.update(.follow([.show(screen)])) }
  return model
}

/// Types a text; what the last key asks for.
func type(_ text: String, into model: inout StudioModel) -> [Errand] {
  var errands: [Errand] = []
  for key in keys(text) { errands = model.update(.key(key)) }
  return errands
}

/// The rows of a window that shows the studio.
func lines(_ model: StudioModel, columns: Int = 80, rows: Int = 24) -> [String] {
  text(drawn(model, columns: columns, rows: rows))
    .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

/// The cells of a window that shows the studio.
func drawn(_ model: StudioModel, columns: Int, rows: Int) -> CellBuffer {
  var buffer = CellBuffer(columns: columns, rows: rows)
  model.draw(
    ViewContext(
      capabilities: TerminalCapabilities(
        colorMode: .trueColor, isUTF8: true, isTerminal: true,
        size: TerminalSize(columns: columns, rows: rows))), in: &buffer)
  return buffer
}

/// What the workspace is to do.
func orders(_ errands: [Errand]) -> [WorkOrder] {
  errands.compactMap { if case .workspace(.order(let order)) = $0 { order } else { nil } }
}
