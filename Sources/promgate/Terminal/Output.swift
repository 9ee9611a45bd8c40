import Glibc
import TimeSeries

/// Text that leaves the process: results, notes, and files that users name. Everything is written here, so
/// that no write fails unseen.
///
/// A result that cannot be written is an error (exit status 2); a pipe for results that nobody reads any
/// longer ends the process as the signal would, without a word, as other tools do. Notes that nobody reads
/// end nothing: a server goes on without its log.
enum Output {
  /// Results, whole. Throws when standard output does not take them.
  static func write(_ bytes: some Collection<UInt8>) throws(ToolFailure) {
    try write(Array(bytes), to: STDOUT_FILENO, "standard output")
  }

  /// Everything that is no result; lines. What would move a cursor or change colours is not. Where standard
  /// error takes nothing there is nobody to tell.
  static func note(_ text: String) { remark(VisibleText.lines(text) + "\n") }

  /// The same for what was drawn here, perhaps in colours, out of texts that are visible.
  static func note(drawn text: String) { remark(text + "\n") }

  /// The same without an end of the line: for a line that is written over.
  static func remark(_ text: String) { try? write(Array(text.utf8), to: STDERR_FILENO, "standard error") }

  /// An unread pipe, and a file that has become as large as it may.
  static let ignoredSignals = [SIGPIPE, SIGXFSZ]

  /// Before anything is opened or written: a failed write is told by its error, not by a signal, and what
  /// is opened never gets the number of a standard stream that the caller has closed.
  static func prepare() {
    for number in ignoredSignals { signal(number, SIG_IGN) }
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is this one; the other direction fails as the closed one would.
      _ = unsafe open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Says that no more results come. Throws what a file system only tells at the end.
  static func finish() throws(ToolFailure) {
    guard close(STDOUT_FILENO) != 0, errno != EINTR, errno != EBADF else { return }
    throw failure("standard output")
  }

  // MARK: Files

  /// A file of its own with this text: a new one takes the place of what was there once it is whole and on
  /// the disk, so that a failure leaves the old one. A link stays one; what is no file (a pipe, a device)
  /// is written to.
  static func write(_ text: some Collection<UInt8>, toFile path: String) throws(ToolFailure) {
    let bytes = Array(text)
    var status = stat()
    let exists = unsafe stat(path, &status) == 0
    if exists, status.st_mode & S_IFMT != S_IFREG { return try overwrite(path, bytes) }
    let target = exists ? resolved(path) : path
    let fresh = neighbour(of: target)
    let file = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if file < 0 {
      // A folder that takes no new file may hold one that can be written.
      guard exists, errno == EACCES || errno == EPERM else { throw failure(path) }
      return try overwrite(path, bytes)
    }
    do throws(ToolFailure) {
      if exists { fchmod(file, status.st_mode & 0o7777) }
      try write(bytes, to: file, path)
      guard fsync(file) == 0 else { throw failure(path) }
    } catch {
      close(file)
      unsafe unlink(fresh)
      throw error
    }
    guard close(file) == 0, unsafe rename(fresh, target) == 0 else {
      let error = failure(path)
      unsafe unlink(fresh)
      throw error
    }
  }

  private static func overwrite(_ path: String, _ bytes: [UInt8]) throws(ToolFailure) {
    let file = unsafe open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard file >= 0 else { throw failure(path) }
    do throws(ToolFailure) { try write(bytes, to: file, path) } catch {
      close(file)
      throw error
    }
    guard close(file) == 0 else { throw failure(path) }
  }

  /// What a link leads to.
  private static func resolved(_ path: String) -> String {
    guard let real = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  /// A name in the same folder that nobody else has.
  private static func neighbour(of path: String) -> String {
    let cut = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return "\(path[..<cut]).\(path[cut...]).\(getpid()).promgate"
  }

  // MARK: Bytes

  private static func write(_ bytes: [UInt8], to descriptor: Int32, _ name: String) throws(ToolFailure) {
    var written = 0
    while written < bytes.count {
      let rest = bytes[written...]
      let count = unsafe rest.withUnsafeBytes { part in
        unsafe Glibc.write(descriptor, part.baseAddress, part.count)
      }
      if count > 0 {
        written += count
        continue
      }
      switch errno {
      case _ where count == 0: throw ToolFailure("\(name): cannot be written")
      case EINTR: continue
      case EAGAIN:
        // Somebody who shares the stream made it so that writes do not wait.
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&waiting, 1, -1)
      case EPIPE where descriptor == STDOUT_FILENO: endAsByPipe()
      default: throw failure(name)
      }
    }
  }

  private static func failure(_ name: String) -> ToolFailure {
    ToolFailure("\(name): cannot be written: \(unsafe String(cString: strerror(errno)))")
  }

  /// Ends the process as an unread pipe ends others.
  private static func endAsByPipe() -> Never {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    // Only where the signal is blocked.
    exit(128 + SIGPIPE)
  }
}
