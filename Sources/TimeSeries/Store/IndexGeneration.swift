/// An index and the series that its rows stand for.
struct IndexGeneration: Sendable {
  let index: SeriesIndex
  /// The series of each row of the index.
  let ids: [Int32]

  /// Of no series.
  init() {
    index = SeriesIndex(sorted: [])
    ids = []
  }

  /// What follows an index: without the series that are `gone`, and with those that were `added`.
  init(after previous: IndexGeneration, gone: [Int32], added: [Int32], entries: [StoreState.Entry]) {
    let gone = Set(gone)
    let added = added.sorted { entries[Int($0)].labels < entries[Int($1)].labels }
    var ids: [Int32] = []
    var labels: [Labels] = []
    ids.reserveCapacity(previous.ids.count + added.count)
    labels.reserveCapacity(previous.ids.count + added.count)
    var next = 0
    func append(_ id: Int32) {
      ids.append(id)
      labels.append(entries[Int(id)].labels)
    }
    for (row, id) in previous.ids.enumerated() where gone.isEmpty || !gone.contains(id) {
      while next < added.count, entries[Int(added[next])].labels < previous.index.labels[row] {
        append(added[next])
        next += 1
      }
      append(id)
    }
    for id in added[next...] { append(id) }
    self.ids = ids
    index = SeriesIndex(sorted: labels)
  }
}
