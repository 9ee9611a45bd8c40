/// The timelines that a selection makes of the runs and heads of loose series. Series with the same
/// timestamps share one: their runs share theirs since they were sealed, so that looking at the runs is
/// enough, mostly.
struct LooseTimelines: Sendable {
  private struct Known {
    var runs: [Timeline]
    var head: [Int64]
    var timeline: Timeline

    func isMade(of other: some Collection<Timeline>, _ head: ArraySlice<Int64>) -> Bool {
      runs.elementsEqual(other) { $0 === $1 } && self.head.elementsEqual(head)
    }
  }

  private struct Key: Hashable {
    var first: ObjectIdentifier?
    var runs: Int
    var head: Int
    var newest: Int64
  }

  /// More than these are forgotten all at once: series that differ so much share none.
  private static let limit = 4096
  private var known: [Key: [Known]] = [:]
  private var count = 0
  /// Series that share theirs come one behind the other, often.
  private var latest: Known?
  /// Where runs are not the same though their timestamps are.
  private var byContent = TimelineTable()
  /// How many timelines the selection has.
  private var number: Int

  /// - Parameter number: how many timelines the selection has had before.
  init(number: Int) { self.number = number }

  /// The timeline with the timestamps of runs and of a head behind them, at least one.
  mutating func timeline(_ runs: some Collection<Timeline>, _ head: ArraySlice<Int64>) -> Timeline {
    if let latest, latest.isMade(of: runs, head) { return latest.timeline }
    let key = Key(
      first: runs.first.map(ObjectIdentifier.init), runs: runs.count, head: head.count,
      newest: head.last ?? .min)
    if let found = known[key]?.first(where: { $0.isMade(of: runs, head) }) {
      latest = found
      return found.timeline
    }
    var times: [Int64] = []
    times.reserveCapacity(runs.reduce(head.count) { $0 + $1.count })
    for run in runs { times += run }
    times += head
    let timeline = byContent.timeline(times, number: number)
    number += 1
    if count >= Self.limit { (known, count) = ([:], 0) }
    count += 1
    let added = Known(runs: Array(runs), head: Array(head), timeline: timeline)
    known[key, default: []].append(added)
    latest = added
    return timeline
  }
}
