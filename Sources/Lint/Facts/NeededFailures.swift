import PromQL
import TimeSeries

extension QuerySubject {
  /// The counters that exist from the first failed request on and without which the query yields nothing.
  var neededFailures: [SelectorPart] {
    guard !facts.nodes.isEmpty else { return [] }
    let needed = Set(neededFailures(facts.nodes.count - 1))
    return selectors.filter { needed.contains($0.index) }
  }

  /// The nodes of those below a part.
  private func neededFailures(_ index: Int) -> [Int] {
    let node = facts.nodes[index]
    let below = node.children.filter { child in
      switch facts.nodes[child].content {
      case .vector, .windows: true
      case .scalar, .string: false
      }
    }
    let all = { below.flatMap { neededFailures($0) } }
    switch node.content {
    case .scalar, .string: return []
    case .windows(let plan, _):
      guard case .select(let selector, _) = plan.form else { return all() }
      return countsFailures(selector, within: node.parent) ? [index] : []
    case .vector(let plan, _):
      switch plan.form {
      case .absent, .absentOverTime: return []
      case .arithmetic(_, _, _, let matching), .comparison(_, _, _, let matching, _),
        .trim(_, _, _, let matching):
        return matching.fillLeft == nil && matching.fillRight == nil ? all() : []
      case .set(.or, _, _, _):
        let sides = below.map { neededFailures($0) }
        return sides.contains(where: \.isEmpty) ? [] : sides.flatMap { $0 }
      case .set(.unless, _, _, _): return below.first.map { neededFailures($0) } ?? []
      default: return all()
      }
    }
  }

  /// Whether a window holds a counter of failed requests: a label says so, and its value was never seen
  /// before the first of them.
  private func countsFailures(_ selector: SelectorPlan, within parent: Int?) -> Bool {
    guard let parent, case .vector(let plan, _) = facts.nodes[parent].content,
      case .window(let function, _, _) = plan.form, [.rate, .increase, .irate].contains(function)
    else { return false }
    return RequestMeaning.kind(of: facts.matchers(selector)) == .failed
  }
}
