/// An index and the series that its rows stand for.
struct IndexGeneration: Sendable {
  let index: SeriesIndex
  /// The series of each row of the index.
  let ids: [Int32]

  init(entries: [StoreState.Entry], ids: [Int32]) {
    let order = ids.sorted { entries[Int($0)].labels < entries[Int($1)].labels }
    self.ids = order
    index = SeriesIndex(sorted: order.map { entries[Int($0)].labels })
  }
}
