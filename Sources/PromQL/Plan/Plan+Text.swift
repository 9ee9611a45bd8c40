import TimeSeries

extension Plan: CustomStringConvertible {
  /// The plan as an indented tree, one node a line, for `explain` and tests: durations as PromQL
  /// writes them, times in seconds, behind each selector the interval of samples that it needs.
  public var description: String { text(maximumLevel: 200) }

  /// As `description`; what is nested deeper than a level is left out, so that the text stays linear
  /// in the size of the plan. Never recurses.
  public func text(maximumLevel: Int) -> String {
    let lines = PlanLines(selections: selections)
    var text: [String] = []
    var open: [(item: PlanLines.Item, level: Int)] =
      switch root {
      case .scalar(let scalar): [(.scalar(scalar), 0)]
      case .vector(let vector): [(.vector(vector), 0)]
      case .windows(let windows): [(.windows(windows), 0)]
      case .string(let string): [(.line("string \(GoText.quoted(string))"), 0)]
      }
    while let (item, level) = open.popLast() {
      let (line, children) = lines.describe(item)
      text.append(String(repeating: "  ", count: level) + line)
      if level < maximumLevel {
        open += children.reversed().map { ($0, level + 1) }
      } else if !children.isEmpty {
        text.append(String(repeating: "  ", count: level + 1) + "…")
      }
    }
    return text.joined(separator: "\n")
  }
}

/// What each node of a plan prints: a line, and what stands below it.
private struct PlanLines {
  enum Item {
    case line(String)
    case scalar(ScalarPlan)
    case vector(VectorPlan)
    case windows(WindowsPlan)
  }

  typealias Description = (line: String, children: [Item])

  let selections: [Selection]

  func describe(_ item: Item) -> Description {
    switch item {
    case .line(let text): (text, [])
    case .scalar(let plan): describe(plan)
    case .vector(let plan): describe(plan)
    case .windows(let plan): describe(plan)
    }
  }

  private func describe(_ plan: ScalarPlan) -> Description {
    switch plan {
    case .number(let value): ("number \(GoText.plain(value))", [])
    case .time: (FunctionFamily.time.name, [])
    case .negate(let inner): ("negate", [.scalar(inner)])
    case .arithmetic(let operation, let lhs, let rhs):
      ("arithmetic \(operation.rawValue)", [.scalar(lhs), .scalar(rhs)])
    case .comparison(let operation, let lhs, let rhs):
      ("comparison \(operation.rawValue)", [.scalar(lhs), .scalar(rhs)])
    case .trim(let operation, let lhs, let rhs):
      ("trim \(operation.rawValue)", [.scalar(lhs), .scalar(rhs)])
    case .larger(let lhs, let rhs): (FunctionFamily.larger.name, [.scalar(lhs), .scalar(rhs)])
    case .smaller(let lhs, let rhs): (FunctionFamily.smaller.name, [.scalar(lhs), .scalar(rhs)])
    case .only(let vector): (FunctionFamily.scalar.name, [.vector(vector)])
    case .pinned(let inner): ("pinned", [.scalar(inner)])
    }
  }

  private func describe(_ plan: VectorPlan) -> Description {
    switch plan.form {
    case .select(let selector): ("select " + text(selector), [])
    case .vector(let scalar): (FunctionFamily.vector.name, [.scalar(scalar)])
    case .pinned(let inner): ("pinned", [.vector(inner)])
    case .negate(let inner): ("negate", [.vector(inner)])
    case .plus(let inner): ("plus", [.vector(inner)])
    case .aggregate(let aggregation): describe(aggregation)
    case .scalarArithmetic(let operation, let vector, let scalar, let side):
      ("arithmetic \(operation.rawValue)", Self.sides(vector, scalar, side))
    case .scalarComparison(let operation, let vector, let scalar, let side, let returnsBool):
      (Self.name(operation, returnsBool), Self.sides(vector, scalar, side))
    case .scalarTrim(let operation, let vector, let scalar, let side):
      ("trim \(operation.rawValue)", Self.sides(vector, scalar, side))
    case .arithmetic(let operation, let lhs, let rhs, let matching):
      ("arithmetic \(operation.rawValue)" + Self.text(matching), [.vector(lhs), .vector(rhs)])
    case .comparison(let operation, let lhs, let rhs, let matching, let returnsBool):
      (Self.name(operation, returnsBool) + Self.text(matching), [.vector(lhs), .vector(rhs)])
    case .trim(let operation, let lhs, let rhs, let matching):
      ("trim \(operation.rawValue)" + Self.text(matching), [.vector(lhs), .vector(rhs)])
    case .set(let operation, let lhs, let rhs, let labels):
      ("set \(operation.rawValue)" + Self.text(labels), [.vector(lhs), .vector(rhs)])
    case .foreign(let foreign): (foreign.name, foreign.inputs.map(Self.item))
    case .point, .bounded, .date, .timestamp, .startTimestamp, .absent, .absentOverTime, .window,
      .reading, .histogramQuantile, .histogramQuantiles, .histogramFraction, .labelReplace,
      .labelJoin, .sort, .info:
      describe(CallArguments(plan.form))
    }
  }

  private static func item(_ input: ForeignPlan.Input) -> Item {
    switch input {
    case .vector(let vector): .vector(vector)
    case .windows(let windows): .windows(windows)
    case .scalar(let scalar): .scalar(scalar)
    }
  }

  private static func name(_ operation: ComparisonOperator, _ returnsBool: Bool) -> String {
    "comparison \(operation.rawValue)" + (returnsBool ? " bool" : "")
  }

  private static func sides(_ vector: VectorPlan, _ scalar: ScalarPlan, _ side: Side) -> [Item] {
    side == .left ? [.scalar(scalar), .vector(vector)] : [.vector(vector), .scalar(scalar)]
  }

  private func describe(_ call: CallArguments) -> Description {
    var children: [Item] = []
    if let vector = call.vector { children.append(.vector(vector)) }
    if let windows = call.windows { children.append(.windows(windows)) }
    children += call.scalars.map { .scalar($0) }
    if let info = call.info {
      children.append(.line("select " + text(selection: info.selection) + text(info.time)))
    }
    return (call.name, children)
  }

  private func describe(_ plan: AggregationPlan) -> Description {
    let (name, parameter): (String, ScalarArgument?) =
      switch plan.operation {
      case .simple(let operation): (operation.rawValue, nil)
      case .quantile(let parameter): (AggregationOperator.quantile.rawValue, parameter)
      case .topk(let parameter): (AggregationOperator.topk.rawValue, parameter)
      case .bottomk(let parameter): (AggregationOperator.bottomk.rawValue, parameter)
      case .limitk(let parameter): (AggregationOperator.limitk.rawValue, parameter)
      case .limitRatio(let parameter): (AggregationOperator.limitRatio.rawValue, parameter)
      case .countValues(let label):
        ("\(AggregationOperator.countValues.rawValue) \(GoQuote.quoted(label))", nil)
      }
    let grouping =
      switch plan.grouping {
      case .by([]): ""
      case .by(let labels): " by (\(Self.list(labels)))"
      case .without(let labels): " without (\(Self.list(labels)))"
      }
    return (name + grouping, (parameter.map { [.scalar($0.value)] } ?? []) + [.vector(plan.vector)])
  }

  private func describe(_ plan: WindowsPlan) -> Description {
    switch plan.form {
    case .select(let selector, let range):
      return ("windows \(DurationText.text(milliseconds: range)) " + text(selector), [])
    case .subquery(let subquery):
      let range = DurationText.text(milliseconds: subquery.range)
      let step = DurationText.text(milliseconds: subquery.step)
      return ("subquery \(range) step \(step)" + text(subquery.time), [.vector(subquery.vector)])
    }
  }

  // MARK: Parts of lines

  private func text(_ selector: SelectorPlan) -> String {
    let edges =
      switch selector.edges {
      case .none: ""
      case .anchored: " anchored"
      case .smoothed: " smoothed"
      }
    let statistics = selector.readsStatisticsOnly ? " statistics" : ""
    return text(selection: selector.selection) + text(selector.time) + edges + statistics
  }

  private func text(selection index: Int) -> String {
    guard selections.indices.contains(index) else { return "?" }
    let selection = selections[index]
    let matchers = selection.matchers.map(\.description).joined(separator: ",")
    return "{\(matchers)} (\(Self.seconds(selection.after)), \(Self.seconds(selection.through))]"
  }

  private func text(_ time: TimeReference) -> String {
    (time.at.map { " @ \(Self.seconds($0))" } ?? "")
      + (time.offset == 0 ? "" : " offset \(DurationText.text(milliseconds: time.offset))")
  }

  private static func seconds(_ milliseconds: Int64) -> String { GoText.plain(Double(milliseconds) / 1000) }

  private static func list(_ labels: [String]) -> String {
    labels.map { LabelName.isLegacy($0.utf8) ? $0 : GoText.quoted($0) }.joined(separator: ", ")
  }

  private static func text(_ labels: MatchLabels) -> String {
    switch labels {
    case .on(let names): " on (\(list(names)))"
    case .ignoring([]): ""
    case .ignoring(let names): " ignoring (\(list(names)))"
    }
  }

  private static func text(_ matching: VectorMatching) -> String {
    let group =
      switch matching.cardinality {
      case .oneToOne: ""
      case .manyToOne(let include): " group_left (\(list(include)))"
      case .oneToMany(let include): " group_right (\(list(include)))"
      }
    let left = matching.fillLeft.map { " fill_left (\(GoText.general($0)))" } ?? ""
    let right = matching.fillRight.map { " fill_right (\(GoText.general($0)))" } ?? ""
    return text(matching.labels) + group + left + right
  }
}

/// The arguments of a call's plan, whatever its shape.
private struct CallArguments {
  var name: String
  var vector: VectorPlan?
  var windows: WindowsPlan?
  var scalars: [ScalarPlan] = []
  var info: InfoPlan?

  init(_ form: VectorForm) {
    name = ""
    switch form {
    case .point(let function, let vector): set(.point(function), vector)
    case .bounded(let function, let vector, let scalars): set(.bounded(function), vector, scalars)
    case .date(let function, let vector): set(.date(function), vector)
    case .timestamp(let vector): set(.timestamp, vector)
    case .startTimestamp(let vector): set(.startTimestamp, vector)
    case .absent(let vector, let labels): set(.absent, vector, note: labels.description)
    case .absentOverTime(let windows, let labels):
      set(.absentOverTime, nil, note: labels.description)
      self.windows = windows
    case .window(let function, let windows, let scalars):
      set(.window(function), nil, scalars.map(\.value))
      self.windows = windows
    case .reading(let reading, let vector): set(.reading(reading), vector)
    case .histogramQuantile(let phi, let vector): set(.histogramQuantile, vector, [phi.value])
    case .histogramQuantiles(let vector, let label, let phis):
      set(.histogramQuantiles, vector, phis.map(\.value), note: GoText.quoted(label))
    case .histogramFraction(let lower, let upper, let vector):
      set(.histogramFraction, vector, [lower, upper])
    case .labelReplace(let vector, let plan):
      let texts = [plan.destination, plan.replacement, plan.source, plan.pattern]
      set(.labelReplace, vector, note: Self.quoted(texts))
    case .labelJoin(let vector, let plan):
      set(.labelJoin, vector, note: Self.quoted([plan.destination, plan.separator] + plan.sources))
    case .sort(let vector, .value(let descending)): set(.sort(descending: descending), vector)
    case .sort(let vector, .labels(let labels, let descending)):
      set(.sortByLabel(descending: descending), vector, note: Self.quoted(labels.map { Array($0.utf8) }))
    case .info(let vector, let info):
      set(.info, vector)
      self.info = info
    case .select, .vector, .pinned, .negate, .plus, .aggregate, .scalarArithmetic, .scalarComparison,
      .scalarTrim, .arithmetic, .comparison, .trim, .set, .foreign:
      return
    }
  }

  private mutating func set(
    _ family: FunctionFamily, _ vector: VectorPlan?, _ scalars: [ScalarPlan] = [], note: String = ""
  ) {
    name = family.name + (note.isEmpty ? "" : " " + note)
    self.vector = vector
    self.scalars = scalars
  }

  private static func quoted(_ texts: [[UInt8]]) -> String {
    texts.map { GoQuote.quoted($0) }.joined(separator: " ")
  }
}

extension FunctionFamily {
  /// The name of the function.
  public var name: String { Self.names[self] ?? "" }

  private static let names = Dictionary(
    Function.allCases.map { ($0.facts.family, $0.rawValue) }, uniquingKeysWith: { first, _ in first })
}
