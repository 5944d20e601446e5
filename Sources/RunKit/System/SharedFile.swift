import Foundation

/// What can be relied on of files that several machines share: of two hard links of one name one fails, a time of
/// modification changes when a file is touched, and opening a file asks the server how it is.
enum SharedFile {
  /// The time, in seconds, of a file whose holder let go of it.
  static let released = 1

  /// Gives a file another name, if nobody has it.
  ///
  /// - Returns: 0 if the name is the file's now, `EEXIST` if another was quicker, else the system's error.
  static func link(_ file: String, to name: String) -> Int32 {
    if Glibc.link(file, name) == 0 { return 0 }
    let code = errno
    // A server's answer may be lost and the call repeated: then the name is taken by ourselves.
    guard let own = status(file), let there = status(name), own.st_ino == there.st_ino,
      own.st_dev == there.st_dev
    else { return code }
    return 0
  }

  /// Gives a file the time that the file system has now.
  ///
  /// - Returns: 0, or the system's error.
  static func touch(_ path: String) -> Int32 {
    utimensat(AT_FDCWD, path, nil, 0) == 0 ? 0 : errno
  }

  /// Gives a file the time of one that was let go of.
  static func release(_ path: String) {
    var times = [timespec(tv_sec: released, tv_nsec: 0), timespec(tv_sec: released, tv_nsec: 0)]
    utimensat(AT_FDCWD, path, &times, 0)
  }

  /// What the server says now: looking at a name alone may tell what was so a minute ago.
  static func freshStatus(_ path: String) -> stat? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status : nil
  }

  /// What is known of a name, maybe from a while ago.
  static func status(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }

  /// A time in seconds.
  static func seconds(_ time: timespec) -> Double {
    Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
