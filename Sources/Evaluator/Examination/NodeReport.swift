public import PromQL

/// What one part of a query yields, and why nothing where it yields nothing.
public struct NodeReport: Sendable {
  /// What a part evaluates to.
  public enum Yield: Sendable {
    case scalar(Double)
    /// Series with one sample each; the first few of them.
    case series(count: Int, shown: [VectorSample])
    /// Series with windows of samples; how many samples in all, and the first few series.
    case windows(count: Int, samples: Int, shown: [MatrixSeries])
    case failed(String)
  }

  /// Which part.
  public var node: Expression.NodeID
  /// How deep it stands: 0 for the whole query.
  public var level: Int
  /// When it was evaluated, milliseconds; parts of a subquery at its last step.
  public var time: Int64
  public var yields: Yield
  /// Why it is empty or NaN; empty when it is neither.
  public var findings: [DataFinding]
}

extension Examination {
  /// Every part of the query in the order of the tree: the whole first, parentheses and literals left
  /// out. Costs an evaluation a part, and the examination of those that have no value. Parts beyond
  /// `limit` are left out; `shown` rows of each are kept.
  public func reports(shown: Int = 3, limit: Int = 200) -> [NodeReport] {
    var reports: [NodeReport] = []
    var open = [(node: expression.root, level: 0, time: time)]
    while let (node, level, time) = open.popLast(), reports.count < limit {
      var part = Examination(expression, at: time, over: source, engine: engine)
      var inside = time
      switch expression[node].form {
      case .number, .string: continue
      case .parenthesis:
        open.append((expression.unwrapped(node), level, time))
        continue
      case .subquery(let subquery): inside = part.reference(subquery.time) ?? time
      case .selector, .matrix, .aggregation, .binary, .call, .unary: break
      }
      let yields = part.yields(node, shown: shown)
      reports.append(
        NodeReport(
          node: node, level: level, time: time, yields: yields,
          findings: yields.hasValue ? [] : part.findings(node)))
      if case .matrix = expression[node].form { continue }
      open += expression.children(of: node).reversed().map { ($0, level + 1, inside) }
    }
    return reports
  }

  private func yields(_ node: Expression.NodeID, shown: Int) -> NodeReport.Yield {
    do {
      switch try engine.instant(Array(expression.source(of: node)), at: time, over: source).value {
      case .scalar(_, let value): return .scalar(value)
      case .string: return .failed("a string")
      case .vector(_, let samples):
        return .series(count: samples.count, shown: Array(samples.prefix(shown)))
      case .matrix(let series):
        let samples = series.reduce(0) { $0 + $1.values.count + $1.histograms.count }
        return .windows(count: series.count, samples: samples, shown: Array(series.prefix(shown)))
      }
    } catch {
      return .failed("\(error)")
    }
  }
}

extension NodeReport.Yield {
  /// Whether there is a value that is not NaN among those that are shown.
  var hasValue: Bool {
    switch self {
    case .scalar(let value): !value.isNaN
    case .series(_, let shown):
      shown.contains { sample in
        switch sample.value {
        case .float(let value): !value.isNaN
        case .histogram: true
        }
      }
    case .windows(let count, _, _): count > 0
    case .failed: true
    }
  }
}
