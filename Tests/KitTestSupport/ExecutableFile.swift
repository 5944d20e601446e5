import Foundation

/// Programs that tests write and run.
package enum ExecutableFile {
  /// Writes a script of bash that can be run at once.
  ///
  /// Another process writes it: a file that this one had open for writing would be open in whatever another test
  /// starts at that moment, until that is a program of its own, and the system runs no file that is being
  /// written ("Text file busy").
  package static func write(_ script: String, to path: String) throws {
    let (process, input) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/install")
    process.arguments = ["-m", "755", "/dev/stdin", path]
    process.standardInput = input
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data("#!/bin/bash\n\(script)\n".utf8))
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
  }
}
