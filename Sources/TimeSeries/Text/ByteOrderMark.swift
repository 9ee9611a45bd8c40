/// U+FEFF in front of a text, which some editors write: in UTF-8 it means nothing and is passed over; two
/// other pairs of bytes tell that the text is UTF-16 (Unicode 16.0, §23.8).
package enum ByteOrderMark {
  /// The mark in UTF-8.
  package static let utf8: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// How many bytes of a text, or of its beginning, are a mark in UTF-8: 0 or 3.
  package static func count(_ text: some Collection<UInt8>) -> Int {
    text.starts(with: utf8) ? utf8.count : 0
  }

  /// The text behind its mark, or as it is.
  package static func stripped(_ text: [UInt8]) -> [UInt8] {
    let count = count(text)
    return count == 0 ? text : Array(text.dropFirst(count))
  }

  /// Whether a text begins with the mark of UTF-16, or UTF-32, in either order.
  package static func isUTF16(_ text: some Collection<UInt8>) -> Bool {
    text.starts(with: [0xFF, 0xFE]) || text.starts(with: [0xFE, 0xFF])
      || text.starts(with: [0, 0, 0xFE, 0xFF])
  }

  /// What to say of such a text.
  package static let advice = "the text is UTF-16: save it as UTF-8"
}
