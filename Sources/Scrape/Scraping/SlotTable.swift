internal import TimeSeries

/// The series of one target: a small number for each, its labels, and its newest sample.
struct SlotTable: Sendable {
  /// The labels of each slot; empty for a free one.
  private(set) var labels: [Labels] = []
  /// What is known of each slot besides its labels.
  var samples: [Newest] = []
  private var slots: [Labels: Int32] = [:]
  private var free: [Int32] = []
  /// What was known of series that were given up, as long as something can be too old for them.
  private var remembered: [Labels: Newest] = [:]
  /// Looked through when it has grown to this.
  private var mostRemembered = 1000

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
    if !remembered.isEmpty, let known = remembered.removeValue(forKey: labels) { samples[Int(slot)] = known }
    return (slot, true)
  }

  /// Gives slots up, for other series to use.
  /// - Parameter oldest: samples from this time on may still come, milliseconds: series with newer ones are
  ///   remembered. Nil where all samples come at the scrape's time.
  mutating func release(_ released: [Int32], oldest: Int64?) {
    for slot in released {
      let given = labels[Int(slot)]
      slots[given] = nil
      if let oldest, samples[Int(slot)].timestamp >= oldest { remembered[given] = samples[Int(slot)] }
      labels[Int(slot)] = .none
      free.append(slot)
    }
    guard let oldest, remembered.count > mostRemembered else { return }
    remembered = remembered.filter { $0.value.timestamp >= oldest }
    mostRemembered = 2 * remembered.count + 1000
  }

  /// The slots in use that a pass has not seen.
  func unseen(in pass: Int) -> [Int32] {
    samples.indices.filter { samples[$0].seen != pass && !labels[$0].isEmpty }.map { Int32($0) }
  }
}
