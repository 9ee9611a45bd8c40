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

  /// The timeline with these ascending timestamps, at least one.
  package mutating func timeline(_ timestamps: [Int64]) -> Timeline {
    let key = Key(first: timestamps[0], last: timestamps[timestamps.count - 1], count: timestamps.count)
    if let found = known[key]?.first(where: { $0.holds(timestamps) }) { return found }
    let timeline = Timeline(timestamps)
    if count >= Self.limit { (known, count) = ([:], 0) }
    count += 1
    known[key, default: []].append(timeline)
    return timeline
  }
}
