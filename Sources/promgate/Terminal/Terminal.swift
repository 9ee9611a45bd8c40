import Glibc

/// The terminal at an end of the process.
struct Terminal: Sendable {
  /// Columns that a line may take.
  var columns: Int
  /// Whether colours are wanted and understood.
  var usesColor: Bool

  /// What is known of standard output: its width on a terminal, else 80 columns without colour.
  static var standardOutput: Terminal { Terminal(descriptor: STDOUT_FILENO) }

  /// What is known of standard error.
  static var standardError: Terminal { Terminal(descriptor: STDERR_FILENO) }

  init(columns: Int, usesColor: Bool) {
    self.columns = columns
    self.usesColor = usesColor
  }

  private init(descriptor: Int32) {
    let isTerminal = isatty(descriptor) == 1
    var size = winsize()
    let isKnown = unsafe isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
    columns = isKnown && size.ws_col >= 40 ? Int(size.ws_col) : 80
    usesColor = isTerminal && Self.environment("NO_COLOR").isEmpty && Self.environment("TERM") != "dumb"
  }

  private static func environment(_ name: String) -> String {
    guard let value = unsafe getenv(name) else { return "" }
    return unsafe String(cString: value)
  }
}

/// Text on the process' outputs, written whole.
enum Output {
  /// Results.
  static func write(_ bytes: some Collection<UInt8>) { write(Array(bytes), to: STDOUT_FILENO) }

  /// Everything that is no result; a line.
  static func note(_ line: String) { write(Array((line + "\n").utf8), to: STDERR_FILENO) }

  /// A file of its own, made anew; false when it cannot be written.
  static func write(_ text: String, toFile path: String) -> Bool {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard file >= 0 else { return false }
    write(Array(text.utf8), to: file)
    return close(file) == 0
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var written = 0
    while written < bytes.count {
      let rest = bytes[written...]
      let count = unsafe rest.withUnsafeBytes { part in
        unsafe Glibc.write(descriptor, part.baseAddress, part.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      written += count
    }
  }
}
