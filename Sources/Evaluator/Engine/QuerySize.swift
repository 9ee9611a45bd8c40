import PromQL
import TimeSeries

/// What a query's text comes to, before it is read.
package enum QuerySize {
  /// Shorter texts need not ask, bytes.
  private static let short = 2048
  /// What a token takes: its place on the parser's stack, its node, the plan's.
  private static let bytesPerToken = 1024

  /// Bytes that reading and planning a text take at most, about; zero for a short one. One pass over it.
  package static func bytes(_ text: [UInt8]) -> Int {
    text.count <= short ? 0 : tokens(text) * bytesPerToken + 16 * text.count
  }

  /// Not fewer than there are tokens.
  private static func tokens(_ text: [UInt8]) -> Int {
    var count = 0
    var position = 0
    var isInWord = false
    while position < text.count {
      let byte = text[position]
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), 0x80...0xff:
        if !isInWord { count += 1 }
        isInWord = true
      case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
        position = end(ofString: text, from: position)
        count += 1
        isInWord = false
      case UInt8(ascii: "#"):
        while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
        count += 1
        isInWord = false
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): isInWord = false
      default:
        count += 1
        isInWord = false
      }
      position += 1
    }
    return count
  }

  /// Where the string that begins at a position ends, or the text.
  private static func end(ofString text: [UInt8], from start: Int) -> Int {
    let quote = text[start]
    var position = start + 1
    while position < text.count, text[position] != quote {
      if quote != UInt8(ascii: "`"), text[position] == UInt8(ascii: "\\") { position += 1 }
      position += 1
    }
    return position
  }
}
