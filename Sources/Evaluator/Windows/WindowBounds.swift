import PromQL
import TimeSeries

/// Where the window of each step lies on a timeline: positions `lows[i]..<highs[i]`.
///
/// Located once a timeline and window, and used by every series on that timeline.
final class WindowBounds: Sendable {
  let lows: [Int32]
  let highs: [Int32]
  /// The position of each window's newest sample; of an empty window, any within `needed`.
  let newest: [Int32]
  /// The steps whose window holds a sample.
  let presence: Presence
  /// The positions from the first window that holds a sample to the last one.
  let needed: Range<Int>

  /// Positions of the samples in (end − back, end + ahead], `end` being each step's reference time.
  /// Two pointers: O(timestamps + steps).
  init(_ timestamps: [Int64], ends: [Int64], back: Int64, ahead: Int64 = 0) {
    var lows = [Int32](repeating: 0, count: ends.count)
    var highs = lows
    var presence = Presence(count: ends.count)
    var low = 0
    if let first = ends.first {
      let after = Self.clamped(first, -back)
      low = timestamps.partitioningIndex { $0 > after }
    }
    var high = low
    let count = timestamps.count
    unsafe lows.withUnsafeMutableBufferPointer { lows in
      unsafe highs.withUnsafeMutableBufferPointer { highs in
        unsafe timestamps.withUnsafeBufferPointer { timestamps in
          // Both have one element a step; low and high stay within the timestamps.
          presence.setEach { step in
            let after = Self.clamped(ends[step], -back)
            let through = Self.clamped(ends[step], ahead)
            while low < count, unsafe timestamps[low] <= after { low += 1 }
            if high < low { high = low }
            while high < count, unsafe timestamps[high] <= through { high += 1 }
            unsafe lows[step] = Int32(truncatingIfNeeded: low)
            unsafe highs[step] = Int32(truncatingIfNeeded: high)
            return low < high
          }
        }
      }
    }
    var needed = 0..<0
    if let first = presence.first, let last = presence.last {
      needed = Int(lows[first])..<Int(highs[last])
      // Empty windows stay within what is needed, so that loops over all steps may read there.
      if !presence.isFull {
        for step in lows.indices where lows[step] == highs[step] {
          lows[step] = min(max(lows[step], lows[first]), highs[last])
          highs[step] = lows[step]
        }
      }
    }
    self.lows = lows
    self.highs = highs
    let last = Int32(max(needed.upperBound - 1, 0))
    newest = highs.map { min(max($0 - 1, Int32(needed.lowerBound)), last) }
    self.presence = presence
    self.needed = needed
  }

  /// The bounds of a step's window on a run of the timeline, as positions of the run.
  @inline(__always)
  func window(_ step: Int, in samples: borrowing Samples) -> Range<Int> {
    let low = max(0, Int(lows[step]) - samples.first)
    let high = min(samples.count, Int(highs[step]) - samples.first)
    return low..<max(low, high)
  }

  @inline(__always)
  private static func clamped(_ time: Int64, _ delta: Int64) -> Int64 {
    let (sum, overflow) = time.addingReportingOverflow(delta)
    return overflow ? (delta < 0 ? .min : .max) : sum
  }
}

/// Remembers the bounds of the timelines that a node meets.
final class WindowLocator {
  /// The reference time of each step, milliseconds, ascending.
  let ends: [Int64]
  private let back: Int64
  private let ahead: Int64
  private var known: [ObjectIdentifier: Found] = [:]

  /// What is known of one timeline. Keeping the timeline alive keeps its identity its own.
  private final class Found {
    let timeline: Timeline
    let bounds: WindowBounds
    var rates: RateTable?

    init(_ timeline: Timeline, _ bounds: WindowBounds) {
      self.timeline = timeline
      self.bounds = bounds
    }
  }

  /// What was asked for last: rows of one target follow each other.
  private var latest: Found?

  /// Timelines remembered at a time: targets share theirs and come back with every group; series with
  /// their own never do. As many as fit into 64 MB.
  private var capacity: Int { max(64, (1 << 26) / (40 * max(1, ends.count))) }

  init(_ grid: Grid, _ time: TimeReference, back: Int64, ahead: Int64 = 0) {
    ends = (0..<grid.count).map { time.reference(step: grid.time($0)) }
    self.back = back
    self.ahead = ahead
  }

  func bounds(_ timeline: Timeline) -> WindowBounds { find(timeline).bounds }

  /// The table for rates over a timeline. `range` and `isRate` are the same at every call.
  func rates(_ timeline: Timeline, range: Int64, isRate: Bool) -> RateTable {
    let found = find(timeline)
    if let rates = found.rates { return rates }
    let rates = RateTable(
      found.bounds, timeline.timestamps, ends: ends, range: range, isRate: isRate)
    found.rates = rates
    return rates
  }

  private func find(_ timeline: Timeline) -> Found {
    if let latest, latest.timeline === timeline { return latest }
    if let found = known[ObjectIdentifier(timeline)] {
      latest = found
      return found
    }
    let bounds = WindowBounds(timeline.timestamps, ends: ends, back: back, ahead: ahead)
    if known.count >= capacity { known.removeAll(keepingCapacity: true) }
    let found = Found(timeline, bounds)
    known[ObjectIdentifier(timeline)] = found
    latest = found
    return found
  }
}
