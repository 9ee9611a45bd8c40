public import TimeSeries

/// What a query means: typed by construction, every optional argument filled in, every duration and
/// `@` resolved for the query's steps.
///
/// `Plan` values come from lowering an `Expression` in a `QueryContext`; nothing in them is checked
/// again. They are pure data: the rim fetches `selections`, the evaluator does the rest.
public struct Plan: Sendable {
  /// The expression's meaning, by its type.
  public enum Root: Sendable {
    case scalar(ScalarPlan)
    case vector(VectorPlan)
    /// A range vector; allowed only for an instant query.
    case windows(WindowsPlan)
    case string(String)
  }

  public var root: Root
  /// What every selector of the plan needs, at the index that the selectors name (`SelectorPlan.selection`).
  public var selections: [Selection]
  /// The query's text in bytes, for the places of annotations.
  public var text: [UInt8]

  public init(root: Root, selections: [Selection], text: [UInt8]) {
    self.root = root
    self.selections = selections
    self.text = text
  }

  /// The plan for the same steps at another time: what `Lowering` makes of an expression that is not bound to
  /// time. Nil when the contexts differ in more, or at the ends of time.
  public func moved(from old: QueryContext, to new: QueryContext) -> Plan? {
    let (distance, overflow) = new.grid.start.subtractingReportingOverflow(old.grid.start)
    var context = old
    context.grid.start &+= distance
    context.grid.end &+= distance
    guard !overflow, context == new else { return nil }
    var plan = self
    for index in plan.selections.indices {
      let (after, through) = (selections[index].after, selections[index].through)
      guard max(after.magnitude, through.magnitude, distance.magnitude) < 1 << 60 else { return nil }
      plan.selections[index].after = after + distance
      plan.selections[index].through = through + distance
    }
    return plan
  }
}

/// A scalar: one float a step.
public indirect enum ScalarPlan: Sendable {
  case number(Double)
  /// `time()`: the step's time in seconds.
  case time
  case negate(ScalarPlan)
  case arithmetic(ArithmeticOperator, ScalarPlan, ScalarPlan)
  /// 1 or 0.
  case comparison(ComparisonOperator, ScalarPlan, ScalarPlan)
  /// Trims cut histograms: of scalars they fail once they are evaluated.
  case trim(TrimOperator, ScalarPlan, ScalarPlan)
  /// `max_of`
  case larger(ScalarPlan, ScalarPlan)
  /// `min_of`
  case smaller(ScalarPlan, ScalarPlan)
  /// `scalar(v)`: the value of the only float sample, else NaN.
  case only(VectorPlan)
  /// Evaluated at the first step of the surrounding grid and repeated (promql-evaluation.md §4).
  case pinned(ScalarPlan)
}

/// An instant vector: what it is, and where it was written.
public struct VectorPlan: Sendable {
  /// The node's range in the query's text, for annotations.
  public var site: SourceRange
  public var form: VectorForm

  public init(site: SourceRange, _ form: VectorForm) {
    self.site = site
    self.form = form
  }
}

/// The forms of an instant vector.
public indirect enum VectorForm: Sendable {
  case select(SelectorPlan)
  /// `vector(s)`: one sample without labels.
  case vector(ScalarPlan)
  /// Evaluated at the first step of the surrounding grid and repeated (promql-evaluation.md §4).
  case pinned(VectorPlan)
  case negate(VectorPlan)
  /// `+v` of a selector: `v`, but no longer a selector itself.
  case plus(VectorPlan)
  case point(PointFunction, VectorPlan)
  case bounded(BoundedFunction, VectorPlan, [ScalarPlan])
  /// A nil argument stands for `vector(time())`.
  case date(DateFunction, VectorPlan?)
  /// `timestamp(v)`: of the sample found when `v` is a selector (pinned or not), else the step's time.
  case timestamp(VectorPlan)
  /// `start_timestamp(v)`
  case startTimestamp(VectorPlan)
  case absent(VectorPlan, labels: Labels)
  case absentOverTime(WindowsPlan, labels: Labels)
  /// The scalars that the function takes, in order.
  case window(WindowFunction, WindowsPlan, [ScalarArgument])
  case reading(HistogramReading, VectorPlan)
  case histogramQuantile(ScalarArgument, VectorPlan)
  case histogramQuantiles(VectorPlan, label: String, [ScalarArgument])
  case histogramFraction(lower: ScalarPlan, upper: ScalarPlan, VectorPlan)
  case labelReplace(VectorPlan, LabelReplacement)
  case labelJoin(VectorPlan, LabelJoining)
  case sort(VectorPlan, SortOrder)
  case info(VectorPlan, InfoPlan)
  case aggregate(AggregationPlan)
  /// Vector and scalar; the site of the operator is the whole expression.
  case scalarArithmetic(ArithmeticOperator, VectorPlan, ScalarPlan, scalarSide: Side)
  case scalarComparison(ComparisonOperator, VectorPlan, ScalarPlan, scalarSide: Side, returnsBool: Bool)
  case scalarTrim(TrimOperator, VectorPlan, ScalarPlan, scalarSide: Side)
  case arithmetic(ArithmeticOperator, VectorPlan, VectorPlan, VectorMatching)
  case comparison(ComparisonOperator, VectorPlan, VectorPlan, VectorMatching, returnsBool: Bool)
  case trim(TrimOperator, VectorPlan, VectorPlan, VectorMatching)
  case set(SetOperator, VectorPlan, VectorPlan, MatchLabels)
  /// A part in the words of another language, which nothing here evaluates.
  case foreign(ForeignPlan)
}

/// A scalar argument with the place that annotations about it name.
public struct ScalarArgument: Sendable {
  public var site: SourceRange
  public var value: ScalarPlan

  public init(site: SourceRange, _ value: ScalarPlan) {
    self.site = site
    self.value = value
  }
}

public enum Side: Sendable, Hashable { case left, right }

/// A range vector: a window of samples for every series and step.
public struct WindowsPlan: Sendable {
  /// The node's range in the query's text, for annotations.
  public var site: SourceRange
  public var form: WindowsForm

  public init(site: SourceRange, _ form: WindowsForm) {
    self.site = site
    self.form = form
  }
}

public indirect enum WindowsForm: Sendable {
  /// `range` in milliseconds.
  case select(SelectorPlan, range: Int64)
  case subquery(SubqueryPlan)
}

/// A selector: which selection it reads, and at which time.
public struct SelectorPlan: Sendable {
  /// How a selector treats the edges of its window (promql-evaluation.md §2.5).
  public enum Extension: Sendable, Hashable { case none, anchored, smoothed }

  /// Index into `Plan.selections`.
  public var selection: Int
  /// The metric name that an equality matcher names, for messages; nil when none does.
  public var metricName: String?
  public var time: TimeReference
  public var edges: Extension
  /// Histograms are reduced to count and sum (promql-evaluation.md §2.6).
  public var readsStatisticsOnly: Bool

  public init(
    selection: Int, metricName: String?, time: TimeReference, edges: Extension = .none,
    readsStatisticsOnly: Bool = false
  ) {
    self.selection = selection
    self.metricName = metricName
    self.time = time
    self.edges = edges
    self.readsStatisticsOnly = readsStatisticsOnly
  }
}

/// The time that a selector or subquery looks at: `(at ?? step) − offset`, milliseconds.
public struct TimeReference: Sendable, Hashable {
  /// The resolved `@`, milliseconds since the epoch.
  public var at: Int64?
  /// Milliseconds; negative looks ahead.
  public var offset: Int64

  public init(at: Int64? = nil, offset: Int64 = 0) {
    self.at = at
    self.offset = offset
  }

  /// Saturates at the ends of time.
  public func reference(step: Int64) -> Int64 {
    let (time, overflow) = (at ?? step).subtractingReportingOverflow(offset)
    return overflow ? (offset > 0 ? .min : .max) : time
  }
}

/// `vector[range:step]` (promql-evaluation.md §2.4).
public struct SubqueryPlan: Sendable {
  public var vector: VectorPlan
  /// Milliseconds, positive.
  public var range: Int64
  /// Milliseconds, positive: the default has been filled in.
  public var step: Int64
  public var time: TimeReference

  public init(vector: VectorPlan, range: Int64, step: Int64, time: TimeReference) {
    self.vector = vector
    self.range = range
    self.step = step
    self.time = time
  }
}

public struct AggregationPlan: Sendable {
  /// How members are gathered into groups (promql-evaluation.md §5.1).
  public enum Grouping: Sendable, Hashable {
    /// Groups by the values of these labels; none: one group.
    case by([String])
    /// Groups by all labels except these and the name.
    case without([String])
  }

  /// The operator with the parameter that it takes.
  public enum Operation: Sendable {
    case simple(SimpleAggregation)
    case quantile(ScalarArgument)
    case topk(ScalarArgument)
    case bottomk(ScalarArgument)
    case limitk(ScalarArgument)
    case limitRatio(ScalarArgument)
    /// The label's name in bytes, as written.
    case countValues(label: [UInt8])

    /// The scalar that it takes; nil when it takes none.
    public var parameter: ScalarArgument? {
      switch self {
      case .quantile(let parameter), .topk(let parameter), .bottomk(let parameter), .limitk(let parameter),
        .limitRatio(let parameter):
        parameter
      case .simple, .countValues: nil
      }
    }
  }

  public var operation: Operation
  public var grouping: Grouping
  public var vector: VectorPlan

  public init(_ operation: Operation, grouping: Grouping, _ vector: VectorPlan) {
    self.operation = operation
    self.grouping = grouping
    self.vector = vector
  }
}

/// Aggregations without a parameter: one output a group.
public enum SimpleAggregation: String, Sendable, Hashable, CaseIterable {
  case sum, avg, count, min, max, group, stddev, stdvar
}

/// The labels by which two sides meet.
public enum MatchLabels: Sendable, Hashable {
  case on([String])
  /// All labels except these and the name.
  case ignoring([String])
}

/// How two vectors are matched (promql-evaluation.md §6.3, §6.5).
public struct VectorMatching: Sendable {
  public enum Cardinality: Sendable, Hashable {
    case oneToOne
    /// `group_left`: the left side is "many"; labels to copy from the "one" side.
    case manyToOne(include: [String])
    /// `group_right`
    case oneToMany(include: [String])
  }

  public var labels: MatchLabels
  public var cardinality: Cardinality
  /// What stands for a missing sample of the left (as written by `fill_left`); nil: nothing does.
  public var fillLeft: Double?
  public var fillRight: Double?

  public init(
    labels: MatchLabels, cardinality: Cardinality = .oneToOne, fillLeft: Double? = nil,
    fillRight: Double? = nil
  ) {
    self.labels = labels
    self.cardinality = cardinality
    self.fillLeft = fillLeft
    self.fillRight = fillRight
  }
}

/// Arguments of `label_replace` in bytes, as written: the evaluator checks them in Prometheus' order.
public struct LabelReplacement: Sendable, Hashable {
  public var destination: [UInt8]
  public var replacement: [UInt8]
  public var source: [UInt8]
  public var pattern: [UInt8]

  public init(destination: [UInt8], replacement: [UInt8], source: [UInt8], pattern: [UInt8]) {
    self.destination = destination
    self.replacement = replacement
    self.source = source
    self.pattern = pattern
  }
}

/// Arguments of `label_join` in bytes, as written.
public struct LabelJoining: Sendable, Hashable {
  public var destination: [UInt8]
  public var separator: [UInt8]
  public var sources: [[UInt8]]

  public init(destination: [UInt8], separator: [UInt8], sources: [[UInt8]]) {
    self.destination = destination
    self.separator = separator
    self.sources = sources
  }
}

/// The order that a sort function asks for (promql-functions.md §3.6).
public enum SortOrder: Sendable, Hashable {
  case value(descending: Bool)
  case labels([String], descending: Bool)
}

/// The second half of `info(v, selector)` (promql-functions.md §3.9).
public struct InfoPlan: Sendable {
  /// Index into `Plan.selections`: all series that the name and data matchers accept. The evaluator
  /// narrows them by the identifying labels of `v`.
  public var selection: Int
  /// The effective matchers on `__name__` ("N").
  public var nameMatchers: [LabelMatcher]
  /// The matchers on other labels ("D").
  public var dataMatchers: [LabelMatcher]
  /// The time at which info samples are looked up.
  public var time: TimeReference

  public init(
    selection: Int, nameMatchers: [LabelMatcher], dataMatchers: [LabelMatcher], time: TimeReference
  ) {
    self.selection = selection
    self.nameMatchers = nameMatchers
    self.dataMatchers = dataMatchers
    self.time = time
  }
}
