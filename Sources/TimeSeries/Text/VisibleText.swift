/// What others wrote, made fit to be shown: in a terminal, a log, a report or a notification. Whatever of
/// theirs leaves the process as text for people goes through here, or through `Markup`.
public enum VisibleText {
  /// Bytes that should be UTF-8, as one line; what is not stands as U+FFFD.
  ///
  /// - Parameter limit: the most characters (Unicode scalars) that are shown; the rest is not looked at.
  public static func line(_ bytes: some Sequence<UInt8>, limit: Int = 1024) -> String {
    // A scalar has at most four bytes.
    line(String(decoding: Array(bytes.prefix(4 * (limit + 1))), as: UTF8.self), limit: limit)
  }

  /// One line that moves no cursor, changes no colour and does not turn the direction of what follows: what
  /// would stands as an escape (`\n`, `\x1b`, `\u202e`), and what is too long ends in `…`. Blanks and line
  /// feeds at the end are dropped.
  public static func line(_ text: String, limit: Int = 1024) -> String {
    var (scalars, isCut) = prefix(text, limit)
    while let last = scalars.last, last == " " || last == "\n" || last == "\r" || last == "\t" {
      scalars.removeLast()
    }
    var shown = ""
    for scalar in scalars { append(scalar, to: &shown) }
    return isCut ? shown + "…" : shown
  }

  /// The same with line feeds and tabs as they are, and one U+FFFD for each character that would be an
  /// escape: what stands below another line stays in its column.
  public static func lines(_ text: String, limit: Int = 1 << 16) -> String {
    // Most texts are plain, and cost one look.
    if text.utf8.count <= limit, !text.unicodeScalars.contains(where: isReplaced) { return text }
    let (scalars, isCut) = prefix(text, limit)
    var shown = ""
    for scalar in scalars { shown.unicodeScalars.append(isReplaced(scalar) ? "\u{FFFD}" : scalar) }
    return isCut ? shown + "…" : shown
  }

  /// Whether a character is not shown as itself: control characters, separators of lines and paragraphs,
  /// marks and overrides of direction, and what has no width.
  package static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x00AD, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
      0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F:
      true
    default: false
    }
  }

  private static func isReplaced(_ scalar: Unicode.Scalar) -> Bool {
    isHidden(scalar) && scalar != "\n" && scalar != "\t"
  }

  private static func prefix(_ text: String, _ limit: Int) -> ([Unicode.Scalar], isCut: Bool) {
    var scalars = Array(text.unicodeScalars.prefix(limit + 1))
    let isCut = scalars.count > limit
    if isCut { scalars.removeLast() }
    return (scalars, isCut)
  }

  private static func append(_ scalar: Unicode.Scalar, to shown: inout String) {
    switch scalar.value {
    case 0x0A: shown += "\\n"
    case 0x0D: shown += "\\r"
    case 0x09: shown += "\\t"
    case 0..<0x20, 0x7F..<0xA0: shown += "\\x" + hex(scalar.value, 2)
    case _ where isHidden(scalar): shown += "\\u" + hex(scalar.value, 4)
    default: shown.unicodeScalars.append(scalar)
    }
  }

  /// Digits of a code, filled up with zeros.
  package static func hex(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
