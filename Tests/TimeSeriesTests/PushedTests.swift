import Testing
import TimeSeries

/// Series that are pushed, as selections show them.
struct PushedTests {
  /// Three series at the same times, and one at others.
  private static func store(samples: Int) throws -> Store {
    let store = Store()
    for position in 0..<samples {
      let time = Int64(position) * 15_000
      let batch = (0..<4).map { number in
        PushedSeries(
          labels: Labels([("__name__", "m"), ("n", "\(number)")]),
          samples: [StoredSample(timestamp: number == 3 ? time + 7 : time, .float(Double(position * number)))]
        )
      }
      #expect(store.append(batch, allOrNone: true).floats == 4)
    }
    return store
  }

  @Test(arguments: [1, 2, 100, 127, 128, 129, 130, 255, 256, 300, 700])
  func `series at the same times share a timeline`(_ count: Int) throws {
    let snapshot = try Self.store(samples: count).snapshot()
    for (first, last) in [(0, count - 1), (count / 3, count / 2), (count - 1, count - 1), (0, 0)] {
      let after = Int64(first) * 15_000 - 1
      let through = Int64(last) * 15_000 + 10
      let rows = snapshot.select(Selection(matchers: [], after: after, through: through))
      try #require(rows.count == 4)
      var read = Samples.none
      let samples = try (0..<4).map { row in
        try rows.read(row, into: &read)
        return read
      }
      #expect(samples[0].timeline === samples[1].timeline && samples[1].timeline === samples[2].timeline)
      #expect(samples[0].timeline !== samples[3].timeline)
      let extents = try (0..<4).map { try #require(rows.extent($0)) }
      #expect(extents[0].isSame(as: extents[2]) && !extents[0].isSame(as: extents[3]))
      for (number, samples) in samples.enumerated() {
        let wanted = (first...last).map { Double($0 * number) }
        let start = samples.timeline.firstPosition(after: after) - samples.first
        #expect(Array(samples.values.dropFirst(start).prefix(wanted.count)) == wanted)
        #expect(samples.timestamp(start) == Int64(first) * 15_000 + (number == 3 ? 7 : 0))
        // A hint, which a column of one value does not give.
        #expect(samples.areFloats && (number == 0 || samples.neverFalls))
      }
    }
  }

  @Test func `a series that ends, falls or holds a NaN says so, sealed or not`() throws {
    for count in [5, 200] {
      let store = Store()
      for (name, odd) in [("stale", StaleMarker.value), ("falls", -1), ("nan", Double.nan)] {
        let samples = (0..<count).map { position in
          StoredSample(timestamp: Int64(position), .float(position == count / 3 ? odd : Double(position)))
        }
        let outcome = store.append(
          [PushedSeries(labels: Labels([("a", name)]), samples: samples)], allOrNone: true)
        #expect(outcome.floats == count)
      }
      let rows = store.snapshot().select(.everything)
      let (falls, nan, stale) = try (rows.samples(0), rows.samples(1), rows.samples(2))
      #expect(!falls.neverFalls && falls.areFloats && rows.extent(0) != nil)
      #expect(!nan.neverFalls && nan.areFloats && nan.values[count / 3].isNaN)
      #expect(!stale.neverFalls && stale.staleMarkers == [count / 3] && rows.extent(2) == nil)
    }
  }
}
