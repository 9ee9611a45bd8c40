import PromQL
import Synchronization
import TimeSeries

/// Queries that were parsed lately: gates and dashboards ask the same ones again and again, and reading a
/// query can cost more than answering it. What is kept depends on nothing but the text and the features.
final class ParsedQueries: Sendable {
  static let shared = ParsedQueries()

  private struct Key: Hashable {
    var text: [UInt8]
    var features: LanguageFeatures

    func hash(into hasher: inout Hasher) {
      unsafe text.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
  }

  private struct State {
    var queries: [Key: ParsedQuery] = [:]
    /// Bytes of all texts.
    var size = 0
  }

  private let known = Mutex(State())

  /// More than these are forgotten all at once, and texts of more bytes together; longer ones are not kept.
  private static let limit = 256
  private static let largestSize = 64 << 10
  private static let longest = 4096

  /// What a text means. Throws what parsing throws.
  func query(_ text: [UInt8], _ features: LanguageFeatures) throws(ParseFailure) -> ParsedQuery {
    guard text.count <= Self.longest else { return try ParsedQuery(text, features) }
    let key = Key(text: text, features: features)
    if let query = known.withLock({ $0.queries[key] }) { return query }
    let query = try ParsedQuery(text, features)
    let forgotten = known.withLock { known -> State? in
      var forgotten: State?
      // Patterns of queries that nobody asks any more must not keep others out.
      if known.queries.count >= Self.limit || known.size + text.count > Self.largestSize || RE2.isHalfFull {
        forgotten = known
        known = State()
      }
      if known.queries.updateValue(query, forKey: key) == nil { known.size += text.count }
      return forgotten
    }
    // They end outside of the lock: there may be many.
    _ = forgotten
    return query
  }
}

/// A query's tree, and the plan that was made of it last: it is moved to other times where that gives the
/// same as planning anew.
final class ParsedQuery: Sendable {
  let expression: Expression
  /// How many levels the tree has.
  let depth: Int
  private let features: LanguageFeatures
  private let isMovable: Bool
  private let latest = Mutex<(context: QueryContext, plan: Plan)?>(nil)

  init(_ text: [UInt8], _ features: LanguageFeatures) throws(ParseFailure) {
    expression = try Expression.parse(text, features: features)
    depth = Lowering.depth(of: expression)
    isMovable = depth <= Lowering.depthLimit && !expression.isBoundToTime
    self.features = features
  }

  /// The plan for some steps; who allows more levels than usual has to keep it where there is stack for them.
  func plan(
    _ context: QueryContext, depthLimit: Int = Lowering.depthLimit
  ) throws(LoweringError) -> Plan {
    if isMovable, let (old, plan) = latest.withLock({ $0 }), let moved = plan.moved(from: old, to: context) {
      return moved
    }
    let plan = try Lowering.plan(expression, in: context, features: features, depthLimit: depthLimit)
    if isMovable { latest.withLock { $0 = (context, plan) } }
    return plan
  }
}
