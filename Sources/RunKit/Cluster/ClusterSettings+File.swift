import Foundation
import HandwrittenText
import TOMLKit

extension ClusterSettings {
  /// A page of text; anything longer is no configuration.
  private static let sizeLimit = 64 << 10
  private static let table = "cluster"
  private static let keys = [
    "arguments", "folder", "grace", "mpi", "nodes", "partition", "time",
  ]

  /// Reads the table `[cluster]` of a configuration; without the file or the table, all is as usual.
  ///
  /// - Throws: ``StudioError`` that names the line, for a key that there is not, a value that cannot be, or a
  ///   text that is no TOML.
  public init(contentsOf path: String) throws {
    self.init()
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    let source: String
    do { source = try SmallFile.text(of: path, limit: Self.sizeLimit) } catch {
      throw StudioError(path, .configuration(line: nil, reason: "\(error)"))
    }
    let lines = KeyLines(source)
    func refuse(_ key: String, _ reason: String) -> StudioError {
      StudioError(
        path, .configuration(line: lines.line(of: [Self.table, key]), reason: reason))
    }
    let root: TOMLTable
    do { root = try TOMLTable(text: source) } catch {
      throw StudioError(path, .configuration(line: error.line, reason: error.reason))
    }
    guard let value = root[Self.table] else { return }
    guard let table = value.table else {
      throw StudioError(
        path,
        .configuration(
          line: lines.line(of: [Self.table]), reason: "cluster is no table; expected [cluster]"))
    }
    for key in table.keys.sorted() {
      guard let value = table[key] else { continue }
      func text() throws -> String {
        guard let text = value.string, !text.isEmpty else {
          throw refuse(key, "\(key) is no text; expected one in quotes")
        }
        return text
      }
      func number() throws -> Int {
        guard let number = value.int else {
          throw refuse(key, "\(key) is no whole number")
        }
        return number
      }
      switch key {
      case "nodes": nodes = try number()
      case "grace": grace = try number()
      case "partition": partition = try text()
      case "mpi": mpi = try text()
      case "folder": folder = try text().absolutePath
      // A number alone means minutes, as it does for Slurm.
      case "time": time = try value.int.map(String.init) ?? text()
      case "arguments":
        guard let array = value.array else {
          throw refuse(key, "arguments is no list; expected one such as [\"--account=me\"]")
        }
        arguments = array.compactMap(\.string)
        guard arguments.count == array.count else {
          throw refuse(key, "arguments has something other than texts in it")
        }
      default:
        let meant = NearestName.find(key, in: Self.keys).map { "; did you mean \($0)?" }
        throw refuse(
          key,
          "[cluster] has no setting \(key)"
            + (meant ?? "; expected \(Self.keys.joined(separator: ", "))"))
      }
      // Of several that cannot be, the line of each is known while it is looked at.
      do { try check() } catch { throw refuse(key, Explanation(error).sentence) }
    }
  }
}
