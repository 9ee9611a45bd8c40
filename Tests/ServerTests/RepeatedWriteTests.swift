import Foundation
import Recording
import Server
import Testing
import TimeSeries

/// Senders repeat the labels of their series in each request: what is remembered of them mixes up nothing.
@Suite struct RepeatedWriteTests {
  private let remote = RemoteTests()

  /// The labels of three series as different senders write them; the first of each is the plain way.
  private static let ways: [[(String, String)]] = [
    [("__name__", "m"), ("x", "1")], [("x", "1"), ("__name__", "m")],
    [("__name__", "m"), ("gone", ""), ("x", "1")], [("__name__", "m"), ("x", "12")],
    [("__name__", "m"), ("x", "1"), ("y", "2")], [("__name__", "m"), ("x", ""), ("y", "2")],
    [("__name__", "m"), ("y", "2")], [("__name__", "mx"), ("x", "1")],
    [("__name__", "m"), ("x", String(repeating: "long", count: 100))],
    [("__name__", "m"), ("x", String(repeating: "l", count: 127))],
    [("__name__", "m"), ("x", String(repeating: "l", count: 255))],
    [("__name__", "m"), ("x", String(repeating: "l", count: 20_000))],
  ]

  @Test func `however labels are written, each series gets its samples`() async throws {
    let (api, store) = remote.endpoint()
    var expected: [Labels: [Double]] = [:]
    var order = Self.ways
    for round in 0..<40 {
      // In the order of before, in others, and only some of them.
      if round % 5 == 3 { order = Self.ways.reversed() }
      if round % 5 == 4 {
        order = (0..<Self.ways.count).map { Self.ways[($0 * 5 + round) % Self.ways.count] }
      }
      let now = round % 3 == 2 ? Array(order.prefix(7)) : order
      for (position, labels) in now.enumerated() {
        let value = Double(round * 100 + position)
        let time = 9_000_000 + Int64(round * 100 + position)
        let body = remote.write([remote.series(labels, [(value, time)])])
        #expect(await remote.post(api, "/api/v1/write", body).status == 204)
        let key = Labels(labels.map { (name: $0.0, value: $0.1) })
        expected[key, default: []].append(value)
      }
    }
    let rows = store.snapshot().select(.everything)
    #expect(rows.labels == expected.keys.sorted())
    for row in 0..<rows.count { #expect(try rows.samples(row).values == expected[rows.labels(row)]) }
  }

  @Test func `what is gone is forgotten, and may come again`() async throws {
    let store = Store(limits: StoreLimits(retention: 60_000))
    let now: Int64 = 1_000_000_000
    let writer = RemoteWrite(into: store, now: { now })
    let api = PrometheusAPI(options: PrometheusAPI.Options(), now: { now }, writer: writer) {
      store.snapshot()
    }
    // Many more series than are looked through at once, and the first ones again at the end.
    for round in 0..<30 {
      let body = remote.write(
        (0..<700).map { number in
          remote.series(
            [("__name__", "m"), ("n", "\(number)"), ("round", "\(round % 29)")],
            [(Double(round), Int64(round) * 100_000)])
        })
      #expect(await remote.post(api, "/api/v1/write", body).status == 204)
    }
    let rows = store.snapshot().select(.everything)
    #expect(rows.count == 700)
    #expect(rows.labels.allSatisfy { $0["round"] == "0" })
    for row in 0..<rows.count { #expect(try rows.samples(row).values == [29]) }
  }
}
