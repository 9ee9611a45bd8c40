import PromQL
import TimeSeries

/// Two vectors matched by labels (promql-evaluation.md §6.3).
///
/// Matching is done once, on labels: each output row is a pair of a row of the "many" side and a row
/// of the "one" side (either may be a fill). Rows are pulled when a pair needs them and kept only as
/// long as another pair will.
final class MatchedRows: RowSource {
  private(set) var keys: RowKeys = []
  /// No two rows have the same labels.
  private(set) var hasDistinctRows = true
  private let operation: BinaryOperation
  private let matching: VectorMatching
  private let pairs: SamplePairs
  private let steps: Int
  private let many: MatchSide
  private let one: MatchSide
  private var outputs: [Output] = []
  /// For each match group, or group and result labels, where a second match is an error: where the
  /// first one was.
  private var matched: [Presence?] = []

  private struct Output {
    /// The rows of the two sides; nil: the side's fill.
    var many: Int?
    var one: Int?
    /// Which of `matched` the pair is checked against; nil: no other pair could collide.
    var collision: Int?
  }

  /// Pairs that are the same in this exclude each other at a step.
  private struct PairIdentity: Hashable {
    var group: Int
    var labels: Labels
  }

  /// What is known of the pairs so far, while they are found.
  private struct Pairing {
    var keys: [RowKey] = []
    /// The first pair with each result labels.
    var firstPairs: [Labels: (pair: Int, group: Int)] = [:]
    /// Of pairs that exclude each other, one-to-one: by their group; −1 where there is none yet.
    var collisionsOfGroups: [Int]
    /// The same, many-to-one.
    var collisions: [PairIdentity: Int] = [:]
  }

  /// `many` and `one` are the operands after `group_right` has exchanged them.
  private init(
    _ operation: BinaryOperation, _ matching: VectorMatching, many: any RowSource,
    one: any RowSource, steps: Int, pairs: SamplePairs, evaluation: Evaluation
  ) {
    self.operation = operation
    self.matching = matching
    self.pairs = pairs
    self.steps = steps
    self.many = MatchSide(many, steps: steps, evaluation: evaluation)
    self.one = MatchSide(one, steps: steps, evaluation: evaluation)
  }

  static func open(
    _ operation: BinaryOperation, _ left: any RowSource, _ right: any RowSource,
    _ matching: VectorMatching, evaluation: Evaluation, steps: Int, pairs: SamplePairs
  ) throws(EvaluationError) -> any RowSource {
    let isRight = if case .oneToMany = matching.cardinality { true } else { false }
    let rows = MatchedRows(
      operation, matching, many: isRight ? right : left, one: isRight ? left : right,
      steps: steps, pairs: pairs, evaluation: evaluation)
    try rows.match(evaluation)
    return matching.fillLeft == nil && matching.fillRight == nil ? rows : try rows.filled(evaluation)
  }

  var mayHoldHistograms: Bool { many.source.mayHoldHistograms || one.source.mayHoldHistograms }

  /// What stands for a missing sample. The names follow the exchanged operands (§6.5).
  private var manyFill: Double? { matching.fillLeft }
  private var oneFill: Double? { matching.fillRight }

  private var isOneToMany: Bool {
    if case .oneToMany = matching.cardinality { true } else { false }
  }

  // MARK: Matching, on labels alone

  private func match(_ evaluation: Evaluation) throws(EvaluationError) {
    try evaluation.hold(256, times: many.keys.count + one.keys.count)
    let groups = MatchGroups(
      many.keys, one.keys, matching.labels, mutation: evaluation.options.mutation)
    try refuseDuplicates(groups)
    var pairing = Pairing(collisionsOfGroups: [Int](repeating: -1, count: groups.labels.count))
    let labels = ResultLabels(matching, dropsMetadata: operation.isArithmetic)
    pairing.firstPairs.reserveCapacity(groups.groupOfMany.count)
    pairing.keys.reserveCapacity(groups.groupOfMany.count)
    outputs.reserveCapacity(groups.groupOfMany.count)
    for (row, group) in groups.groupOfMany.enumerated() {
      let partners = groups.one[group]
      for partner in partners {
        try add(many: row, one: partner, groups, group, labels, &pairing, evaluation)
      }
      if oneFill != nil { try add(many: row, one: nil, groups, group, labels, &pairing, evaluation) }
      if partners.isEmpty, oneFill == nil { try many.discard(row) }
    }
    for (row, group) in groups.groupOfOne.enumerated() {
      if manyFill != nil { try add(many: nil, one: row, groups, group, labels, &pairing, evaluation) }
      if groups.many[group].isEmpty, manyFill == nil { try one.discard(row) }
    }
    keys = RowKeys(pairing.keys)
    // Names that go only now may have been what keeps rows apart.
    if operation.computesNewValue, !operation.isArithmetic { hasDistinctRows = false }
    for output in outputs {
      if let row = output.many { many.willUse(row) }
      if let row = output.one { one.willUse(row) }
    }
  }

  private func add(
    many row: Int?, one partner: Int?, _ groups: MatchGroups, _ group: Int, _ resultLabels: ResultLabels,
    _ pairing: inout Pairing, _ evaluation: Evaluation
  ) throws(EvaluationError) {
    let manyKey = row.map { many.keys[$0] } ?? RowKey(groups.labels[group])
    let oneKey = partner.map { one.keys[$0] } ?? RowKey(groups.labels[group])
    let labels = resultLabels.of(manyKey, oneKey)
    try evaluation.hold(labels.bytes.count + 320)
    let pair = outputs.count
    pairing.keys.append(evaluation.key(labels, dropsName: false, computes: operation.computesNewValue))
    outputs.append(Output(many: row, one: partner, collision: nil))
    let earlier = pairing.firstPairs[labels]
    if earlier == nil { pairing.firstPairs[labels] = (pair, group) } else { hasDistinctRows = false }
    // Alone in its group, a pair excludes no other.
    guard groups.many[group].count > 1 || manyFill != nil else { return }
    switch matching.cardinality {
    case .oneToOne:
      if pairing.collisionsOfGroups[group] < 0 {
        pairing.collisionsOfGroups[group] = try addCollision(evaluation)
      }
      outputs[pair].collision = pairing.collisionsOfGroups[group]
    case .manyToOne, .oneToMany:
      // Pairs with equal result labels; the first of them is told when there is a second one.
      guard let earlier else { return }
      for (pair, group) in [earlier, (pair, group)] {
        let identity = PairIdentity(group: group, labels: labels)
        if let known = pairing.collisions[identity] {
          outputs[pair].collision = known
        } else {
          let new = try addCollision(evaluation)
          pairing.collisions[identity] = new
          outputs[pair].collision = new
        }
      }
    }
  }

  private func addCollision(_ evaluation: Evaluation) throws(EvaluationError) -> Int {
    try evaluation.hold(Presence.bytes(count: steps))
    matched.append(nil)
    return matched.count - 1
  }

  /// Two samples of the "one" side in a group at a step where both sides have something.
  private func refuseDuplicates(_ groups: MatchGroups) throws(EvaluationError) {
    var candidates: (presence: Presence, groups: [(Int, Presence)])?
    for (group, rows) in groups.one.enumerated() where rows.count > 1 {
      var seen = Presence(count: steps)
      var twice = Presence(count: steps)
      for row in rows {
        let present = try one.hold(row).anyPresence
        var both = seen
        both.formIntersection(present)
        twice.formUnion(both)
        seen.formUnion(present)
      }
      if twice.isEmpty { continue }
      var all = candidates ?? (Presence(count: steps), [])
      all.presence.formUnion(twice)
      all.groups.append((group, twice))
      candidates = all
    }
    guard let candidates else { return }
    var manyPresence = Presence(count: steps)
    for row in many.source.keys.indices {
      manyPresence.formUnion(try many.hold(row).anyPresence)
    }
    let mayFill = matching.fillLeft != nil || matching.fillRight != nil
    for (group, twice) in candidates.groups {
      guard mayFill || twice.intersects(manyPresence) else { continue }
      var steps = twice
      if !mayFill { steps.formIntersection(manyPresence) }
      guard let step = steps.first else { continue }
      throw try duplicateError(groups, group, step)
    }
  }

  private func duplicateError(
    _ groups: MatchGroups, _ group: Int, _ step: Int
  ) throws(EvaluationError) -> EvaluationError {
    var names: [String] = []
    for row in groups.one[group] where try one.hold(row).anyPresence[step] {
      names.append(one.source.keys[row].labels.description)
    }
    names = names.prefix(2).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return .duplicateSeriesInGroup(
      group: groups.labels[group].description, side: isOneToMany ? .left : .right,
      names.first ?? "", names.last ?? "")
  }

  // MARK: Values

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    let output = outputs[row]
    tile.clear()
    guard let manyRow = output.many, let oneRow = output.one else { return }
    try many.take(manyRow, into: &tile)
    let other = try one.take(oneRow)
    let success =
      isOneToMany ? combine(other, tile, row, into: &tile) : combine(with: other, row, into: &tile)
    try note(success, output)
  }

  private func note(_ success: Presence, _ output: Output) throws(EvaluationError) {
    guard let collision = output.collision else { return }
    guard var earlier = matched[collision] else {
      matched[collision] = success
      return
    }
    if earlier.intersects(success) {
      switch matching.cardinality {
      case .oneToOne: throw .manyToOneMatchingMustBeExplicit
      case .manyToOne, .oneToMany: throw .groupingLabelsMustEnsureUniqueMatches
      }
    }
    earlier.formUnion(success)
    matched[collision] = earlier
  }

  /// Computes all samples of a pair of rows; where they count as matched.
  private func combine(_ left: Row, _ right: Row, _ pair: Int, into tile: inout Row) -> Presence {
    tile = left
    return combine(with: right, pair, into: &tile)
  }

  /// The same with the left row in the tile, over which it writes.
  private func combine(with right: Row, _ pair: Int, into tile: inout Row) -> Presence {
    if !tile.histograms.isEmpty || !right.histograms.isEmpty {
      let left = tile
      tile.histograms.removeAll()
      var both = combineFloats(with: right, pair, into: &tile)
      combineHistograms(left, right, pair, into: &tile, matched: &both)
      return both
    }
    return combineFloats(with: right, pair, into: &tile)
  }

  private func combineFloats(with right: Row, _ pair: Int, into tile: inout Row) -> Presence {
    tile.presence.formIntersection(right.presence)
    var both = tile.presence
    switch operation {
    case .arithmetic(let operation): PointKernels.arithmetic(operation, &tile.values, right.values)
    case .comparison(let comparison, let returnsBool):
      if returnsBool {
        for step in 0..<steps {
          tile.values[step] = Arithmetic.holds(comparison, tile.values[step], right.values[step]) ? 1 : 0
        }
      } else {
        let values = tile.values
        tile.presence.filter { Arithmetic.holds(comparison, values[$0], right.values[$0]) }
      }
    case .trim:
      both.forEachStep { pairs.noteIncompatible(.float, .float, at: .init(pair: pair, step: $0)) }
      tile.presence.clear()
      both.clear()
    }
    return both
  }

  private func combineHistograms(
    _ left: Row, _ right: Row, _ pair: Int, into tile: inout Row, matched: inout Presence
  ) {
    for step in Set(left.histograms.steps + right.histograms.steps).sorted() {
      guard let a = left.sample(step), let b = right.sample(step) else { continue }
      let outcome = pairs.combine(a, b, at: .init(pair: pair, step: step))
      if outcome.isMatched { matched[step] = true }
      outcome.store(in: &tile, at: step)
    }
  }

  // MARK: Fills

  /// Evaluates all pairs and then the fills, which need to know what was matched (§6.5).
  private func filled(_ evaluation: Evaluation) throws(EvaluationError) -> RowTable {
    var table = RowTable()
    var matchedOfGroup: [Presence?] = []
    let groups = MatchGroups(
      many.keys, one.keys, matching.labels, mutation: evaluation.options.mutation)
    matchedOfGroup = [Presence?](repeating: nil, count: groups.labels.count)
    for row in many.source.keys.indices { _ = try many.hold(row) }
    for row in one.source.keys.indices { _ = try one.hold(row) }
    var onePresence = groups.labels.map { _ in Presence(count: steps) }
    for (row, group) in groups.groupOfOne.enumerated() {
      onePresence[group].formUnion(try one.hold(row).anyPresence)
    }
    for (index, output) in outputs.enumerated() {
      var left: Row
      var right: Row
      let group: Int
      switch (output.many, output.one) {
      case (let row?, let partner?):
        left = try many.hold(row)
        right = try one.hold(partner)
        group = groups.groupOfMany[row]
      case (let row?, nil):
        left = try many.hold(row)
        group = groups.groupOfMany[row]
        var missing = left.anyPresence
        missing.subtract(onePresence[group])
        right = Self.constant(oneFill ?? 0, missing)
      case (nil, let partner?):
        right = try one.hold(partner)
        group = groups.groupOfOne[partner]
        var missing = right.anyPresence
        if let matched = matchedOfGroup[group] { missing.subtract(matched) }
        left = Self.constant(manyFill ?? 0, missing)
      case (nil, nil): continue
      }
      var tile = Row(steps: steps)
      let success =
        isOneToMany ? combine(right, left, index, into: &tile) : combine(left, right, index, into: &tile)
      if output.many != nil { try note(success, output) }
      var all = matchedOfGroup[group] ?? Presence(count: steps)
      all.formUnion(success)
      matchedOfGroup[group] = all
      if !tile.isEmpty { try evaluation.append(keys[index], tile, to: &table) }
    }
    return table
  }

  private static func constant(_ value: Double, _ presence: Presence) -> Row {
    var row = Row(steps: presence.count)
    for step in 0..<presence.count { row.values[step] = value }
    row.presence = presence
    return row
  }
}

extension Row {
  /// The sample at a step, float or histogram.
  func sample(_ step: Int) -> SamplePairs.Sample? {
    if presence[step] { return .float(values[step]) }
    return histograms[step].map { .histogram($0) }
  }
}

/// What becomes of the labels of two rows that match (promql-evaluation.md §6.3).
private struct ResultLabels {
  private let kept: LabelProjection
  /// What is taken over from the other row.
  private let taken: LabelNames?

  /// `dropsMetadata`: the operation makes a new value.
  init(_ matching: VectorMatching, dropsMetadata: Bool) {
    let dropped = dropsMetadata ? LabelName.metadata : []
    switch (matching.cardinality, matching.labels) {
    case (.oneToOne, .on(let names)):
      (kept, taken) = (.keeping(names.filter { !dropped.contains($0) }), nil)
    case (.oneToOne, .ignoring(let names)): (kept, taken) = (.dropping(names + dropped), nil)
    case (.manyToOne(let names), _), (.oneToMany(let names), _):
      (kept, taken) = (.dropping(names + dropped), LabelNames(names))
    }
  }

  func of(_ many: RowKey, _ one: RowKey) -> Labels {
    let labels = many.projected(kept)
    return taken.map { labels.merging(one.labels, $0) } ?? labels
  }
}

/// The match groups of two sides.
struct MatchGroups {
  private(set) var labels: [Labels] = []
  private(set) var many: [[Int]] = []
  private(set) var one: [[Int]] = []
  private(set) var groupOfMany: [Int] = []
  private(set) var groupOfOne: [Int] = []

  init(
    _ manyKeys: RowKeys, _ oneKeys: RowKeys, _ matchLabels: MatchLabels, mutation: Mutation?
  ) {
    var projected = ProjectedLabels(matchLabels.projection(mutation))
    groupOfMany = projected.indexes(of: manyKeys)
    groupOfOne = projected.indexes(of: oneKeys)
    labels = projected.labels
    many = Groups.members(groupOfMany, groups: labels.count)
    one = Groups.members(groupOfOne, groups: labels.count)
  }
}
