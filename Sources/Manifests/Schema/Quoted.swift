import TimeSeries

/// What somebody wrote, for a message: never long, never with control characters.
enum Quoted {
  private static let longest = 60

  /// In double quotes.
  static func text(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard scalars.count > longest else { return GoText.quoted(text) }
    return GoText.quoted(String(String.UnicodeScalarView(scalars.prefix(longest)))) + "…"
  }

  /// Bare when it is a plain word, else in double quotes.
  static func key(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "/"):
        true
      default: false
      }
    }
    return isPlain && !text.isEmpty && text.utf8.count <= longest ? text : Self.text(text)
  }
}
