import PromQL

/// Queries that tell what the value of a check stands on, made from the text of its query: how many
/// series and samples its selectors found, and how many requests its rates count.
public struct BasisQueries: Sendable, Hashable {
  /// How far the windows look back from the time of evaluation, offsets included, in milliseconds; 0
  /// without a window. Durations that are expressions count as 0.
  public var reach: Int64
  /// One number: the series of all selectors; nil where there is no selector.
  public var series: String?
  /// One number: the samples in all windows, one for each series of an instant selector.
  public var samples: String?
  /// One number: the requests in the windows. Nil where they cannot be counted: the query is neither a
  /// ratio over rates nor a quantile over classic buckets.
  public var requests: String?
  /// Whether `requests` is what the value is a share of, rather than what it is a quantile of.
  public var countsShare: Bool

  /// Nil when the text is no query.
  public init?(of query: String) {
    guard let expression = try? Expression.parse(query) else { return nil }
    let reader = BasisReader(expression: expression)
    reach = reader.reach(expression.root)
    let selectors = reader.selectors(expression.root)
    series = Self.sum(selectors.map { "count(\($0.isWindow ? "count_over_time(\($0.text))" : $0.text))" })
    samples = Self.sum(
      selectors.map { $0.isWindow ? "sum(count_over_time(\($0.text)))" : "count(\($0.text))" })
    (requests, countsShare) = reader.requests(expression.root)
  }

  /// Asks the queries.
  /// - Parameter value: the value of a query; nil when it has none.
  func basis(_ value: (String) -> Double?) -> CheckEvidence.Basis {
    CheckEvidence.Basis(
      reach: reach, series: series.flatMap(value).flatMap { Int(exactly: $0) },
      samples: samples.flatMap(value).flatMap { Int(exactly: $0) }, requests: requests.flatMap(value))
  }

  private static func sum(_ terms: [String]) -> String? {
    if terms.isEmpty { return nil }
    return terms.map { "(\($0) or vector(0))" }.joined(separator: " + ")
  }
}

private struct BasisReader {
  let expression: Expression

  struct Selector: Hashable {
    var text: String
    var isWindow: Bool
  }

  func text(_ node: Expression.NodeID) -> String {
    String(decoding: expression.source(of: node), as: UTF8.self)
  }

  /// The outermost windows and the instant selectors, each once, in the order of the text.
  func selectors(_ node: Expression.NodeID) -> [Selector] {
    var found: [Selector] = []
    var pending = [node]
    while let id = pending.popLast() {
      let selector: Selector
      switch expression[id].form {
      case .selector: selector = Selector(text: text(id), isWindow: false)
      case .matrix, .subquery: selector = Selector(text: text(id), isWindow: true)
      case .number, .string: continue
      case .aggregation, .binary, .call, .parenthesis, .unary:
        pending += expression.children(of: id).reversed()
        continue
      }
      if !found.contains(selector) { found.append(selector) }
    }
    return found
  }

  func reach(_ root: Expression.NodeID) -> Int64 {
    var furthest: Int64 = 0
    var pending = [(node: root, beyond: Int64(0))]
    while let (node, beyond) = pending.popLast() {
      var inside = beyond
      switch expression[node].form {
      case .matrix(let selector, let range):
        inside += milliseconds(range)
        if case .selector(let selector) = expression[selector].form {
          inside += milliseconds(selector.time.offset)
        }
        furthest = max(furthest, inside)
        continue
      case .subquery(let subquery):
        inside += milliseconds(subquery.range) + milliseconds(subquery.time.offset)
        furthest = max(furthest, inside)
      case .number, .string, .selector, .aggregation, .binary, .call, .parenthesis, .unary: break
      }
      pending += expression.children(of: node).map { ($0, inside) }
    }
    return furthest
  }

  private func milliseconds(_ duration: Expression.Duration?) -> Int64 {
    if case .literal(let nanoseconds) = duration { max(0, nanoseconds / 1_000_000) } else { 0 }
  }

  // MARK: Requests

  /// Follows the value to what it is a share or a quantile of.
  func requests(_ root: Expression.NodeID) -> (query: String?, isShare: Bool) {
    var node = root
    while true {
      switch expression[node].form {
      case .number, .string, .selector, .matrix, .subquery: return (nil, false)
      case .parenthesis(let inner), .unary(_, let inner): node = inner
      case .aggregation(let aggregation): node = aggregation.vector
      case .binary(let binary):
        if binary.operation == .divide, let total = counted(binary.rhs) {
          return (total, isCount(of: binary.lhs, like: binary.rhs))
        }
        // `100 * ratio`, `1 - ratio`, `ratio or vector(0)`, `ratio > 1`.
        let sides = [binary.lhs, binary.rhs].filter { expression[$0].type == .instantVector }
        guard let first = sides.first else { return (nil, false) }
        if sides.count == 2, binary.operation != .or, binary.operation != .and { return (nil, false) }
        node = first
      case .call(let call):
        if call.function == .histogramQuantile { return (buckets(call.arguments.last), false) }
        guard let inner = call.arguments.first(where: { expression[$0].type == .instantVector })
        else { return (nil, false) }
        node = inner
      }
    }
  }

  /// Whether a dividend counts some of what the divisor counts: rates of the same metrics. (A sum of
  /// seconds over a count of requests is a mean, not a share.)
  private func isCount(of part: Expression.NodeID, like whole: Expression.NodeID) -> Bool {
    let names = Set(rates(in: part).compactMap(metric))
    return !names.isEmpty && names.isSubset(of: Set(rates(in: whole).compactMap(metric)))
  }

  private func metric(_ call: Expression.NodeID) -> String? {
    guard case .call(let rate) = expression[call].form, let window = rate.arguments.first,
      case .matrix(let id, _) = expression[expression.unwrapped(window)].form,
      case .selector(let selector) = expression[id].form
    else { return nil }
    return selector.name
  }

  /// The increase of what a divisor counts: its rates, over the same windows.
  private func counted(_ node: Expression.NodeID) -> String? {
    let calls = rates(in: node)
    guard !calls.isEmpty else { return nil }
    return "sum(\(rewritten(node, calls.map { ($0, "increase") })))"
  }

  /// All requests of a classic histogram: the largest bucket of each series.
  private func buckets(_ node: Expression.NodeID?) -> String? {
    guard let node else { return nil }
    var terms: [String] = []
    for call in rates(in: node) {
      guard case .call(let rate) = expression[call].form, let window = rate.arguments.first,
        case .matrix(let id, _) = expression[expression.unwrapped(window)].form,
        case .selector(let selector) = expression[id].form, let name = selector.name,
        name.hasSuffix("_bucket")
      else { return nil }
      let argument = text(window)
      let counts =
        argument.contains("{")
        ? argument.replacing("{", with: "{le=\"+Inf\",", maxReplacements: 1)
        : argument.replacing(name, with: name + "{le=\"+Inf\"}", maxReplacements: 1)
      terms.append("sum(increase(\(counts)))")
    }
    return terms.isEmpty ? nil : terms.joined(separator: " + ")
  }

  /// Calls of `rate`, `irate` and `increase`, in the order of the text.
  private func rates(in node: Expression.NodeID) -> [Expression.NodeID] {
    var found: [Expression.NodeID] = []
    var pending = [node]
    while let id = pending.popLast() {
      if case .call(let call) = expression[id].form,
        [.rate, .irate, .increase].contains(call.function)
      {
        found.append(id)
      } else {
        pending += expression.children(of: id).reversed()
      }
    }
    return found
  }

  /// The text of a node, with other names for some of the functions that it calls.
  private func rewritten(
    _ node: Expression.NodeID, _ names: [(call: Expression.NodeID, name: String)]
  ) -> String {
    let whole = expression[node].range
    var bytes: [UInt8] = []
    var position = whole.start
    for (call, name) in names.sorted(by: { expression[$0.call].range.start < expression[$1.call].range.start }
    ) {
      let start = expression[call].range.start
      bytes += expression.text[position..<start]
      bytes += Array(name.utf8)
      position = start
      while position < whole.end, isNamePart(expression.text[position]) { position += 1 }
    }
    bytes += expression.text[position..<whole.end]
    return String(decoding: bytes, as: UTF8.self)
  }

  private func isNamePart(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
  }
}
