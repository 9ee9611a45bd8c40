import PromQL
import Testing

/// A plan that is moved to other steps is the plan that lowering makes for them.
struct MovedPlanTests {
  private static let pairs: [(QueryContext, QueryContext)] = [
    (
      QueryContext(grid: Grid(instant: 1_000_000), isInstant: true),
      QueryContext(grid: Grid(instant: 7_654_321), isInstant: true)
    ),
    (
      QueryContext(grid: Grid(start: 1_000_000, end: 1_650_000, step: 60_000), isInstant: false),
      QueryContext(grid: Grid(start: -30_000_001, end: -29_350_001, step: 60_000), isInstant: false)
    ),
  ]

  private func text(_ query: String, _ context: QueryContext) throws -> String {
    "\(try Lowering.plan(try Expression.parse(query), in: context))"
  }

  private func movedText(_ query: String, from old: QueryContext, to new: QueryContext) throws -> String? {
    let plan = try Lowering.plan(try Expression.parse(query), in: old)
    return plan.moved(from: old, to: new).map { "\($0)" }
  }

  @Test(arguments: [
    "1 + 1", "time()", "up", "up offset 5m", "up offset -5m", "rate(up[5m])", "up smoothed", "rate(up[5m] anchored)",
    "sum by (a) (rate(a_total{b!=\"c\"}[1m] offset 1h)) / on (a) group_left up", "absent(up)", "vector(range())",
    "rate(up[range() + 60])", "rate(up[step() + 60])", "timestamp(up)", "predict_linear(up[1h], time())", "info(up)",
    "histogram_quantile(0.9, sum by (le) (rate(b_bucket[1m])))", "-up", "scalar(up) > bool 1", "day_of_week()",
  ])
  func `what is not bound to time moves`(_ query: String) throws {
    #expect(!(try Expression.parse(query).isBoundToTime))
    for (old, new) in Self.pairs {
      #expect(try movedText(query, from: old, to: new) == text(query, new))
    }
  }

  @Test(arguments: [
    "up @ 100", "up @ start()", "rate(up[5m] @ end())", "vector(start())", "up > end()", "max_over_time(up[1h:1m])",
    "sum(max_over_time((up > 1)[1h:]))", "rate(up[1m] @ 5 offset 1m)",
  ])
  func `what is bound to time is known to be`(_ query: String) throws {
    #expect(try Expression.parse(query).isBoundToTime)
  }

  @Test func `an anchor does not move`() throws {
    let (old, new) = Self.pairs[0]
    #expect(try movedText("up @ 100", from: old, to: new) != text("up @ 100", new))
    #expect(try movedText("vector(start())", from: old, to: new) != text("vector(start())", new))
  }

  @Test func `contexts that differ in more need a plan of their own`() throws {
    let (instant, range) = (Self.pairs[0].0, Self.pairs[1].0)
    var longer = range
    longer.grid.end += 60_000
    var lookback = range
    lookback.lookback = 60_000
    var ends = instant
    ends.grid = Grid(instant: .max)
    for (old, new) in [(instant, range), (range, longer), (range, lookback), (instant, ends), (ends, instant)] {
      #expect(try movedText("up", from: old, to: new) == nil)
    }
  }
}
