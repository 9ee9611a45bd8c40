import PromQL
import Testing

struct HostileInputTests {
  private static let count = 20_000

  private static func nested(_ open: String, _ inner: String, _ close: String) -> String {
    String(repeating: open, count: count) + inner + String(repeating: close, count: count)
  }

  @Test func `nesting and chains of any size are parsed, printed, laid out and refused without recursion`() {
    let texts = [
      Self.nested("(", "up", ")"), Self.nested("-", "up", ""), Self.nested("-(", "up", ")"),
      Self.nested("abs(", "up", ")"), Self.nested("sum by (a) (", "up", ")"), Self.nested("up + ", "up", ""),
      Self.nested("up ^ ", "up", ""), Self.nested("max_over_time((", "up", ")[5m:])"),
      "up[" + Self.nested("(", "5m", ")") + "]", "up[5m" + Self.nested(" + 5m", "", "") + "]",
      "up{" + Self.nested("a=\"b\",", "", "") + "}", "label_join(up" + Self.nested(", \"a\"", "", "") + ")",
      "sum by (" + Self.nested("a,", "", "") + ") (up)",
    ]
    let context = QueryContext(grid: Grid(instant: 0), isInstant: true)
    for text in texts {
      do throws(ParseFailure) {
        let expression = try Expression.parse(text)
        #expect(expression.description.utf8.count > 0)
        #expect(expression.pretty().utf8.count > 0)
        #expect(expression.tree().utf8.count > 0)
        let deep = expression.nodes.count > 3 * Lowering.depthLimit
        do throws(LoweringError) {
          _ = try Lowering.plan(expression, in: context)
          #expect(!deep || text.hasPrefix("((") || text.hasPrefix("label_join"), "\(text.prefix(20))")
        } catch {
          #expect(error == .tooDeep(limit: Lowering.depthLimit), "\(text.prefix(20))")
        }
      } catch {
        Issue.record("\(text.prefix(20)): \(error)")
      }
    }
  }

  @Test func `every error of a long broken query is reported`() {
    let broken = [
      (Array(repeating: "{}", count: 11_000).joined(separator: "+"), 11_000),
      ("up" + String(repeating: "[5m:]", count: 5000), 4999),
      (String(repeating: "sum(", count: 50_000), 2),
      (String(repeating: "nope(", count: 1000) + "up" + String(repeating: ")", count: 1000), 1000),
    ]
    for (text, count) in broken {
      #expect(CaretTable.messages(text).count == count, "\(text.prefix(20))")
    }
  }

  @Test func `the deepest expression that is allowed can be planned and printed`() throws {
    let context = QueryContext(grid: Grid(instant: 0), isInstant: true)
    for (open, close) in [("-", ""), ("abs(", ")"), ("up + ", ""), ("sum(", ")")] {
      let levels = Lowering.depthLimit - 2
      let text = String(repeating: open, count: levels) + "up" + String(repeating: close, count: levels)
      let plan = try Lowering.plan(try Expression.parse(text), in: context)
      #expect(plan.description.utf8.count > levels)
    }
  }

  @Test func `any bytes give an answer`() {
    let seeds = [
      "sum by (job, \"a b\") (rate(hits{code=~\"5..\", x!='y'}[5m] offset -1h)) / 0x1F > bool 2",
      "label_replace(up @ start(), `a`, \"$1\\n\", 'b', \"(.*)\")[1h30m:step() * 2] offset (5m - range())",
      "a * on (x) group_left (y) fill_left (-1) fill_right (2) b unless c atan2 d </ 1 >/ 2 # comment",
      "max_over_time(foo[5m:1m] anchored @ 1.5e3) + {__name__=~\"é.*\"} smoothed + quantile(NaN, inf)",
    ].map { Array($0.utf8) }
    let pieces =
      [
        "(", ")", "[", "]", "{", "}", ",", ":", "=", "\"", "'", "`", "\\", "@", "offset ", "sum ", "by ",
        "5m",
        "fill(", " ", "\n", "#", "*", "-", "$", "start", "start()", "1e", "\u{FFFD}", "é",
      ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0]]
    var state: UInt64 = 42
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let context = QueryContext(grid: Grid(start: 0, end: 600_000, step: 60_000), isInstant: false)
    var valid = 0
    for _ in 0..<8000 {
      var text = seeds[random(seeds.count)]
      for _ in 0...random(3) {
        let start = random(text.count + 1)
        let end = min(text.count, start + random(4))
        switch random(3) {
        case 0: text.removeSubrange(start..<end)
        case 1: text.replaceSubrange(start..<end, with: pieces[random(pieces.count)])
        default: text.insert(contentsOf: pieces[random(pieces.count)], at: start)
        }
        if text.isEmpty { text = seeds[0] }
      }
      do throws(ParseFailure) {
        let expression = try Expression.parse(text)
        valid += 1
        #expect(expression.description.utf8.count > 0)
        #expect(expression.pretty(width: 20).utf8.count > 0)
        _ = try? Lowering.plan(expression, in: context).description
      } catch {
        #expect(!error.diagnostics.isEmpty)
        let renderer = DiagnosticRenderer(name: "query")
        for diagnostic in error.diagnostics { #expect(renderer.render(diagnostic, in: text).utf8.count > 0) }
      }
    }
    #expect(valid > 100)
    #expect(valid < 7900)
  }
}
