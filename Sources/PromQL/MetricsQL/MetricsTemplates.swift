/// The names that `WITH` gives to expressions, and what stands for them.
struct MetricsTemplates {
  struct Template {
    var parameters: [String]
    var body: MetricsNode
    /// Whether parentheses were written behind the name.
    var isFunction: Bool
  }

  private var found: [String: Template] = [:]
  /// How large an expression may become: templates of templates grow fast.
  static let sizeLimit = 20_000
  static let depthLimit = 150

  subscript(name: String) -> Template? {
    get { found[name] }
    set { found[name] = newValue }
  }

  /// What stands for a name, with arguments for its parameters.
  static func filled(
    _ template: Template, with arguments: [MetricsNode], at range: SourceRange
  ) throws(MetricsProblem) -> MetricsNode {
    if template.parameters.isEmpty { return template.body }
    let values = Dictionary(zip(template.parameters, arguments)) { first, _ in first }
    return try filled(template.body, values, range)
  }

  private static func filled(
    _ node: MetricsNode, _ values: [String: MetricsNode], _ range: SourceRange
  ) throws(MetricsProblem) -> MetricsNode {
    var children: [MetricsNode] = []
    let form: MetricsNode.Form
    switch node.form {
    case .number, .duration, .text: return node
    case .parameter(let name): return values[name] ?? node
    case .selector(var selector):
      if selector.isParameter, let name = selector.name, let value = values[name] {
        return try merged(selector, into: value, values, range)
      }
      try fill(&selector, values, range)
      form = .selector(selector)
    case .union(let parts):
      children = try filled(parts, values, range)
      form = .union(children)
    case .call(let function, let arguments, let aggregation):
      children = try filled(arguments, values, range)
      form = .call(function, children, aggregation)
    case .binary(var binary):
      binary.lhs = try filled(binary.lhs, values, range)
      binary.rhs = try filled(binary.rhs, values, range)
      children = [binary.lhs, binary.rhs]
      form = .binary(binary)
    case .negate(let inner):
      children = [try filled(inner, values, range)]
      form = .negate(children[0])
    case .timed(let inner, var timing):
      children = [try filled(inner, values, range)]
      if let at = timing.at {
        timing.at = try filled(at, values, range)
        children += timing.at.map { [$0] } ?? []
      }
      form = .timed(children[0], timing)
    }
    return try Self.node(form, node.range, children, range)
  }

  private static func filled(
    _ nodes: [MetricsNode], _ values: [String: MetricsNode], _ range: SourceRange
  ) throws(MetricsProblem) -> [MetricsNode] {
    var found: [MetricsNode] = []
    for node in nodes { found.append(try filled(node, values, range)) }
    return found
  }

  /// A node whose size and depth are within the limits.
  static func node(
    _ form: MetricsNode.Form, _ range: SourceRange, _ children: [MetricsNode], _ place: SourceRange
  ) throws(MetricsProblem) -> MetricsNode {
    let size = children.reduce(1) { $0 + $1.size }
    let depth = (children.map(\.depth).max() ?? 0) + 1
    guard size <= sizeLimit, depth <= depthLimit else {
      throw MetricsProblem("the query is too large, or nested too deeply, to be looked at", place)
    }
    return MetricsNode(form: form, range: range, size: size, depth: depth)
  }

  // MARK: Selectors

  /// `{a}` takes the filters of the selector `a`, and `{x=a}` the text.
  private static func fill(
    _ selector: inout MetricsSelector, _ values: [String: MetricsNode], _ range: SourceRange
  ) throws(MetricsProblem) {
    for alternative in selector.alternatives.indices {
      var filters: [MetricsSelector.Filter] = []
      for var filter in selector.alternatives[alternative] {
        if filter.operation == nil, let value = values[filter.label] {
          filters += try Self.filters(of: value, range)
          continue
        }
        filter.value = try filled(filter.value, values, range)
        filters.append(filter)
      }
      selector.alternatives[alternative] = filters
    }
  }

  /// The filters of what stands for a name in braces.
  static func filters(of node: MetricsNode, _ range: SourceRange) throws(MetricsProblem)
    -> [MetricsSelector.Filter]
  {
    if case .parameter = node.form { return [] }
    guard case .selector(let selector) = node.form, selector.name == nil, selector.alternatives.count == 1
    else {
      throw MetricsProblem("only filters can stand for a name in braces", range)
    }
    return selector.alternatives[0]
  }

  /// A name with braces behind it takes what stands for the name, which has to be a selector.
  static func merged(
    _ selector: MetricsSelector, into node: MetricsNode, _ values: [String: MetricsNode],
    _ range: SourceRange
  ) throws(MetricsProblem) -> MetricsNode {
    guard selector.hasBraces else { return node }
    switch node.form {
    case .selector(var base):
      var own = selector
      own.name = nil
      own.isParameter = false
      try fill(&own, values, range)
      base.alternatives = base.alternatives.flatMap { first in own.alternatives.map { first + $0 } }
      base.hasBraces = true
      return MetricsNode(form: .selector(base), range: node.range)
    case .timed(let inner, let timing):
      let merged = try merged(selector, into: inner, values, range)
      return try self.node(.timed(merged, timing), node.range, [merged], range)
    case .parameter:
      // Looked at when the parameter has a value.
      var selector = selector
      selector.isParameter = true
      return MetricsNode(form: .selector(selector), range: range)
    case .number, .duration, .text, .union, .call, .binary, .negate:
      throw MetricsProblem("braces stand behind a name that is no selector", range)
    }
  }
}
