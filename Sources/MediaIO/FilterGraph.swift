internal import CFFmpeg

/// A chain of FFmpeg's filters, described in its own language, with frames in and out.
final class FilterGraph {
  private let file: String
  private var graph: UnsafeMutablePointer<AVFilterGraph>?

  /// Builds the chain. Inputs and outputs are `buffer@name` and `buffersink@name` in the
  /// description. Throws `missingComponent` if FFmpeg lacks a filter.
  init(_ description: String, file: String) throws {
    self.file = file
    MediaLibrary.prepare()
    let graph = try MediaLibrary.allocated(avfilter_graph_alloc(), file: file)
    self.graph = graph
    var inputs: UnsafeMutablePointer<AVFilterInOut>?
    var outputs: UnsafeMutablePointer<AVFilterInOut>?
    defer {
      avfilter_inout_free(&inputs)
      avfilter_inout_free(&outputs)
    }
    let found = "needs filters that the installed FFmpeg does not have"
    try MediaLibrary.check(
      avfilter_graph_parse2(graph, description, &inputs, &outputs), .missingComponent,
      file: file, found: found)
    try MediaLibrary.check(
      avfilter_graph_config(graph, nil), .missingComponent, file: file, found: found)
  }

  deinit { avfilter_graph_free(&graph) }

  /// The description of an input for frames of this kind.
  static func input(_ name: String, width: Int, height: Int) -> String {
    "buffer@\(name)=video_size=\(width)x\(height):pix_fmt=bgra:time_base=1/100:pixel_aspect=1/1"
  }

  /// Gives a frame to an input, which takes a reference of its own; nil ends that input.
  func push(_ frame: MediaFrame?, to name: String) throws {
    try check(av_buffersrc_write_frame(filter("buffer@" + name), frame?.handle))
  }

  /// The next frame of an output, if one is ready.
  func pull(from name: String) throws -> MediaFrame? {
    let frame = try MediaFrame(file: file)
    let status = av_buffersink_get_frame(filter("buffersink@" + name), frame.handle)
    if status == cffmpeg_error_try_again() || status == cffmpeg_error_end_of_file() { return nil }
    try check(status)
    return frame
  }

  private func filter(_ name: String) -> UnsafeMutablePointer<AVFilterContext>? {
    avfilter_graph_get_filter(graph, name)
  }

  private func check(_ status: Int32) throws {
    try MediaLibrary.check(
      status, .cannotWrite, file: file, found: "cannot be given a palette")
  }
}
