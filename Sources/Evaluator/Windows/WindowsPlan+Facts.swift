import PromQL

extension WindowsPlan {
  /// Where annotations point: Prometheus puts an evaluated subquery in the place of the written one, which
  /// stands nowhere.
  var annotationSite: SourceRange {
    switch form {
    case .select: site
    case .subquery: SourceRange(0, 0)
    }
  }

  /// The length of the window, milliseconds.
  var range: Int64 {
    switch form {
    case .select(_, let range): range
    case .subquery(let subquery): subquery.range
    }
  }

  /// What all series are called; nil when that differs, or is not known.
  var metricName: String? {
    if case .select(let selector, _) = form { selector.metricName } else { nil }
  }

  var edges: SelectorPlan.Extension {
    switch form {
    case .select(let selector, _): selector.edges
    case .subquery: .none
    }
  }
}

extension SubqueryPlan {
  /// The steps of the inner expression: the multiples of the step within the windows of all outer
  /// steps (promql-evaluation.md §2.4).
  func grid(for outer: Grid) -> Grid {
    let first = Self.firstStep(after: time.reference(step: outer.start), range: range, step: step)
    let last = time.reference(step: outer.time(max(0, outer.count - 1)))
    return Grid(start: first, end: last, step: step)
  }
}
