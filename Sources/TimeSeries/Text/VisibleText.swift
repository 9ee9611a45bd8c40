/// What others wrote, made fit to be shown: in a terminal, a log, a report or a notification.
///
/// One line that moves no cursor, changes no colour and does not turn the direction of what follows: control
/// characters stand as escapes (`\n`, `\x1b`, `\u202e`), and what is too long ends in `…`.
public enum VisibleText {
  /// Bytes that should be UTF-8; what is not stands as U+FFFD. Blanks and line feeds at the end are dropped.
  ///
  /// - Parameter limit: the most characters (Unicode scalars) that are shown; the rest is not looked at.
  public static func line(_ bytes: some Sequence<UInt8>, limit: Int = 1024) -> String {
    // A scalar has at most four bytes.
    line(String(decoding: Array(bytes.prefix(4 * (limit + 1))), as: UTF8.self), limit: limit)
  }

  /// The same for a text.
  public static func line(_ text: String, limit: Int = 1024) -> String {
    var scalars = text.unicodeScalars.prefix(limit + 1)
    let isCut = scalars.count > limit
    if isCut { scalars.removeLast() }
    while let last = scalars.last, last == " " || last == "\n" || last == "\r" || last == "\t" {
      scalars.removeLast()
    }
    var shown = ""
    for scalar in scalars { append(scalar, to: &shown) }
    return isCut ? shown + "…" : shown
  }

  private static func append(_ scalar: Unicode.Scalar, to shown: inout String) {
    switch scalar.value {
    case 0x0A: shown += "\\n"
    case 0x0D: shown += "\\r"
    case 0x09: shown += "\\t"
    case 0..<0x20, 0x7F..<0xA0: shown += "\\x" + hex(scalar.value, 2)
    // Separators of lines and paragraphs, marks and overrides of direction, and what has no width.
    case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: shown += "\\u" + hex(scalar.value, 4)
    default: shown.unicodeScalars.append(scalar)
    }
  }

  private static func hex(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
