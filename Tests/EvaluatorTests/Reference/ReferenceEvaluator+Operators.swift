import Glibc
import PromQL
import TimeSeries

/// Operators and aggregations (promql-evaluation.md §5, §6).
extension ReferenceEvaluator {
  func compute(_ operation: ArithmeticOperator, _ a: Double, _ b: Double) -> Double {
    switch operation {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .modulo: fmod(a, b)
    case .power: ElementaryPairFunction.pow(a, b)
    case .atan2: ElementaryPairFunction.atan2(a, b)
    }
  }

  func holds(_ operation: ComparisonOperator, _ a: Double, _ b: Double) -> Bool {
    switch operation {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }

  /// What becomes of a pair of samples.
  enum Pair {
    case failed
    case filtered
    case kept(Sample)
  }

  func pair(_ operation: BinaryOperator, bool: Bool, _ a: Sample, _ b: Sample) -> Pair {
    switch (operation.facts.kind, a, b) {
    case (.arithmetic(let operation), .float(let x), .float(let y)):
      return .kept(.float(compute(operation, x, y)))
    case (.comparison(let operation), .float(let x), .float(let y)):
      let holds = holds(operation, x, y)
      return bool ? .kept(.float(holds ? 1 : 0)) : holds ? .kept(a) : .filtered
    case (.arithmetic(.multiply), .histogram(var h), .float(let y)),
      (.arithmetic(.multiply), .float(let y), .histogram(var h)):
      h.multiply(by: y)
      return .kept(.histogram(h.compacted()))
    case (.arithmetic(.divide), .histogram(var h), .float(let y)):
      h.divide(by: y)
      return .kept(.histogram(h.compacted()))
    case (.arithmetic(let operation), .histogram(var h), .histogram(let other))
    where operation == .add || operation == .subtract:
      guard let facts = operation == .add ? try? h.add(other) : try? h.subtract(other),
        !facts.contains(.hintCollision)
      else { return .failed }
      if operation == .subtract { h.hint = .gauge }
      return .kept(.histogram(h.compacted()))
    case (.comparison(let operation), .histogram(let h), .histogram(let other))
    where operation == .equal || operation == .notEqual:
      let holds = h.isExactlyEqual(to: other) == (operation == .equal)
      return bool ? .kept(.float(holds ? 1 : 0)) : holds ? .kept(a) : .filtered
    default: return .failed
    }
  }

  func binary(_ binary: Expression.Binary, _ step: Step) throws -> Value {
    let left = try value(binary.lhs, step)
    let right = try value(binary.rhs, step)
    switch (left, right) {
    case (.scalar(let a), .scalar(let b)):
      guard case .kept(.float(let result)) = pair(binary.operation, bool: true, .float(a), .float(b)) else {
        throw Failure()
      }
      return .scalar(result)
    case (.vector(let elements), .scalar(let number)):
      return .vector(try unique(withScalar(binary, elements) { ($0, .float(number)) }))
    case (.scalar(let number), .vector(let elements)):
      return .vector(try unique(withScalar(binary, elements) { (.float(number), $0) }))
    case (.vector(let a), .vector(let b)):
      if case .set(let operation) = binary.operation.facts.kind {
        return .vector(set(operation, a, b, binary.matching?.labels ?? .ignoring([])))
      }
      return .vector(try unique(try matched(binary, a, b)))
    default: throw Failure()
    }
  }

  private func withScalar(
    _ binary: Expression.Binary, _ elements: [Element], _ operands: (Sample) -> (Sample, Sample)
  ) -> [Element] {
    elements.compactMap { element in
      let (a, b) = operands(element.value)
      guard case .kept(let result) = pair(binary.operation, bool: binary.returnsBool, a, b) else {
        return nil
      }
      var copy = element
      copy.value = binary.operation.isComparison && !binary.returnsBool ? element.value : result
      if case .arithmetic = binary.operation.facts.kind { copy.drops = true }
      if binary.returnsBool { copy.drops = true }
      return copy
    }
  }

  func group(_ labels: Labels, _ matching: MatchLabels) -> Labels {
    switch matching {
    case .on(let names): Labels(labels.pairs.filter { names.contains($0.name) })
    case .ignoring(let names):
      Labels(labels.pairs.filter { !names.contains($0.name) && $0.name != LabelName.metric })
    }
  }

  private func set(
    _ operation: SetOperator, _ a: [Element], _ b: [Element], _ matching: MatchLabels
  ) -> [Element] {
    let inA = Set(a.map { group($0.labels, matching) })
    let inB = Set(b.map { group($0.labels, matching) })
    switch operation {
    case .and: return a.filter { inB.contains(group($0.labels, matching)) }
    case .unless: return a.filter { !inB.contains(group($0.labels, matching)) }
    case .or: return a + b.filter { !inA.contains(group($0.labels, matching)) }
    }
  }

  private func matched(_ binary: Expression.Binary, _ a: [Element], _ b: [Element]) throws -> [Element] {
    let matching = binary.matching ?? VectorMatching(labels: .ignoring([]))
    let (fillMany, fillOne) = (matching.fillLeft, matching.fillRight)
    let hasFill = fillMany != nil || fillOne != nil
    if a.isEmpty && b.isEmpty || (a.isEmpty || b.isEmpty) && !hasFill { return [] }
    var swapped = false
    var include: [String]?
    switch matching.cardinality {
    case .oneToOne: break
    case .manyToOne(let names): include = names
    case .oneToMany(let names):
      include = names
      swapped = true
    }
    let (many, one) = swapped ? (b, a) : (a, b)
    var index: [Labels: Element] = [:]
    for element in one {
      if index.updateValue(element, forKey: group(element.labels, matching.labels)) != nil { throw Failure() }
    }
    var matchedGroups = Set<Labels>()
    var seen: [Labels: Set<Labels>] = [:]
    var result: [Element] = []
    let emit = { (m: Element, o: Element, group: Labels) throws -> Bool in
      let (left, right) = swapped ? (o, m) : (m, o)
      let outcome = pair(binary.operation, bool: binary.returnsBool, left.value, right.value)
      if case .failed = outcome { return false }
      let labels = resultLabels(binary, matching, include, m.labels, o.labels)
      if include == nil {
        if !matchedGroups.insert(group).inserted { throw Failure() }
      } else {
        if !seen[group, default: []].insert(labels).inserted { throw Failure() }
        matchedGroups.insert(group)
      }
      if case .kept(let value) = outcome {
        result.append(Element(labels: labels, drops: binary.returnsBool, value: value, time: m.time))
      }
      return true
    }
    for element in many {
      let key = group(element.labels, matching.labels)
      if let partner = index[key] {
        _ = try emit(element, partner, key)
      } else if let fillOne {
        _ = try emit(element, Element(labels: key, value: .float(fillOne), time: element.time), key)
      }
    }
    if let fillMany {
      let done = matchedGroups
      for element in one {
        let key = group(element.labels, matching.labels)
        if done.contains(key) { continue }
        _ = try emit(Element(labels: key, value: .float(fillMany), time: element.time), element, key)
      }
    }
    return result
  }

  private func resultLabels(
    _ binary: Expression.Binary, _ matching: VectorMatching, _ include: [String]?, _ many: Labels,
    _ one: Labels
  ) -> Labels {
    var labels = many
    if case .arithmetic = binary.operation.facts.kind { labels = labels.droppingMetadata() }
    guard let include else {
      switch matching.labels {
      case .on(let names): return Labels(labels.pairs.filter { names.contains($0.name) })
      case .ignoring(let names): return Labels(labels.pairs.filter { !names.contains($0.name) })
      }
    }
    var builder = LabelsBuilder(labels)
    for name in include { builder.set(name, one[name] ?? "") }
    return builder.labels()
  }

  // MARK: Aggregations

  func aggregate(_ aggregation: Expression.Aggregation, _ step: Step) throws -> [Element] {
    let elements = try vector(aggregation.vector, step)
    var groups: [Labels: [Element]] = [:]
    var order: [Labels] = []
    for element in elements {
      let key: Labels =
        switch aggregation.grouping {
        case .by(let names): Labels(element.labels.pairs.filter { names.contains($0.name) })
        case .without(let names):
          Labels(element.labels.pairs.filter { !names.contains($0.name) && $0.name != LabelName.metric })
        }
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(element)
    }
    if aggregation.operation == .countValues { return try countValues(aggregation, elements) }
    var parameter = 0.0
    if let node = aggregation.parameter { parameter = try scalar(node, step) }
    return order.flatMap { key in
      reduce(aggregation.operation, parameter, key, groups[key] ?? [], step.time)
    }
  }

  private func reduce(
    _ operation: AggregationOperator, _ parameter: Double, _ key: Labels, _ members: [Element],
    _ time: Int64
  ) -> [Element] {
    let floats = members.compactMap { member in
      if case .float(let number) = member.value { number } else { nil }
    }
    let histograms = members.compactMap { member in
      if case .histogram(let histogram) = member.value { histogram } else { nil }
    }
    let one = { (value: Sample) in
      [Element(labels: key, drops: members.contains(where: \.drops), value: value, time: time)]
    }
    switch operation {
    case .sum, .avg:
      if !floats.isEmpty, !histograms.isEmpty { return [] }
      if histograms.isEmpty {
        return one(.float(operation == .sum ? Naive.sum(floats) : Naive.mean(floats)))
      }
      guard var total = Naive.sum(histograms) else { return [] }
      if operation == .avg { total.divide(by: Double(histograms.count)) }
      return one(.histogram(total.compacted()))
    case .count: return one(.float(Double(members.count)))
    case .group: return one(.float(1))
    case .min: return floats.isEmpty ? [] : one(.float(Naive.best(floats) { $0 < $1 }))
    case .max: return floats.isEmpty ? [] : one(.float(Naive.best(floats) { $0 > $1 }))
    case .stddev: return floats.isEmpty ? [] : one(.float(Naive.groupVariance(floats).squareRoot()))
    case .stdvar: return floats.isEmpty ? [] : one(.float(Naive.groupVariance(floats)))
    case .quantile: return floats.isEmpty ? [] : one(.float(Naive.quantile(floats, parameter)))
    case .topk, .bottomk:
      let ranked = members.filter { if case .float = $0.value { true } else { false } }
        .enumerated().sorted { a, b in
          guard case .float(let x) = a.element.value, case .float(let y) = b.element.value else {
            return false
          }
          if x.isNaN != y.isNaN { return y.isNaN }
          if x == y || x.isNaN { return a.offset < b.offset }
          return operation == .topk ? x > y : x < y
        }
      return ranked.prefix(parameter < 1 ? 0 : Int(parameter)).map(\.element)
    case .limitk: return Array(members.prefix(parameter < 1 ? 0 : Int(parameter)))
    case .limitRatio:
      let ratio = max(-1, min(1, parameter))
      return members.filter { member in
        let share = Double(LabelHash.of(member.labels)) / Double(UInt64.max)
        return ratio > 0 && share < ratio || ratio < 0 && share >= 1 + ratio
      }
    case .countValues: return []
    }
  }

  private func countValues(_ aggregation: Expression.Aggregation, _ elements: [Element]) throws -> [Element] {
    guard let node = aggregation.parameter else { throw Failure() }
    let label = text(node)
    var counts: [Labels: Double] = [:]
    var time: Int64 = 0
    for element in elements {
      var builder = LabelsBuilder(element.labels)
      switch element.value {
      case .float(let number): builder.set(label, GoText.plain(number))
      case .histogram(let histogram): builder.set(label, histogram.description)
      case .stale: continue
      }
      let pairs = builder.labels().pairs
      let key: Labels =
        switch aggregation.grouping {
        case .by(let names): Labels(pairs.filter { names.contains($0.name) || $0.name == label })
        case .without(let names):
          Labels(pairs.filter { !names.contains($0.name) && $0.name != LabelName.metric })
        }
      counts[key, default: 0] += 1
      time = element.time
    }
    return counts.map { Element(labels: $0.key, value: .float($0.value), time: time) }
  }
}
