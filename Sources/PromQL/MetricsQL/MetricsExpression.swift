import TimeSeries

/// A query in MetricsQL as it was written, `WITH` templates filled in.
package struct MetricsExpression: Sendable {
  /// The query's text.
  let text: [UInt8]
  let root: MetricsNode
  /// What PromQL has not, in the order of the text.
  package let features: [MetricsFeature]
}

/// A part of the language that PromQL has not, and that nobody writes by accident.
package struct MetricsFeature: Sendable, Hashable {
  /// In words: `the default operator`.
  package var name: String
  package var range: SourceRange
}

/// A part of a query in MetricsQL.
struct MetricsNode: Sendable {
  indirect enum Form: Sendable {
    case number(Double)
    case duration(MetricsDuration)
    case text([UInt8])
    case selector(MetricsSelector)
    /// `(a, b)`: the series of all; of none for `()`.
    case union([MetricsNode])
    case call(MetricsFunction, [MetricsNode], Aggregation?)
    case binary(Binary)
    case negate(MetricsNode)
    /// A window, a step, an offset or `@` behind an expression.
    case timed(MetricsNode, Timing)
    /// Of a template: what stands for an argument.
    case parameter(String)
  }

  struct Binary: Sendable {
    enum Operation: Sendable {
      case shared(BinaryOperator)
      case fallback
      case condition(isNegated: Bool)
    }

    var operation: Operation
    var lhs: MetricsNode
    var rhs: MetricsNode
    var returnsBool = false
    /// Nil when nothing was written.
    var labels: MatchLabels?
    var cardinality = VectorMatching.Cardinality.oneToOne
    /// `group_left (*)`
    var takesAllLabels = false
    var fillLeft: Double?
    var fillRight: Double?
  }

  struct Aggregation: Sendable {
    var grouping = AggregationPlan.Grouping.by([])
    var limit: Int?
  }

  struct Timing: Sendable {
    var window: MetricsDuration?
    var step: MetricsDuration?
    /// Whether `[` was written.
    var hasBrackets = false
    /// Whether a colon was.
    var isSubquery = false
    var offset: MetricsDuration?
    var at: MetricsNode?
  }

  var form: Form
  var range: SourceRange
  /// How many nodes it is made of, itself included.
  var size = 1
  /// How many levels it has.
  var depth = 1
  /// Whether parentheses stand around it.
  var isWrapped = false
}

/// A selector: alternatives of matchers.
struct MetricsSelector: Sendable {
  struct Filter: Sendable {
    /// A template's filters when there is no operation.
    var label: String
    var operation: LabelMatcher.Operation?
    var value: [MetricsNode]
    var range: SourceRange
    /// Whether it is a metric's name in quotes, alone.
    var isName = false
  }

  var name: String?
  /// At least one, perhaps empty.
  var alternatives: [[Filter]]
  var hasBraces: Bool
  /// Whether the name is that of a template's parameter.
  var isParameter = false
}
