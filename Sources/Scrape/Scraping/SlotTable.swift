internal import TimeSeries

/// The series of one target: a small number for each, its labels, and its newest sample.
struct SlotTable: Sendable {
  /// The labels of each slot; empty for a free one.
  private(set) var labels: [Labels] = []
  /// What is known of each slot besides its labels.
  var samples: [Newest] = []
  private var slots: [Labels: Int32] = [:]
  private var free: [Int32] = []

  /// What is known of a slot besides its labels.
  struct Newest: Sendable {
    /// Milliseconds; the least number when there is no sample yet.
    var timestamp = Int64.min
    var value = 0.0
    /// The newest time that the current pass has brought so far; between passes the newest of all.
    var pendingTime = Int64.min
    /// The pass that last saw a text of the series.
    var seen = 0
    /// The pass that last brought a sample whose absence will be marked.
    var tracked = 0
  }

  /// The slot of a label set, a new one where needed.
  mutating func slot(of labels: Labels) -> (slot: Int32, isNew: Bool) {
    if let slot = slots[labels] { return (slot, false) }
    let slot: Int32
    if let reused = free.popLast() {
      slot = reused
      self.labels[Int(slot)] = labels
      samples[Int(slot)] = Newest()
    } else {
      slot = Int32(self.labels.count)
      self.labels.append(labels)
      samples.append(Newest())
    }
    slots[labels] = slot
    return (slot, true)
  }

  /// Gives slots up, for other series to use.
  mutating func release(_ released: [Int32]) {
    for slot in released {
      slots[labels[Int(slot)]] = nil
      labels[Int(slot)] = .none
      free.append(slot)
    }
  }

  /// The slots in use that a pass has not seen.
  func unseen(in pass: Int) -> [Int32] {
    samples.indices.filter { samples[$0].seen != pass && !labels[$0].isEmpty }.map { Int32($0) }
  }
}
