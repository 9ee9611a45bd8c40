import TimeSeries

extension Plan: CustomStringConvertible {
  /// The plan as an indented tree, one node a line, for `explain` and tests: durations as PromQL
  /// writes them, times in seconds, behind each selector the interval of samples that it needs.
  public var description: String {
    var writer = PlanWriter(selections: selections)
    switch root {
    case .scalar(let scalar): writer.write(scalar)
    case .vector(let vector): writer.write(vector)
    case .windows(let windows): writer.write(windows)
    case .string(let text): writer.line("string \(GoText.quoted(text))")
    }
    return writer.lines.joined(separator: "\n")
  }
}

/// Writes a plan. Recurses: plans are nested no deeper than `Lowering.depthLimit`.
private struct PlanWriter {
  let selections: [Selection]
  var lines: [String] = []
  private var level = 0

  init(selections: [Selection]) { self.selections = selections }

  mutating func line(_ text: String) {
    lines.append(String(repeating: "  ", count: level) + text)
  }

  private mutating func node(_ text: String, _ children: (inout PlanWriter) -> Void) {
    line(text)
    level += 1
    children(&self)
    level -= 1
  }

  private mutating func write(_ arguments: [ScalarArgument]) {
    for argument in arguments { write(argument.value) }
  }

  // MARK: Scalars

  mutating func write(_ plan: ScalarPlan) {
    switch plan {
    case .number(let value): line("number \(GoText.plain(value))")
    case .time: line("time")
    case .negate(let inner): node("negate") { $0.write(inner) }
    case .arithmetic(let operation, let lhs, let rhs): write("arithmetic \(operation.rawValue)", lhs, rhs)
    case .comparison(let operation, let lhs, let rhs): write("comparison \(operation.rawValue)", lhs, rhs)
    case .larger(let lhs, let rhs): write(FunctionFamily.larger.name, lhs, rhs)
    case .smaller(let lhs, let rhs): write(FunctionFamily.smaller.name, lhs, rhs)
    case .only(let vector): node(FunctionFamily.scalar.name) { $0.write(vector) }
    case .pinned(let inner): node("pinned") { $0.write(inner) }
    }
  }

  private mutating func write(_ name: String, _ lhs: ScalarPlan, _ rhs: ScalarPlan) {
    node(name) {
      $0.write(lhs)
      $0.write(rhs)
    }
  }

  // MARK: Vectors

  mutating func write(_ plan: VectorPlan) {
    switch plan.form {
    case .select(let selector): line("select " + text(selector))
    case .vector(let scalar): node(FunctionFamily.vector.name) { $0.write(scalar) }
    case .pinned(let inner): node("pinned") { $0.write(inner) }
    case .negate(let inner): node("negate") { $0.write(inner) }
    case .plus(let inner): node("plus") { $0.write(inner) }
    case .aggregate(let aggregation): write(aggregation)
    case .scalarArithmetic, .scalarComparison, .scalarTrim, .arithmetic, .comparison, .trim, .set:
      writeBinary(plan.form)
    case .point, .bounded, .date, .timestamp, .startTimestamp, .absent, .absentOverTime, .window,
      .reading, .histogramQuantile, .histogramQuantiles, .histogramFraction, .labelReplace,
      .labelJoin, .sort, .info:
      writeCall(plan.form)
    }
  }

  private mutating func writeCall(_ form: VectorForm) {
    let arguments = CallArguments(form)
    node(arguments.name) { writer in
      for vector in arguments.vectors { writer.write(vector) }
      if let windows = arguments.windows { writer.write(windows) }
      for scalar in arguments.scalars { writer.write(scalar) }
      if let info = arguments.info {
        writer.line("select \(writer.text(selection: info.selection))" + writer.text(info.time))
      }
    }
  }

  private mutating func write(_ plan: AggregationPlan) {
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
    node(name + grouping) {
      if let parameter { $0.write(parameter.value) }
      $0.write(plan.vector)
    }
  }

  private mutating func writeBinary(_ form: VectorForm) {
    switch form {
    case .scalarArithmetic(let operation, let vector, let scalar, let side):
      write("arithmetic \(operation.rawValue)", vector, scalar, side)
    case .scalarComparison(let operation, let vector, let scalar, let side, let returnsBool):
      write("comparison \(operation.rawValue)\(returnsBool ? " bool" : "")", vector, scalar, side)
    case .scalarTrim(let operation, let vector, let scalar, let side):
      write("trim \(operation.rawValue)", vector, scalar, side)
    case .arithmetic(let operation, let lhs, let rhs, let matching):
      write("arithmetic \(operation.rawValue)\(Self.text(matching))", lhs, rhs)
    case .comparison(let operation, let lhs, let rhs, let matching, let returnsBool):
      write(
        "comparison \(operation.rawValue)\(returnsBool ? " bool" : "")\(Self.text(matching))", lhs, rhs)
    case .trim(let operation, let lhs, let rhs, let matching):
      write("trim \(operation.rawValue)\(Self.text(matching))", lhs, rhs)
    case .set(let operation, let lhs, let rhs, let labels):
      write("set \(operation.rawValue)\(Self.text(labels))", lhs, rhs)
    case .select, .vector, .pinned, .negate, .plus, .aggregate, .point, .bounded, .date, .timestamp,
      .startTimestamp, .absent, .absentOverTime, .window, .reading, .histogramQuantile,
      .histogramQuantiles, .histogramFraction, .labelReplace, .labelJoin, .sort, .info:
      return
    }
  }

  private mutating func write(_ name: String, _ lhs: VectorPlan, _ rhs: VectorPlan) {
    node(name) {
      $0.write(lhs)
      $0.write(rhs)
    }
  }

  private mutating func write(_ name: String, _ vector: VectorPlan, _ scalar: ScalarPlan, _ side: Side) {
    node(name) {
      if side == .left { $0.write(scalar) }
      $0.write(vector)
      if side == .right { $0.write(scalar) }
    }
  }

  // MARK: Range vectors

  mutating func write(_ plan: WindowsPlan) {
    switch plan.form {
    case .select(let selector, let range):
      line("windows \(DurationText.text(milliseconds: range)) " + text(selector))
    case .subquery(let subquery):
      let range = DurationText.text(milliseconds: subquery.range)
      let step = DurationText.text(milliseconds: subquery.step)
      node("subquery \(range) step \(step)" + text(subquery.time)) { $0.write(subquery.vector) }
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
  var vectors: [VectorPlan] = []
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
      .scalarTrim, .arithmetic, .comparison, .trim, .set:
      return
    }
  }

  private mutating func set(
    _ family: FunctionFamily, _ vector: VectorPlan?, _ scalars: [ScalarPlan] = [], note: String = ""
  ) {
    name = family.name + (note.isEmpty ? "" : " " + note)
    vectors = vector.map { [$0] } ?? []
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
