import Lint
import Testing
import TimeSeries

/// Patterns as sets of texts, beside RE2.
@Suite struct PatternLanguageTests {
  private func answer(_ accepting: [String], notIn refusing: [String] = []) throws -> PatternLanguage.Answer {
    PatternLanguage.text(
      in: try accepting.map { try #require(PatternLanguage($0)) },
      notIn: try refusing.map { try #require(PatternLanguage($0)) })
  }

  @Test func `patterns that exclude each other have no text in common`() throws {
    let disjoint: [(accepting: [String], refusing: [String])] = [
      (["2..", "5.."], []), (["5.."], ["[45].*"]), (["5.."], ["5[0-9a-z]*|5.*"]), (["a|b"], ["a", "b"]),
      ([".*"], [".*"]), ([".+", ""], []), (["(?i)get"], ["(?i)GET"]), (["[a-f]+"], ["[[:xdigit:]]*"]),
      (["a{2,3}"], ["aa", "aaa"]), (["(ab)*"], ["(ab)+", ""]), (["x$y"], []), (["x^y"], []), (["^$"], ["$"]),
      ([#"\d+"#], [#"[^a-z]+"#]), ([".*-canary"], [".+canary"]), (["(?s:.)"], ["(?-s:.)", #"\n"#]),
      ([#"\Qa.b\E"#], [#"a\.b"#]), (["é+"], ["[à-ü]*"]), (["a.c", "a..c"], []), ([#"[^\s\S]"#], []),
      (["(?P<code>5..)"], ["(?:5|4).."]),
      (["podinfo-[0-9a-z]{1,10}-[0-9a-z]{5}", "podinfo-primary-.*-.*"], []),
    ]
    for (accepting, refusing) in disjoint {
      #expect(try answer(accepting, notIn: refusing) == .none, "\(accepting) without \(refusing)")
    }
  }

  @Test func `patterns that get along have a text that satisfies all of them`() throws {
    let joined: [(accepting: [String], refusing: [String])] = [
      (["2..|5..", "[45].."], []), (["5.."], ["50[0-4]"]), (["(?i)get"], ["get"]), ([".*"], [".+"]),
      (["a.*"], ["a"]), ([".*b"], ["b|.*ab"]), (["(?i)k"], ["k", "K"]), ([#"\S+"#], [#"\w+"#]),
      (["(a|b)*a(a|b){4}"], ["(a|b){5}"]), ([".{12}"], ["[[:ascii:]]*"]), ([#"a\x{e9}\141"#], []),
      (["^a|b$"], ["a"]),
    ]
    for (accepting, refusing) in joined {
      guard case .example(let text) = try answer(accepting, notIn: refusing) else {
        Issue.record("\(accepting) without \(refusing)")
        continue
      }
      let bytes = Array(text.utf8)
      for pattern in accepting {
        #expect(try LabelPattern(pattern).matches(bytes[...]), "\(pattern) \(text)")
      }
      for pattern in refusing {
        #expect(try !LabelPattern(pattern).matches(bytes[...]), "\(pattern) \(text)")
      }
    }
  }

  @Test func `what takes too long, or more of Unicode, is left open`() throws {
    for pattern in [#"\bfoo\b"#, #"\pL+"#, "(?m)^a", "(?i)é", "a{1000}{3}b{1000}", #"\C"#] {
      #expect(PatternLanguage(pattern) == nil, "\(pattern)")
    }
    #expect(try answer(["(a|b)*a(a|b){18}"], notIn: ["(a|b)*a(a|b){18}"]) == .unknown)
  }

  @Test func `the texts of a finite language are listed`() throws {
    let lists: [(pattern: String, texts: [String]?)] = [
      (#"1(\.0)?"#, ["1", "1.0"]), ("a|bc|", ["", "a", "bc"]), ("[ab]{2}", ["aa", "ab", "ba", "bb"]),
      ("a*", nil),
      (".", nil), ("a^b", []), ("[a-z]", nil),
    ]
    for (pattern, texts) in lists {
      #expect(
        try #require(PatternLanguage(pattern)).texts(limit: 8).map { $0.sorted() } == texts, "\(pattern)")
    }
  }

  // MARK: Beside RE2

  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  private static let atoms = [
    "a", "b", "c", "5", "0", ".", "[ab]", "[^a]", "[a-c5]", "[^\\d]", "\\d", "\\w", "\\W", "\\s", "\\S",
    "[[:alpha:]]",
    "[[:^digit:]]", "é", "[à-é]", "^", "$", "\\A", "\\z", "\\.", "\\n", "\\x61", "\\x{e9}", "\\141", "-",
    "[]a]", "[a-]",
    "(?i)", "(?i:b)", "(?-s:.)", "\\Qa.\\E", "k", "s", "{", "}", "]", "[\\]\\-]", "K", "\u{17F}", "\\D",
    "[\\w.]",
  ]
  private static let letters = [
    "a", "b", "c", "A", "B", "5", "0", ".", "-", "é", "É", "\n", " ", "k", "K", "\u{212A}", "\u{17F}", "s",
    "{", "]", "😀",
  ]

  private func pattern(_ depth: Int, _ random: inout Seeded) -> String {
    let count = Int.random(in: 0...4, using: &random)
    var text = ""
    for _ in 0..<count {
      var atom = Self.atoms.randomElement(using: &random) ?? "a"
      if depth < 3, Int.random(in: 0..<4, using: &random) == 0 {
        let opening = ["(", "(?:", "(?P<n\(depth)>", "(?i:"].randomElement(using: &random) ?? "("
        atom = opening + pattern(depth + 1, &random) + ")"
      }
      let times = ["", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,}", "*?", "{,2}"]
      text += atom + (times.randomElement(using: &random) ?? "")
      if Int.random(in: 0..<5, using: &random) == 0 { text += "|" }
    }
    return text
  }

  @Test func `the automaton accepts what RE2 matches as a whole, and nothing else`() {
    var random = Seeded(state: 20_261_201)
    var compared = 0
    var accepted = 0
    for _ in 0..<6_000 {
      let pattern = pattern(0, &random)
      guard let engine = try? LabelPattern(pattern), let language = PatternLanguage(pattern) else { continue }
      var texts = (0..<8).map { _ in
        (0..<Int.random(in: 0...5, using: &random)).map { _ in
          Self.letters.randomElement(using: &random) ?? ""
        }.joined()
      }
      switch PatternLanguage.text(in: [language]) {
      case .example(let text):
        #expect(engine.matches(Array(text.utf8)[...]), "\(pattern) makes \(text)")
        texts.append(text)
      case .none, .unknown: break
      }
      for text in texts {
        let expected = engine.matches(Array(text.utf8)[...])
        #expect(language.accepts(text) == expected, "\(pattern.debugDescription) \(text.debugDescription)")
        compared += 1
        accepted += expected ? 1 : 0
      }
    }
    #expect(compared > 20_000 && accepted > 3_000, "\(compared) compared, \(accepted) accepted")
  }
}
