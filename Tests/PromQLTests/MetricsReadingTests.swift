import PromQL
import Testing

/// What VictoriaMetrics accepts is read, what it refuses is an error with a place; both were asked of a real one.
struct MetricsReadingTests {
  private func problem(_ text: String) -> Diagnostic? {
    do {
      _ = try MetricsReading(Array(text.utf8), at: 0)
      return nil
    } catch {
      return error.diagnostics.first
    }
  }

  @Test(arguments: [
    "with (w = 1m) foo[w:w]", "with (w = 1m) foo[w:] + foo[5m:w]", "foo[5m: 1m]", "foo[5m : 1.5h]", ":foo",
    "::", ":5",
    "sum offset 5m", #"x\u00e9 + x\x41 + x\ y"#, "WITH (f() = foo) f + f()", "WITH (rate(a) = a) rate(foo)",
    "a @ +1000", "foo[1_000]", "foo[1e3]",
    "rate(foo)", "{}", "foo{}", "foo[:]", "foo[5m:]", "foo[:30s]", "foo[5]", "foo[5i]", "foo[1.5h]",
    "foo[5m-1m]", "foo offset -5m", "foo offset 5",
    "foo[5m] offset 1i", "sum(foo) offset 1h", "(a+b)[5m]", "(a+b)[5m] offset 5m @ 5", "a @ end()", "foo.bar",
    "foo-bar", #"foo\-bar"#, "föö",
    #"{"föö"}"#, #"{"foo",a="b"}"#, #"{a="b" or c="d"}"#, #"foo{a="b" or c="d",}"#, #"foo{or="a"}"#,
    "sum(foo) by (a,) limit 3", "sum by (a) (foo) limit 3",
    #"sum by ("a") (foo)"#, "sum by () (foo)", "sum (a,b,)", #"rate("a")"#, "median(foo)", "MEDIAN(foo)",
    "sum BY (a) (foo)", "foo AND bar", "foo Default 0",
    "foo default default", "if if if", "foo if bar ifnot baz", "(a + b) keep_metric_names",
    "a + b keep_metric_names", "rate(a) keep_metric_names",
    #"a + on (x) group_left(*) prefix "x_" b"#, "a + on (x) group_left b", "a default on(x) group_left(y) b",
    "a > bool on(x) b", "1 > 2", "1 > bool 2",
    "WITH (x = 5) x", "with (f(a,) = rate(a), y = f(foo),) y + 1", #"with (a = {x="y"}) foo{a, b="c"}"#,
    "with () 5", "with (x = x) x", "with + 1",
    #"with (x = foo{a="b"}) x{c="d"}"#, "with (w = 5m) foo[w] offset w", #"with (v = "x") foo{a=v+"y"}"#,
    #"with (f(v) = foo{a=v}) f("x")"#,
    "()", "(a,b)", "(a,) + 1", "1K", "1Ki + 2KiB + 3MB", "0x1f", "0b11", "0o17", "017", "1_000", "1e+3", ".5",
    "5.", "infinity", "NaN", "5m30s", "-5m", "1H", "5M", "5mi",
    #""a" + 'b'"#, #"label_set(foo, "a", "b")"#, "label_set(foo)", #"rollup(foo, "max")"#,
    "histogram_share(0.5, foo)", "a == b == c", "foo ^ -1", "--foo", "a offset 1i5m",
    "sum(a[5m])", "a[5m] + 1", "rate(sum(a))", "sum", "rate + 1", "by", "offset offset 5m", "100%3",
    "foo[$__interval]", "rate (a)", #"alias(foo, "x")"#,
    "topk_avg(1, foo, \"other\")", "quantiles(\"phi\", 0.5, 0.9, foo)", "union()", "rand(1)", "minute()",
    "round(foo, 5)", "sort_by_label_numeric(foo, \"a\")",
  ])
  func `what VictoriaMetrics answers is read`(query: String) {
    let problem = problem(query)
    #expect(problem == nil, "\(query): \(problem?.message ?? "")")
  }

  @Test(arguments: [
    "foo[1K]", "foo[0x1f]", "foo[5M]", "foo offset 1K", "foo[5m:w]", "sum default 1", "avg bool 5",
    "sum limit 5",
    "sum And -if", "Alias(foo, \"x\")", #"x\x\y{}"#, "with (c = x{a=\"b\"}) foo{c}", "WITH (\"a\" = 5) 5",
    "{foo}", "foo[]", "foo[-5m]", "foo[3h-1d]", "foo[5m:3h-1d]", "with (w = 3h-1d) foo[w]", "foo[5m+1m]",
    "foo[step()]", "foo offset (5m)", #"foo{a="b",or c="d"}"#,
    #"foo{a="b" or}"#, #"foo{a="b",,c="d"}"#, "foo{,}",
    "sum(foo) limit 3 by (a)", "sum by (a) (foo) by (b)", "sum by (a b) (foo)", "sum()", "rate()",
    "rate(a,b)", "sum(a) keep_metric_names", "a keep_metric_names",
    "(rate(a)) keep_metric_names", "((a+b)) keep_metric_names", "-a keep_metric_names", "default 1",
    "a + group_left(y) b", "a and on(x) group_left(y) b", "a + bool b",
    "a > on(x) bool b", "with (f(a,b) = a+b) f(1)", "with (a = 5) a(3)", "with (x = 5) x{c=\"d\"}", "foo[w]",
    "1e3K", "1h5", "1h 5m", "1.5.5", #""a\x""#, "\"a", "`a",
    "label_set(foo, \"a\")", "label_set(foo, a, b)", "label_replace(foo, \"a\")", "nosuch(foo)",
    "histogram_share(foo)", "!foo", "a =~ b", "a = b", "a <> b", "foo bar",
    "foo{} bar", "sum(foo", "sum(foo))", #"foo{a="b""#, "foo}", #"foo{a="b"}{c="d"}"#, "foo[5m][5m]",
    "foo @ 5 @ 6", "foo offset 5m offset 6m", "foo offset 5m [5m]",
    "time(1)", "$foo", #"foo{a=~"("}"#, #"foo{a=="a"}"#, #"foo{a="b" c="d"}"#, #"foo{"a"}"#, "foo{a=b}",
    "a + on x b", "sum by (*) (a)", "count_values(a, foo)",
    "quantile(foo)", "topk(1,foo,bar)", "sum by", "a offset", "a + on", "sum(a) limit b", "sum(a) limit 1.5",
    "1a", "0x", "1e", "1__0", "1Q", "10s10", "a,b", "a;b", "a==",
    "double_exponential_smoothing(a,1,1)", "", "#c", "limit_ratio(0.5, a)", "info(a)", "rate(a[5m] smoothed)",
  ])
  func `what VictoriaMetrics refuses is an error`(query: String) {
    #expect(problem(query) != nil, "\(query)")
  }

  @Test func `errors say where, and what was meant`() {
    let unknown = problem("sum(medain(foo))")
    #expect(unknown?.message == "VictoriaMetrics has no function medain, did you mean median?")
    #expect(unknown?.range == SourceRange(4, 10))
    #expect(problem("sum(foo")?.message == #"unexpected end of input in parentheses, expected "," or ")""#)
    #expect(problem("label_set(foo, \"a\")")?.message.hasPrefix("label_set takes an expression") == true)
  }

  @Test func `what is PromQL as well has the same plan`() throws {
    // MetricsQL, and the same in PromQL.
    let pairs = [
      ("median(foo)", "quantile(0.5, foo)"), ("sum(rate(foo))", "sum(rate(foo[5m]))"),
      ("rate(foo[2i])", "rate(foo[10m])"), ("foo default bar", "foo or bar"),
      ("foo if bar", "foo and bar"), ("foo ifnot on (x) bar", "foo unless on (x) bar"), ("(a, b)", "a or b"),
      (#"{a="b" or c="d"}"#, #"{a="b"} or {c="d"}"#),
      (#"rate(m{a="b" or c="d"}[5m])"#, #"rate(m{a="b"}[5m]) or rate(m{c="d"}[5m])"#),
      ("with (f(q) = sum(rate(q[1m]))) f(a) / f(b)", "sum(rate(a[1m])) / sum(rate(b[1m]))"),
      ("sum(a, b)", "sum(a or b)"), ("sum(rate(a[1m])) offset 1h", "sum(rate(a[1m] offset 1h))"),
      (#"label_set(a, "x", "y")"#, #"label_replace(a, "x", "y", "", "")"#),
      ("SUM(a) BY (b,)", "sum by (b) (a)"), ("a * 1.5Ki", "a * 1536"),
      ("increase_pure(a[1m])", "increase(a[1m])"), ("avg(a[5m])", "avg(last_over_time(a[5m]))"),
      ("max_over_time(rate(a[1m])[10m:1m])", "max_over_time(rate(a[1m])[10m:1m])"),
      ("rate(a[1h]) keep_metric_names", "rate(a[1h])"),
    ]
    let context = QueryContext(grid: Grid(instant: 0), isInstant: true)
    for (query, same) in pairs {
      let plan = try MetricsReading(Array(query.utf8), at: 0).plan
      let wanted = try Lowering.plan(try Expression.parse(same), in: context)
      // How far back samples are asked for is of no interest here.
      let reach = /\([-+.e0-9]+, [-+.e0-9]+\]/
      #expect(
        plan.description.replacing(reach, with: "") == wanted.description.replacing(reach, with: ""),
        "\(query)")
    }
  }

  @Test func `whatever is written, the answer is a plan or a problem within the text`() {
    let words = [
      "WITH", "(", ")", "{", "}", "[", "]", ",", "=", "a", "b", "rate", "sum", "topk", "label_set",
      "limit_offset", "histogram_share", "5m", "5i", "1e999", "1_", "-", "+", "^",
      "offset", "@", ":", "::", "by", "on", "group_left", "*", "prefix", "limit", "99999999999999999999",
      "\"x\"", "'", "\\", "\\x4", "keep_metric_names", "default",
      "if", "or", "=~", "bool", "start", "\u{FFFF}", "#", "inf", "fill", "\0", " ", "\n", "{{",
    ]
    var seed: UInt64 = 7
    func next(_ count: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % count
    }
    var read = 0
    for _ in 0..<20_000 {
      let text = (0...next(12)).map { _ in words[next(words.count)] }.joined(
        separator: next(3) == 0 ? "" : " ")
      if let problem = problem(text) {
        let range = problem.range ?? SourceRange(0, 0)
        #expect(range.start >= 0 && range.start <= range.end && range.end <= text.utf8.count, "\(text)")
      } else {
        read += 1
      }
    }
    #expect(read > 500)
  }

  @Test func `templates of templates do not grow without bound`() {
    let doubling = (1...40).map { "a\($0) = a\($0 - 1) + a\($0 - 1)" }.joined(separator: ", ")
    #expect(problem("with (a0 = foo, \(doubling)) a40")?.message.contains("too large") == true)
    for (open, close) in [("(", ")"), ("abs(", ")"), ("-", ""), ("with (a = ", ") a"), ("foo + (", ")")] {
      let deep = String(repeating: open, count: 20_000) + "foo" + String(repeating: close, count: 20_000)
      #expect(problem(deep) != nil, "\(open)")
    }
    #expect(problem(String(repeating: "foo + ", count: 50_000) + "foo") != nil)
  }
}
