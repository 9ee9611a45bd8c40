public import TimeSeries

/// What was written: a query as a flat arena of nodes in post-order (children before parents, in
/// the order of the text, the root last), each with its range in the text, parentheses included.
///
/// A value of this type has passed all checks of types: `Expression.parse` is the only way to one.
/// Nothing in it is nested, so neither depth nor size can overflow a stack.
public struct Expression: Sendable {
  /// A node's place in the arena.
  public struct NodeID: Sendable, Hashable, Comparable {
    public let rawValue: Int32

    init(_ index: Int) { rawValue = Int32(truncatingIfNeeded: index) }

    /// Index into `Expression.nodes`.
    public var index: Int { Int(rawValue) }

    public static func < (lhs: NodeID, rhs: NodeID) -> Bool { lhs.rawValue < rhs.rawValue }
  }

  /// A part of the expression.
  public struct Node: Sendable {
    public var form: Form
    /// From the first byte to behind the last (promql-syntax.md §3), modifiers included.
    public var range: SourceRange
    public var type: ValueType
  }

  /// The query's text.
  public let text: [UInt8]
  /// All nodes, in post-order.
  public internal(set) var nodes: [Node] = []
  /// The nodes of all duration expressions, children before parents.
  public internal(set) var durations: [DurationNode] = []
  /// Where the text has comments, `#` included.
  public internal(set) var comments: [SourceRange] = []

  init(text: [UInt8]) { self.text = text }

  /// The whole expression: the last node.
  public var root: NodeID { NodeID(nodes.count - 1) }

  public subscript(_ id: NodeID) -> Node { nodes[id.index] }

  /// Whether anything in it is evaluated on steps of its own.
  public var hasSubquery: Bool {
    nodes.contains { if case .subquery = $0.form { true } else { false } }
  }

  /// Whether its meaning depends on when it is asked for by more than the distance to then: it says `@`,
  /// `start()` or `end()`, or has steps of its own, which are multiples since the epoch.
  public var isBoundToTime: Bool {
    nodes.contains { node in
      switch node.form {
      case .subquery: true
      case .selector(let selector): selector.time.at != nil
      case .call(let call):
        switch call.function.facts.family {
        case .query(.start), .query(.end): true
        default: false
        }
      case .number, .string, .matrix, .aggregation, .binary, .parenthesis, .unary: false
      }
    }
  }

  public subscript(_ id: DurationID) -> DurationNode { durations[id.index] }

  /// The bytes of a node's source.
  public func source(of id: NodeID) -> ArraySlice<UInt8> {
    let range = nodes[id.index].range
    let start = max(0, min(range.start, text.count))
    return text[start..<max(start, min(range.end, text.count))]
  }

  /// The nodes directly below, in the order of checks and traversals: an aggregation's vector comes
  /// before its parameter. Duration expressions are no children.
  public func children(of id: NodeID) -> [NodeID] {
    switch nodes[id.index].form {
    case .number, .string, .selector: []
    case .matrix(let selector, _): [selector]
    case .subquery(let subquery): [subquery.expression]
    case .aggregation(let aggregation):
      if let parameter = aggregation.parameter {
        [aggregation.vector, parameter]
      } else {
        [aggregation.vector]
      }
    case .binary(let binary): [binary.lhs, binary.rhs]
    case .call(let call): call.arguments
    case .parenthesis(let inner): [inner]
    case .unary(_, let operand): [operand]
    }
  }

  /// The node inside any number of parentheses. Linear in their number.
  public func unwrapped(_ id: NodeID) -> NodeID {
    var id = id
    while case .parenthesis(let inner) = nodes[id.index].form { id = inner }
    return id
  }
}

extension Expression {
  /// The forms of a node.
  public enum Form: Sendable {
    /// A number or duration literal, a sign in front folded into it. Durations count seconds.
    case number(Double, isDuration: Bool)
    /// The bytes that the literal stands for; any bytes.
    case string([UInt8])
    case selector(Selector)
    /// A range vector: the node of the selector, which keeps all modifiers.
    case matrix(NodeID, range: Duration)
    case subquery(Subquery)
    case aggregation(Aggregation)
    case binary(Binary)
    case call(Call)
    case parenthesis(NodeID)
    case unary(UnaryOperator, NodeID)
  }

  /// A matcher as written.
  public struct Matcher: Sendable {
    /// The label's name; any bytes when it was quoted.
    public var name: [UInt8]
    /// Any bytes.
    public var value: [UInt8]
    /// The compiled matcher. Bytes that are no UTF-8 appear in it as U+FFFD.
    public var compiled: LabelMatcher
  }

  /// An instant vector selector.
  public struct Selector: Sendable {
    /// The name in front of the braces; nil when there is none.
    public var name: String?
    /// In the order of the text; the name in front of the braces comes last.
    public var matchers: [Matcher]
    public var time = TimeModifiers()
    public var edges = SelectorPlan.Extension.none
  }

  /// `offset` and `@`.
  public struct TimeModifiers: Sendable, Hashable {
    /// What stands after `offset`; nil when nothing does, or a literal zero.
    public var offset: Duration?
    public var at: At?
  }

  /// What stands after `@`.
  public enum At: Sendable, Hashable {
    /// Milliseconds since the epoch.
    case time(Int64)
    case start, end
  }

  /// A range, step or offset.
  public enum Duration: Sendable, Hashable {
    /// Nanoseconds.
    case literal(Int64)
    case expression(DurationID)
  }

  /// `expression[range:step]`
  public struct Subquery: Sendable {
    public var expression: NodeID
    public var range: Duration
    /// Nil: the default step.
    public var step: Duration?
    public var time = TimeModifiers()
  }

  public struct Aggregation: Sendable {
    public var operation: AggregationOperator
    public var vector: NodeID
    /// The argument in front of the vector, for operators that take one.
    public var parameter: NodeID?
    public var grouping: AggregationPlan.Grouping
  }

  public struct Binary: Sendable {
    public var operation: BinaryOperator
    public var lhs: NodeID
    public var rhs: NodeID
    /// Whether `bool` was written.
    public var returnsBool: Bool
    /// How vectors are matched; only between two instant vectors.
    public var matching: VectorMatching?
  }

  public struct Call: Sendable {
    public var function: Function
    public var arguments: [NodeID]
  }
}

/// A duration expression's node's place in its arena (`Expression.durations`).
public struct DurationID: Sendable, Hashable {
  public let rawValue: Int32

  init(_ index: Int) { rawValue = Int32(truncatingIfNeeded: index) }

  public var index: Int { Int(rawValue) }
}

/// A part of a duration expression (promql-syntax.md §2.3).
public struct DurationNode: Sendable, Hashable {
  public enum Form: Sendable, Hashable {
    /// Seconds.
    case number(Double, isDuration: Bool)
    case unary(UnaryOperator, DurationID)
    case binary(ArithmeticOperator, DurationID, DurationID)
    case larger(DurationID, DurationID)
    case smaller(DurationID, DurationID)
    case step, range
  }

  public var form: Form
  /// Prometheus' range of the node (promql-syntax.md §3): parentheses and the names `max_of` and
  /// `min_of` lie outside.
  public var range: SourceRange
  /// Whether parentheses stand around it.
  public var isWrapped = false
}
