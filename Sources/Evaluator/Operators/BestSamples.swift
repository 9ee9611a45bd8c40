/// The k best samples of a group at a step, kept as a heap with the worst of them at its root.
///
/// Which of several equal values has to leave shows in the answer. A binary heap that sifts as Go's
/// `container/heap` does lets go of the one that Prometheus lets go of (promql-evaluation.md §5.5 leaves it
/// open).
struct BestSamples {
  /// Whether large values are better.
  let isTop: Bool
  private var capacity = 0
  private var heap: [(row: Int, value: Double)] = []

  init(isTop: Bool) {
    self.isTop = isTop
  }

  /// Forgets all; `capacity` samples stay from here on, none where that is below 1.
  mutating func start(_ capacity: Int) {
    self.capacity = capacity
    heap.removeAll(keepingCapacity: true)
  }

  /// O(log k); a value that is no better than the worst one costs a comparison.
  mutating func add(_ row: Int, _ value: Double) {
    if heap.count < capacity {
      heap.append((row, value))
      siftUp()
    } else if let worst = heap.first?.value, isBetter(value, than: worst) {
      heap[0] = (row, value)
      siftDown()
    }
  }

  /// In no order that says anything.
  func forEachRow(_ body: (Int) -> Void) {
    for sample in heap { body(sample.row) }
  }

  /// Best first, NaN last; equal values as they lie in the heap.
  func sortedRows() -> [Int] {
    heap.enumerated().sorted { a, b in
      if isBetter(a.element.value, than: b.element.value) { return true }
      return !isBetter(b.element.value, than: a.element.value) && a.offset < b.offset
    }.map(\.element.row)
  }

  /// NaN is worse than any number.
  private func isBetter(_ value: Double, than other: Double) -> Bool {
    if value.isNaN || other.isNaN { return !value.isNaN && other.isNaN }
    return isTop ? value > other : value < other
  }

  private func isWorse(_ i: Int, _ j: Int) -> Bool {
    heap[i].value.isNaN || isBetter(heap[j].value, than: heap[i].value)
  }

  private mutating func siftUp() {
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard isWorse(child, parent) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, isWorse(child + 1, child) { child += 1 }
      guard isWorse(child, parent) else { return }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
