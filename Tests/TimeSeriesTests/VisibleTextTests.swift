import Testing
import TimeSeries

struct VisibleTextTests {
  @Test func `what others wrote moves no cursor and stays on its line`() {
    let cases: [(String, String)] = [
      ("plain", "plain"), ("", ""), ("größer 世界 ✅", "größer 世界 ✅"), ("a\nb\r\nc\td", "a\\nb\\r\\nc\\td"),
      ("end \r\n\n", "end"), ("\u{1B}[31mred\u{1B}[0m", "\\x1b[31mred\\x1b[0m"),
      ("\u{0}\u{7F}\u{9B}", "\\x00\\x7f\\x9b"),
      ("a\u{202E}b\u{2066}c\u{2028}d", "a\\u202eb\\u2066c\\u2028d"), ("\u{FEFF}x\u{200B}", "\\ufeffx\\u200b"),
    ]
    for (text, shown) in cases {
      #expect(VisibleText.line(text) == shown, "\(shown)")
      #expect(VisibleText.line(Array(text.utf8)) == shown, "\(shown)")
    }
    #expect(VisibleText.line([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
  }

  @Test func `what others wrote has a bound`() {
    #expect(VisibleText.line("abcdef", limit: 3) == "abc…")
    #expect(VisibleText.line("abc", limit: 3) == "abc")
    #expect(VisibleText.line("abc  ", limit: 3) == "abc…")
    #expect(VisibleText.line("世界世界", limit: 2) == "世界…")
    let endless = [UInt8](repeating: 0x1B, count: 5_000_000)
    #expect(VisibleText.line(endless).utf8.count == 4 * 1024 + 3)
  }
}
