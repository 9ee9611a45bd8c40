import Foundation
import Scrape
import Testing

/// Damaged expositions: never a crash, never a hang, always the same answer.
@Suite struct MutationTests {
  private static let seeds: [String] = [
    "# HELP a b\\\\c\\nd\n# TYPE a counter\na{x=\"1\",y=\"é\\\"\"} 1 1234\n\n# c\nb NaN\n{\"u.t\",\"l "
      + "l\"=\"v\"} 1e-3\n",
    "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
    "# TYPE a_s gauge\n# UNIT a_s s\n# HELP a_s x\na_s{b=\"1\",} 1.5 17.5 # {t=\"x\"} 1 2\nb 1 # {} "
      + "3\n# EOF\n",
  ]
  private static let pieces: [[UInt8]] =
    [
      "\"", "\\", "{", "}", ",", "=", " ", "\n", "#", "# EOF", "NaN", "1e999", "-", ".", "\u{0}", "é", "_",
      "# TYPE ", "# HELP ", "9999999999999999999", "0x1p4", "\r", "\t",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80]]

  private struct Dice {
    var state: UInt64

    mutating func roll(_ count: Int) -> Int {
      state = state &* 6364136223846793005 &+ 1442695040888963407
      return Int(state >> 33) % max(1, count)
    }
  }

  private static func mutate(_ text: [UInt8], _ dice: inout Dice) -> [UInt8] {
    var text = text
    for _ in 0...dice.roll(4) {
      let place = dice.roll(text.count + 1)
      let end = min(text.count, place + dice.roll(6))
      switch dice.roll(4) {
      case 0: text.replaceSubrange(place..<end, with: pieces[dice.roll(pieces.count)])
      case 1: text.removeSubrange(place..<end)
      case 2: text.insert(contentsOf: text[place..<end], at: dice.roll(text.count + 1))
      default: if place < text.count { text[place] = UInt8(dice.roll(256)) }
      }
    }
    return text
  }

  @Test func `damaged expositions are read or refused, with a place inside the text`() {
    var dice = Dice(state: 2026)
    var refused = 0
    for round in 0..<6000 {
      let bytes = Self.mutate(Array(Self.seeds[round % Self.seeds.count].utf8), &dice)
      for format in ExpositionFormat.allCases {
        do {
          _ = try Exposition(bytes, format: format)
        } catch {
          refused += 1
          let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
          #expect(error.offset >= 0 && error.offset <= bytes.count + 1)
          #expect(error.line >= 1 && error.line <= lines.count + 1)
          #expect(error.column >= 1 && error.column <= bytes.count + 2)
        }
      }
    }
    #expect(refused > 3000)
  }

  @Test func `a cache of series changes nothing`() {
    var dice = Dice(state: 11)
    let seeds = Self.seeds.map { Array($0.utf8) }
    for round in 0..<1000 {
      let types = ["text/plain", "application/openmetrics-text"]
      var used = Scraper(target: target())
      for step in 0..<3 {
        let seed = seeds[round % seeds.count]
        let bytes = step == 0 ? seed : Self.mutate(seed, &dice)
        let response = HTTPResponse(
          status: 200, headers: [HTTPRequest.Header("Content-Type", types[round / 3 % 2])], body: bytes)
        let time = Int64(step + 1) * 700_000_000_000
        var fresh = Scraper(target: target())
        let expected = fresh.scrape(.success(response), at: time) { 0 }
        let result = used.scrape(.success(response), at: time) { 0 }
        #expect(result.failure == expected.failure)
        // Save that a text keeps its labels when a type line before it is damaged.
        let shown = { (result: ScrapeResult) in result.full.map { $0.replacing(".0\"", with: "\"") } }
        #expect(shown(result) == shown(expected))
        #expect(result.samplesScraped == expected.samplesScraped)
      }
    }
  }

  @Test func `hostile sizes take linear time`() throws {
    let start = ContinuousClock.now
    let million = 200_000
    let texts = [
      "a{x=\"" + String(repeating: "\\\\", count: million) + "\"} 1\n",
      "a{" + (0..<20_000).map { "l\($0)=\"v\"," }.joined() + "} 1\n",
      "a{" + (0..<20_000).map { _ in "l=\"v\"," }.joined() + "} 1\n",
      "a " + String(repeating: "1", count: million) + "\n",
      "a 0." + String(repeating: "0", count: million) + "1\n",
      "a 1e" + String(repeating: "9", count: million) + "\n",
      String(repeating: "\n", count: million) + "x",
      String(repeating: "# \n", count: million),
      String(repeating: "a 1\n", count: million / 4),
      String(repeating: "#", count: million),
    ]
    for text in texts {
      var scraper = Scraper(target: target())
      for time in 1...2 { _ = scraper.scrape(answer(text), at: Int64(time) * 1000) { 0 } }
    }
    #expect(ContinuousClock.now - start < .seconds(60))
  }
}
