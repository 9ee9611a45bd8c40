/// Timelines that series share: those with the same timestamps.
package struct TimelineTable: Sendable {
  private struct Key: Hashable {
    var first: Int64
    var last: Int64
    var count: Int
  }

  /// More timelines than this are forgotten all at once: series that differ so much share none.
  private static let limit = 4096
  private var count = 0

  private var known: [Key: [Timeline]] = [:]

  package init() {}

  /// The timeline with these ascending timestamps, at least one. `number` is that of a new one.
  package mutating func timeline(_ timestamps: [Int64], number: Int = .max) -> Timeline {
    let key = Key(first: timestamps[0], last: timestamps[timestamps.count - 1], count: timestamps.count)
    if let found = known[key]?.first(where: { $0.holds(timestamps) }) { return found }
    let timeline = Timeline(timestamps, number: number)
    if count >= Self.limit { (known, count) = ([:], 0) }
    count += 1
    known[key, default: []].append(timeline)
    return timeline
  }

  /// Forgets those that end before a time.
  mutating func drop(before time: Int64) {
    guard count > 0 else { return }
    known = known.filter { $0.key.last >= time }
    count = known.reduce(0) { $0 + $1.value.count }
  }
}
