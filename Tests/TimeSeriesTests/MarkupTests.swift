import Testing
import TimeSeries

/// What strangers may write, and what must not come out of any road to people.
enum Hostile {
  static let texts: [String] = {
    var texts = [
      "\u{1B}[31mred", "\u{1B}]0;title\u{07}", "\u{9B}2J", "a\u{0}b", "a\r\nb", "a\u{85}b",
      "a\u{2028}b\u{2029}c",
      "a\u{202E}b\u{2066}c", "\u{200B}\u{FEFF}\u{061C}", "\u{E0041}\u{E007F}", "\u{7F}", "a\u{8}\u{8}b",
      "::error file=x::y\n::set-output name=a::b", "%0A::error::x", "<!channel> <@U1> <https://e.vil|here>",
      "@everyone @here @org/team <@&1>", "[here](https://e.vil) ![x](https://e.vil/p.png)",
      "</details><script>x</script>",
      "``` \n```\n# heading", "a|b|c", "https://e.vil/ www.e.vil HTTP://e.vil", "&lt;b&gt;", "$(x) `y`",
      "\\[x\\](y)",
      String(decoding: [0xFF, 0xC0, 0x80, 0xED, 0xA0, 0x80], as: UTF8.self),
    ]
    // Pairs of them, so that what one leaves open the next would end.
    for (number, text) in texts.enumerated() { texts.append(text + texts[(number * 7 + 3) % 25]) }
    return texts + [String(repeating: "\u{1B}[2J\n<!here>", count: 500_000)]
  }()

  /// Whether a terminal, or a reader of lines, would do something of it.
  static func isRaw(_ scalar: Unicode.Scalar, besides allowed: Set<Unicode.Scalar> = []) -> Bool {
    if allowed.contains(scalar) { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: return true
    default: return false
    }
  }
}

struct MarkupTests {
  @Test func `no language lets a text of others act`() {
    for text in Hostile.texts {
      for markup in Markup.allCases {
        let shown = markup.line(text)
        let blank: Set<Unicode.Scalar> = markup == .chat ? ["\u{200B}"] : []
        #expect(
          !shown.unicodeScalars.contains { Hostile.isRaw($0, besides: blank) },
          "\(markup): \(shown.prefix(200))")
        #expect(shown.unicodeScalars.count < 10_000)
        switch markup {
        case .markdown:
          #expect(
            !shown.contains("<") && !shown.contains("@") && !shown.contains("://") && !shown.contains("www."))
          #expect(!shown.contains(/(^|[^\\])[\[\]`|!]/), "\(shown.prefix(200))")
        case .slack, .html: #expect(!shown.contains("<") && !shown.contains(">"))
        case .chat: #expect(!shown.contains(/@[A-Za-z&]/) && !shown.contains(/\[[A-Za-z]/))
        case .teams: #expect(!shown.contains("<") && !shown.contains(/(^|[^\\])\[/))
        case .command: #expect(!shown.contains(/%(?!25|0D|0A)/))
        case .commandProperty: #expect(!shown.contains(":") && !shown.contains(","))
        }
      }
    }
  }

  @Test func `plain text stays as it is`() {
    for markup in Markup.allCases {
      for text in ["", "97.2 of 99 percent", "größer 世界 ✅", "New revision detected (podinfo.test)"] {
        #expect(markup.line(text) == text, "\(markup)")
      }
    }
    #expect(Markup.command.lines("50% of\nall") == "50%25 of%0Aall")
    #expect(Markup.commandProperty.line("a:b,c%") == "a%3Ab%2Cc%25")
    #expect(Markup.slack.line("<!channel> & x") == "&lt;!channel&gt; &amp; x")
  }

  @Test func `lines keep their columns`() {
    for text in Hostile.texts {
      let shown = VisibleText.lines(text)
      #expect(
        !shown.unicodeScalars.contains { Hostile.isRaw($0, besides: ["\n", "\t"]) }, "\(shown.prefix(200))")
      #expect(shown.unicodeScalars.count == min(text.unicodeScalars.count, (1 << 16) + 1))
      #expect(!XMLText.escaped(VisibleText.line(text)).unicodeScalars.contains { Hostile.isRaw($0) })
    }
  }
}
