import RunKit

/// Why a worker does not do what it is asked for, in its words.
struct Refusal: ExplainedError {
  private let notice: Notice

  init(_ notice: Notice) { self.notice = notice }

  var sentence: String { notice.sentence }
  var remedy: String { notice.remedy }
}
