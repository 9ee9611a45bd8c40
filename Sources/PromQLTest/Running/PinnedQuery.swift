import PromQL

/// A query whose answer does not depend on when it is asked, and when to ask (promqltest.md §5).
struct PinnedQuery {
  /// The rewritten query in canonical form.
  let text: [UInt8]
  /// Milliseconds.
  let times: [Int64]

  /// Nil when the query looks at the time of its evaluation.
  init?(_ query: [UInt8], at time: Int64) {
    guard let expression = try? Expression.parse(query), let text = expression.pinned(at: time) else {
      return nil
    }
    self.text = Array(text.utf8)
    times = time == 0 ? [-1000, 0, 1000] : [-10 * time, 0, time / 5, time, 10 * time]
  }
}
