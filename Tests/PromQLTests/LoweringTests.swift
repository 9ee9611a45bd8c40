import PromQL
import Testing
import TimeSeries

struct LoweringTests {
  private static let instant = QueryContext(grid: Grid(instant: 1_000_000), isInstant: true)
  /// 1000 s to 1600 s by minutes; the last step is 1600.
  private static let range = QueryContext(
    grid: Grid(start: 1_000_000, end: 1_650_000, step: 60_000), isInstant: false)

  private func plan(_ query: String, _ context: QueryContext) -> String {
    do throws(ParseFailure) {
      let expression = try Expression.parse(query)
      do throws(LoweringError) { return "\(try Lowering.plan(expression, in: context))" } catch {
        return "error: \(error)"
      }
    } catch {
      return "error: \(error)"
    }
  }

  private func check(
    _ context: QueryContext, _ table: [(String, String)], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (query, text) in table {
      #expect(plan(query, context) == text, "\(query)", sourceLocation: sourceLocation)
    }
  }

  @Test func `a selector needs its lookback, a range its window, both shifted`() {
    check(
      Self.range,
      [
        ("up", "select {__name__=\"up\"} (700, 1600]"),
        ("up{a=\"b\"} offset 10m", "select {a=\"b\",__name__=\"up\"} (100, 1000] offset 10m"),
        ("up offset -1m", "select {__name__=\"up\"} (760, 1660] offset -1m"),
        ("up smoothed", "select {__name__=\"up\"} (700, 1900] smoothed"),
        ("up anchored", "select {__name__=\"up\"} (700, 1600] anchored"),
        (
          "rate(up[2m])",
          """
          rate
            windows 2m {__name__="up"} (880, 1600]
          """
        ),
        (
          "increase(up[2m] anchored)",
          """
          increase
            windows 2m {__name__="up"} (580, 1600] anchored
          """
        ),
        (
          "delta(up[2m] smoothed offset 1m)",
          """
          delta
            windows 2m {__name__="up"} (520, 1840] offset 1m smoothed
          """
        ),
      ])
  }

  @Test func `a subquery's inner steps are multiples of its step inside the windows`() {
    check(
      Self.instant,
      [
        (
          "max_over_time(up[10m:3m])",
          """
          max_over_time
            subquery 10m step 3m
              select {__name__="up"} (240, 900]
          """
        ),
        (
          "max_over_time(rate(up[1m])[5m:] offset 30s)",
          """
          max_over_time
            subquery 5m step 1m offset 30s
              rate
                windows 1m {__name__="up"} (660, 960]
          """
        ),
        (
          "up[1m:10m]",
          """
          subquery 1m step 10m
            select {__name__="up"} (900, 900]
          """
        ),
        (
          "max_over_time(min_over_time(up[2m:1m])[4m:2m])",
          """
          max_over_time
            subquery 4m step 2m
              min_over_time
                subquery 2m step 1m
                  select {__name__="up"} (480, 960]
          """
        ),
        (
          "max_over_time(up[2m:50s] @ -100)",
          """
          pinned
            max_over_time
              subquery 2m step 50s @ -100
                select {__name__="up"} (-500, -100]
          """
        ),
      ])
  }

  @Test func `the topmost parts that do not depend on the step are pinned, literals are not`() {
    check(
      Self.range,
      [
        ("up @ 500", "pinned\n  select {__name__=\"up\"} (200, 500] @ 500"),
        (
          "up @ start() + 1 + 2",
          """
          pinned
            arithmetic +
              arithmetic +
                select {__name__="up"} (700, 1000] @ 1000
                number 1
              number 2
          """
        ),
        (
          "up @ end() + down",
          """
          arithmetic +
            pinned
              select {__name__="up"} (1350, 1650] @ 1650
            select {__name__="down"} (700, 1600]
          """
        ),
        (
          "topk(scalar(k), up @ 60)",
          """
          pinned
            topk
              scalar
                select {__name__="k"} (700, 1000]
              select {__name__="up"} (-240, 60] @ 60
          """
        ),
        (
          "predict_linear(up[5m] @ 100, 60)",
          """
          predict_linear
            windows 5m {__name__="up"} (-200, 100] @ 100
            number 60
          """
        ),
        (
          "timestamp(up @ 10) + timestamp(-up @ 10)",
          """
          arithmetic +
            pinned
              timestamp
                select {__name__="up"} (-290, 10] @ 10
            timestamp
              pinned
                negate
                  select {__name__="up"} (-290, 10] @ 10
          """
        ),
        (
          "timestamp(+up)",
          """
          timestamp
            plus
              select {__name__="up"} (700, 1600]
          """
        ),
        (
          "max_over_time((up @ 10)[2m:1m])",
          """
          max_over_time
            subquery 2m step 1m
              pinned
                select {__name__="up"} (-290, 10] @ 10
          """
        ),
        (
          "max_over_time(vector(1)[2m:1m])",
          """
          max_over_time
            subquery 2m step 1m
              pinned
                vector
                  number 1
          """
        ),
        ("scalar(up @ 1)", "pinned\n  scalar\n    select {__name__=\"up\"} (-299, 1] @ 1"),
        ("5", "number 5"),
      ])
  }

  @Test func `what the query knows of itself becomes numbers`() {
    check(
      Self.range,
      [
        ("start()", "number 1000"), ("end()", "number 1650"), ("step()", "number 60"),
        ("range()", "number 650"), ("pi()", "number 3.141592653589793"), ("time()", "time"),
        (
          "rate(up[step() * 2 + 30] offset range())",
          """
          rate
            windows 2m30s {__name__="up"} (200, 950] offset 10m50s
          """
        ),
      ])
    check(Self.instant, [("step()", "number 0"), ("range()", "number 0"), ("start()", "number 1000")])
  }

  @Test func `arguments that were left out are filled in`() {
    check(
      Self.instant,
      [
        ("round(up)", "round\n  select {__name__=\"up\"} (700, 1000]\n  number 1"),
        ("hour()", "hour"),
        ("sum by (a, `b c`) (up)", "sum by (a, \"b c\")\n  select {__name__=\"up\"} (700, 1000]"),
        ("count_values(\"v\", up)", "count_values \"v\"\n  select {__name__=\"up\"} (700, 1000]"),
        (
          "absent(up{a=\"1\", b!=\"2\", c=\"3\", c=\"4\", d=~\"x\"})",
          """
          absent {a="1"}
            select {a="1",b!="2",c="3",c="4",d=~"x",__name__="up"} (700, 1000]
          """
        ),
        ("absent(sum(up{a=\"1\"}))", "absent {}\n  sum\n    select {a=\"1\",__name__=\"up\"} (700, 1000]"),
        (
          "absent_over_time(up{a!~\"x\", a=\"1\"}[5m])",
          """
          absent_over_time {a="1"}
            windows 5m {a!~"x",a="1",__name__="up"} (700, 1000]
          """
        ),
        (
          "info(rate(up[1m] offset 5m))",
          """
          info
            rate
              windows 1m {__name__="up"} (640, 700] offset 5m
            select {__name__="target_info"} (400, 700] offset 5m
          """
        ),
        (
          "info(up, {data=\"x\", __name__!=\"no\"})",
          """
          info
            select {__name__="up"} (700, 1000]
            select {__name__!="no",__name__=~".+_info",data="x"} (700, 1000]
          """
        ),
        (
          "info(max_over_time(up[5m:] @ 100 offset 1m))",
          """
          pinned
            info
              max_over_time
                subquery 5m step 1m @ 100 offset 1m
                  select {__name__="up"} (-540, 0]
              select {__name__="target_info"} (-260, 40] @ 100 offset 1m
          """
        ),
        (
          "a / on (x) group_left (y) fill_right (0) b > bool 2",
          """
          comparison > bool
            arithmetic / on (x) group_left (y) fill_right (0)
              select {__name__="a"} (700, 1000]
              select {__name__="b"} (700, 1000]
            number 2
          """
        ),
        (
          "2 - a and ignoring (x) b",
          """
          set and ignoring (x)
            arithmetic -
              number 2
              select {__name__="a"} (700, 1000]
            select {__name__="b"} (700, 1000]
          """
        ),
      ])
  }

  @Test func `only counts and sums are read where nothing asks for buckets`() {
    let table: [(String, Bool)] = [
      ("up", false), ("histogram_count(up)", true), ("histogram_sum(rate(up[1m]))", true),
      ("histogram_avg(sum(up) + 1)", true), ("histogram_stddev(up)", false),
      ("histogram_count(histogram_quantile(0.5, up))", false),
      ("histogram_quantile(0.5, histogram_count(up))", false),
      ("histogram_quantile(scalar(histogram_count(up)), vector(1))", false),
      ("max_over_time(histogram_count(up)[5m:1m])", true),
      ("histogram_count(max_over_time(up[5m:1m]))", false),
      ("histogram_count(up >/ 2)", false), ("histogram_count(abs(up))", true),
    ]
    for (query, reads) in table where !query.hasPrefix("max_over_time") {
      #expect(plan(query, Self.instant).contains(" statistics") == reads, "\(query)")
    }
    // A subquery around the call forbids it too.
    #expect(!plan("max_over_time(histogram_count(up)[5m:1m])", Self.instant).contains(" statistics"))
  }

  @Test func `queries that cannot be planned say why in Prometheus' words`() {
    check(
      Self.range,
      [
        (
          "up[5m]",
          "error: invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"
        ),
        (
          "\"a\"",
          "error: invalid expression type \"string\" for range query, must be Scalar or instant Vector"
        ),
        ("rate(up[1m - 60])", "error: 8:15: duration must be greater than 0"),
        ("rate(up[1m / (step() - 60)])", "error: 8:25: division by zero"),
        ("rate(up[1m % (step() - 60)])", "error: 8:25: modulo by zero"),
        ("up offset (2 ^ 2000)", "error: 11:19: duration is NaN or infinite"),
        ("up offset (1y * 300)", "error: 11:19: duration is out of range"),
        ("rate(up[(0)])", "error: 8:10: duration must be greater than 0"),
      ])
  }

  @Test func `what is switched off in the engine is refused`() throws {
    let table: [(LanguageFeature, String, String)] = [
      (.atModifier, "sum(up @ 5)", "@ modifier is disabled"),
      (.atModifier, "max_over_time(up[5m:] @ end())", "@ modifier is disabled"),
      (.negativeOffset, "rate(up[5m] offset -1m)", "negative offset is disabled"),
    ]
    for (feature, query, message) in table {
      let expression = try Expression.parse(query)
      do throws(LoweringError) {
        _ = try Lowering.plan(expression, in: Self.instant, features: .all.subtracting([feature]))
        Issue.record("\(query) was planned")
      } catch {
        #expect(error.description == message)
      }
      _ = try Lowering.plan(expression, in: Self.instant)
    }
  }

  @Test func `numbers at the ends of time do not trap`() throws {
    let queries = [
      "up @ 9e18", "up @ -9e15 offset 292y", "rate(up[292y] @ -9e15 offset 292y)", "up offset -292y",
      "max_over_time(up[292y:1ms] @ -9e15)", "max_over_time(up[292y:292y] @ 9e15 offset -292y)",
      "up offset NaN", "info(up @ -9e15 offset 292y)",
    ]
    for query in queries {
      for start in [Int64.min, -1, Int64.max - 1] {
        let grid = Grid(start: start, end: start &+ 1, step: 1)
        let expression = try Expression.parse(query)
        #expect(expression.description.utf8.count > 0)
        let plan = try Lowering.plan(expression, in: QueryContext(grid: grid, isInstant: false))
        #expect(plan.selections.allSatisfy { $0.matchers.count == 1 }, "\(query)")
      }
    }
  }
}
