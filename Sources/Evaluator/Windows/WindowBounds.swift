internal import CColumns
import PromQL
import TimeSeries

/// Where the window of each step lies on a timeline: from position `firsts[i]` to position `newest[i]`.
///
/// Located once a timeline and window, and used by every series on that timeline.
@safe
final class WindowBounds {
  // The positions are one piece of memory, one a step in either half; written in init only.

  /// How many windows there are.
  let steps: Int
  /// Keeping it alive keeps its identity its own.
  let timeline: Timeline
  /// The position of each window's oldest sample; of an empty window, any within `needed`, so that loops over
  /// all steps may read there.
  let firsts: UnsafePointer<Int32>
  /// The position of each window's newest sample; of an empty window, the same as in `firsts`.
  let newest: UnsafePointer<Int32>
  /// The steps whose window holds a sample.
  let presence: Presence
  /// The steps from the first one whose window may hold a sample to the last one: few of a series that came
  /// and went.
  let reach: Range<Int>
  /// The positions from the first window that holds a sample to the last one.
  let needed: Range<Int>
  /// Where the positions are.
  let memory: WindowMemory
  /// What rates need to know beside it, once one was asked for.
  fileprivate var rates: RateTable?

  /// Positions of the samples within each step's times. Two pointers: O(timestamps + steps in reach), and a
  /// number written for each of the others.
  init(_ timeline: Timeline, _ times: WindowTimes, in memory: WindowMemory = WindowMemory()) {
    let count = times.after.count
    let firsts = unsafe memory.allocate(Int32.self, count: 2 * count)
    let newest = unsafe firsts + count
    let reach = times.reach(timeline)
    // Windows before the reach have no sample behind them yet.
    unsafe firsts.update(repeating: 0, count: reach.lowerBound)
    unsafe newest.update(repeating: -1, count: reach.lowerBound)
    unsafe timeline.withUnsafeBufferPointer { timestamps in
      unsafe times.after.withUnsafeBufferPointer { after in
        unsafe times.through.withUnsafeBufferPointer { through in
          unsafe times.meeting.withUnsafeBufferPointer { meeting in
            unsafe promgate_locate(
              timestamps.baseAddress, timestamps.count, after.baseAddress, through.baseAddress,
              meeting.baseAddress, reach.lowerBound, reach.upperBound, firsts, newest)
          }
        }
      }
    }
    var presence = Presence(count: count)
    presence.setEach(in: reach) { unsafe firsts[$0] <= newest[$0] }
    var needed = 0..<0
    if let first = presence.first, let last = presence.last {
      needed = unsafe Int(firsts[first])..<Int(newest[last]) + 1
    }
    if !presence.isFull {
      let last = Int32(max(needed.lowerBound, needed.upperBound - 1))
      let before = min(Int32(needed.lowerBound), last)
      unsafe firsts.update(repeating: before, count: reach.lowerBound)
      unsafe newest.update(repeating: before, count: reach.lowerBound)
      unsafe (firsts + reach.upperBound).update(repeating: last, count: count - reach.upperBound)
      unsafe (newest + reach.upperBound).update(repeating: last, count: count - reach.upperBound)
      for step in reach where !presence[step] {
        unsafe firsts[step] = min(max(firsts[step], Int32(needed.lowerBound)), last)
        unsafe newest[step] = firsts[step]
      }
    }
    steps = count
    self.reach = reach
    self.timeline = timeline
    self.memory = memory
    unsafe self.firsts = unsafe UnsafePointer(firsts)
    unsafe self.newest = unsafe UnsafePointer(newest)
    self.presence = presence
    self.needed = needed
  }

  /// The position of the oldest sample in a step's window, and that of the newest one.
  @inline(__always)
  func edges(_ step: Int) -> (first: Int, newest: Int) { unsafe (Int(firsts[step]), Int(newest[step])) }

  /// The bounds of a step's window on a run of the timeline, as positions of the run.
  @inline(__always)
  func window(_ step: Int, in samples: borrowing Samples) -> Range<Int> {
    let (first, newest) = edges(step)
    let low = max(0, first - samples.first)
    let high = presence[step] ? min(samples.count, newest + 1 - samples.first) : low
    return low..<max(low, high)
  }
}

/// Between which times the window of each step lies, milliseconds: the same for all timelines.
struct WindowTimes {
  /// A window's samples are later than this, and as late as `through` at most.
  let after: [Int64]
  let through: [Int64]
  /// An earlier step whose window ends where that of a step begins, −1 where there is none.
  let meeting: [Int32]

  /// Windows (end − back, end + ahead] for ascending ends.
  init(ends: [Int64], back: Int64, ahead: Int64) {
    let after = ends.map { Self.clamped($0, -back) }
    let through = ends.map { Self.clamped($0, ahead) }
    var earlier = 0
    meeting = after.indices.map { step in
      while earlier < step, through[earlier] < after[step] { earlier += 1 }
      return earlier < step && through[earlier] == after[step] ? Int32(earlier) : -1
    }
    (self.after, self.through) = (after, through)
  }

  /// The steps whose window may hold a sample of a timeline. O(log steps).
  func reach(_ timeline: Timeline) -> Range<Int> {
    guard let first = timeline.first, let last = timeline.last else { return 0..<0 }
    let begin = through.partitioningIndex { $0 >= first }
    return begin..<max(begin, after.partitioningIndex { $0 >= last })
  }

  private static func clamped(_ time: Int64, _ delta: Int64) -> Int64 {
    let (sum, overflow) = time.addingReportingOverflow(delta)
    return overflow ? (delta < 0 ? .min : .max) : sum
  }
}

/// Remembers the bounds of the timelines that a node meets.
final class WindowLocator {
  /// The reference time of each step, milliseconds, ascending.
  let ends: [Int64]
  private let times: WindowTimes
  /// Of timelines that are numbered, by their number.
  private var numbered: [WindowBounds?] = []
  /// The memory of these.
  private let memory = WindowMemory()
  /// Of the others.
  private var known: [ObjectIdentifier: WindowBounds] = [:]
  /// The one of these that was asked for last: series that share theirs often follow each other.
  private var latest: WindowBounds?

  /// Timelines remembered at a time: targets share theirs and come back with every group; series with
  /// their own never do. As many as fit into 64 MB.
  private var capacity: Int { max(64, (1 << 26) / bytesPerTimeline) }
  /// What is remembered is asked for; what is not given is found anew.
  private let account: MemoryAccount
  private var remembered = 0

  /// What the times of the windows take for each step, bytes.
  static let bytesPerStep = 32
  /// What is remembered of a timeline, at most: its bounds and what rates need.
  private var bytesPerTimeline: Int { 40 * max(1, ends.count) }

  init(_ grid: Grid, _ time: TimeReference, back: Int64, ahead: Int64 = 0, memory: MemoryAccount) {
    account = memory
    ends = (0..<grid.count).map { time.reference(step: grid.time($0)) }
    times = WindowTimes(ends: ends, back: back, ahead: ahead)
  }

  deinit { account.giveBack(remembered * bytesPerTimeline) }

  @inline(__always)
  func bounds(_ timeline: Timeline) -> WindowBounds {
    let number = timeline.number
    if number < numbered.count, let found = numbered[number], found.timeline === timeline { return found }
    return find(timeline)
  }

  /// The table for rates over the timeline of `bounds`. `range` and `isRate` are the same at every call.
  @inline(__always)
  func rates(_ bounds: WindowBounds, range: Int64, isRate: Bool) -> RateTable {
    if let rates = bounds.rates { return rates }
    let rates = RateTable(bounds, ends: ends, range: range, isRate: isRate)
    bounds.rates = rates
    return rates
  }

  private func find(_ timeline: Timeline) -> WindowBounds {
    let number = timeline.number
    if let latest, latest.timeline === timeline { return latest }
    if number >= capacity || !known.isEmpty {
      if let found = known[ObjectIdentifier(timeline)] {
        latest = found
        return found
      }
    }
    if number < capacity, mayRemember() {
      let bounds = WindowBounds(timeline, times, in: memory)
      while numbered.count <= number { numbered.append(nil) }
      numbered[number] = bounds
      return bounds
    }
    let bounds = WindowBounds(timeline, times)
    if known.count >= capacity {
      account.giveBack(known.count * bytesPerTimeline)
      remembered -= known.count
      known.removeAll(keepingCapacity: true)
    }
    if mayRemember() { known[ObjectIdentifier(timeline)] = bounds }
    latest = bounds
    return bounds
  }

  private func mayRemember() -> Bool {
    do {
      try account.take(bytesPerTimeline)
      remembered += 1
      return true
    } catch {
      return false
    }
  }
}
