import PromQL
public import TimeSeries

/// A query that is read and planned for its steps: what is left is to fetch and to evaluate.
public struct PreparedQuery: Sendable {
  enum State: Sendable {
    case planned(Plan)
    /// Nested so deep that it is planned where there is stack for it.
    case deep
  }

  let parsed: ParsedQuery
  let context: QueryContext
  let state: State
  /// What the tree and the plan take, given back with the query.
  private let memory: MemoryAccount

  init(_ parsed: ParsedQuery, _ context: QueryContext, _ state: State, _ memory: MemoryAccount) {
    self.memory = memory
    self.parsed = parsed
    self.context = context
    self.state = state
  }

  /// Whether answering takes no more than about a millisecond, by a guess on the high side from what the
  /// source says of its series; false where it says nothing. Costs a few lookups.
  public func isQuick(over source: any SeriesSource) -> Bool {
    guard case .planned(let plan) = state, !parsed.expression.hasSubquery else { return false }
    let steps = Double(context.grid.count)
    var nanoseconds = 20 * steps * Double(parsed.expression.nodes.count)
    for selection in plan.selections {
      guard let series = source.bound(selection.matchers) else { return false }
      // A series is found, decoded and added up; a step of it computed and written; a window read.
      let seconds = Double(selection.through) / 1000 - Double(selection.after) / 1000
      nanoseconds += Double(series) * (500 + 60 * steps + seconds)
    }
    return nanoseconds <= 1e6
  }
}
