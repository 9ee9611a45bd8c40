/// The steps of a query: `start, start + step, …` up to and including `end`, milliseconds.
public struct Grid: Sendable, Hashable {
  public var start: Int64
  public var end: Int64
  /// Positive; of no matter when there is one step.
  public var step: Int64

  /// `end` before `start` makes an empty grid.
  public init(start: Int64, end: Int64, step: Int64) {
    self.start = start
    self.end = end
    self.step = step
  }

  /// The one step of an instant query.
  public init(instant: Int64) { self.init(start: instant, end: instant, step: 1) }

  /// How many steps there are.
  public var count: Int { end < start ? 0 : Int((end - start) / max(1, step)) + 1 }

  /// The time of a step.
  public func time(_ index: Int) -> Int64 { start + Int64(index) * step }
}

/// What lowering has to know of the query: its steps and the switches of the language.
public struct QueryContext: Sendable, Hashable {
  /// The query's own steps (`start()`, `end()`, `range()`, `step()`, `@ start()`, `@ end()`).
  public var grid: Grid
  /// Whether the query was asked as an instant query (`step()` is then 0).
  public var isInstant: Bool
  /// How far back an instant selector looks, milliseconds.
  public var lookback: Int64
  /// The step of a subquery that names none, milliseconds.
  public var defaultSubqueryStep: Int64

  public init(
    grid: Grid, isInstant: Bool, lookback: Int64 = 300_000, defaultSubqueryStep: Int64 = 60_000
  ) {
    self.grid = grid
    self.isInstant = isInstant
    self.lookback = lookback
    self.defaultSubqueryStep = defaultSubqueryStep
  }
}
