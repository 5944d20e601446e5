/// A call to the file system that failed.
package struct FileFailure: Error, Hashable {
  /// What was to be done, such as `rename the finished file`.
  package let operation: String
  /// The system's number for the reason.
  package let code: Int32

  /// A failure with its reason.
  package init(_ operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }
}
