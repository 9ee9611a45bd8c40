import PromQL
import Testing

@Suite struct SourceLinesTests {
  @Test(arguments: ["", "a", "\n", "a\nb", "\n\n", "\u{FEFF}ab\nc", "\u{FEFF}", "é\nx\n"])
  func `a place is found as by counting from the start`(text: String) {
    let bytes = Array(text.utf8)
    let lines = SourceLines(bytes)
    for offset in -1...bytes.count + 1 {
      #expect(lines.place(offset) == SourcePlace(offset: offset, in: bytes), "\(offset)")
    }
  }
}
