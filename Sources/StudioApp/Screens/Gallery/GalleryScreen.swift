import StudioKit
import TerminalUI

package struct GalleryScreen: StudioScreen {
  package init() {}
  package var helpSections: [HelpSection] { [] }
  package mutating func handle(_ key: Key, _ world: World) -> [StudioEffect] { [] }
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ world: World, _ context: ViewContext
  ) {}
  package func hints(_ world: World) -> [HelpEntry] { [] }
}
