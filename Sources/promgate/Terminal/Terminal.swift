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
