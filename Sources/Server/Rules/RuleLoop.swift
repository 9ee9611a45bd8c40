public import Evaluator
public import Rules
import Synchronization
public import TimeSeries

/// Evaluates rule groups at their intervals, writes what they yield into a store, and knows how they are
/// doing (config.md §9).
///
/// Every group has a task and a phase of its own; its rules are evaluated one after the other.
public final class RuleLoop: Sendable {
  /// The groups of one file.
  public struct File: Sendable {
    public var path: String
    public var groups: [RuleGroup]

    public init(path: String, groups: [RuleGroup]) {
      self.path = path
      self.groups = groups
    }
  }

  /// How a rule fared last.
  struct Outcome: Sendable {
    /// Nil before the first evaluation.
    var evaluated: Int64?
    var seconds = 0.0
    var failure: String?
  }

  /// A group and how it is doing.
  struct Group: Sendable {
    var file: String
    var evaluation: GroupEvaluation
    /// Milliseconds.
    var interval: Int64
    var outcomes: [Outcome]
    var evaluated: Int64?
    var seconds = 0.0

    var name: String { evaluation.group.name }
  }

  private let groups: Mutex<[Group]>
  private let count: Int
  private let store: Store
  private let now: @Sendable () -> Int64
  private let written: @Sendable () -> Void

  /// - Parameters:
  ///   - interval: of groups that name none, milliseconds.
  ///   - now: milliseconds since the epoch.
  ///   - written: called when a group's samples are in the store.
  public init(
    _ files: [File], engine: QueryEngine, interval: Int64, into store: Store,
    now: @escaping @Sendable () -> Int64,
    written: @escaping @Sendable () -> Void = {}
  ) {
    let query = RuleQuery(engine: engine)
    let ordered = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    let groups = ordered.flatMap { file in
      file.groups.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map { group in
        Group(
          file: file.path, evaluation: GroupEvaluation(group, query: query),
          interval: max(1, group.interval ?? interval), outcomes: group.rules.map { _ in Outcome() })
      }
    }
    count = groups.count
    self.groups = Mutex(groups)
    self.store = store
    self.now = now
    self.written = written
  }

  /// How all groups are doing, by file and name.
  var status: [Group] { groups.withLock { $0 } }

  /// Evaluates until the task is cancelled.
  @concurrent
  public func run() async {
    await withTaskGroup(of: Void.self) { tasks in
      for index in 0..<count {
        tasks.addTask {
          let (interval, phase) = self.schedule(of: index)
          while !Task.isCancelled {
            let time = self.now()
            let next = time - Self.modulo(time - phase, interval) + interval
            do { try await Task.sleep(for: .milliseconds(next - time)) } catch { return }
            self.evaluate(index, at: next)
          }
        }
      }
    }
  }

  /// Groups are spread over their intervals, always in the same way.
  private func schedule(of index: Int) -> (interval: Int64, phase: Int64) {
    groups.withLock { groups in
      let group = groups[index]
      let hash = (group.file + ";" + group.name).utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
        ($0 ^ UInt64($1)) &* 1_099_511_628_211
      }
      return (group.interval, Int64(hash % UInt64(group.interval)))
    }
  }

  private static func modulo(_ value: Int64, _ divisor: Int64) -> Int64 {
    let rest = value % divisor
    return rest < 0 ? rest + divisor : rest
  }

  /// Evaluates all groups once, in their order, at a time in milliseconds.
  public func evaluateAll(at time: Int64) {
    for index in 0..<count { evaluate(index, at: time) }
  }

  private func evaluate(_ index: Int, at time: Int64) {
    // A group is evaluated by one task only: nobody else changes it meanwhile.
    var group = groups.withLock { $0[index] }
    let began = ContinuousClock.now
    for rule in group.evaluation.group.rules.indices {
      let start = ContinuousClock.now
      var failure: String?
      do {
        try group.evaluation.evaluate(rule, at: time, in: store)
      } catch {
        failure = error.message
      }
      group.outcomes[rule] = Outcome(
        evaluated: now(), seconds: (ContinuousClock.now - start).seconds, failure: failure)
    }
    group.evaluated = now()
    group.seconds = (ContinuousClock.now - began).seconds
    let done = group
    groups.withLock { $0[index] = done }
    written()
  }
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
