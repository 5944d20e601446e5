import MediaIO
import RunKit

/// Opens an input that must hold frames.
func openVideo(_ path: String) throws -> VideoReader {
  guard case .video(let reader) = try ClipInput(path: path) else {
    throw StudioError(
      path,
      .option(name: "the input", found: "a file of latents", expected: "a video or pictures"))
  }
  return reader
}

/// Writes a sentence that a person should know to standard error.
func tellNote(_ note: String) { writeToStandardError("note: \(note)\n") }

/// Writes what there is to know of an input's frames to standard error.
func tellNotes(of reader: VideoReader) {
  for warning in reader.warnings { tellNote("\(warning)") }
}
