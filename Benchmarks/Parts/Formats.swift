import Evaluator
import Gate
import Manifests
import PromQL
import Scrape
import Server
import TimeSeries

/// The edges: packing, chunks, expositions, JSON; and a gate's tick.
enum Formats {
  static func benchmarks() throws -> [Benchmark] {
    var all = packing()
    all.append(try chunks())
    all += try expositions()
    all.append(try json())
    all.append(nativeHistograms())
    all.append(try gate())
    return all
  }

  private static func packing() -> [Benchmark] {
    let count = 1 << 20
    let kinds: [(name: String, values: [Double])] = [
      ("counters", (0..<count).map { Double($0 * 7 + $0 % 3) }),
      ("decimals", (0..<count).map { Double($0 * 7919 % 100_003) / 1000 }),
      ("any floats", (0..<count).map { Double($0).squareRoot() }),
    ]
    return kinds.flatMap { kind in
      let column = PackedColumn(kind.values)
      return [
        Benchmark(name: "pack \(kind.name)", items: count, unit: "value", bytes: count * 8 + column.byteCount)
        {
          let packed = PackedColumn(kind.values)
          try Benchmark.check(packed.count == count, "\(packed.count)")
        },
        Benchmark(
          name: "unpack \(kind.name) (\(perSample(column, count)) bytes each)", items: count, unit: "value",
          bytes: count * 8 + column.byteCount
        ) {
          let values = column.values(0..<count)
          try Benchmark.check(values[count - 1] == kind.values[count - 1], "\(values[count - 1])")
        },
      ]
    }
  }

  private static func perSample(_ column: PackedColumn, _ count: Int) -> Double {
    (Double(column.byteCount) / Double(count) * 100).rounded() / 100
  }

  private static func chunks() throws -> Benchmark {
    let count = 120_000
    let samples = Samples(
      timeline: Timeline((0..<count).map { Data.start + Int64($0) * 15_000 }),
      values: (0..<count).map { Double($0 * 3) })
    return Benchmark(name: "write and read XOR chunks", items: count, unit: "sample", bytes: count * 32) {
      var writer = ChunkWriter()
      var columns = SampleColumns()
      for chunk in writer.chunks(samples, first: .min, last: .max) {
        try chunk.bytes.withUnsafeBytes { try columns.append(chunk: $0, chunk.encoding) }
      }
      try Benchmark.check(columns.values == samples.values && columns.count == count, "\(columns.count)")
    }
  }

  private static func expositions() throws -> [Benchmark] {
    let series = 10_000
    let text = "# TYPE http_request_duration_seconds histogram\n"
    func page(_ value: Int) -> [UInt8] {
      var page = text
      for index in 0..<series {
        page +=
          "http_request_duration_seconds_bucket{method=\"GET\",path=\"/api/v1/things/\(index / 10)\",status=\"200\","
        page += "le=\"0.\(index % 10)5\"} \(value + index * 13)\n"
      }
      return Array(page.utf8)
    }
    let pages = [page(1), page(2)]
    var target = Target(url: "http://127.0.0.1:1/metrics", labels: Labels([("job", "b")]))
    target.intervalMilliseconds = 15_000
    var scraper = Scraper(target: target)
    let store = Store(limits: StoreLimits(retention: 600_000))
    var writer = StoreWriter(store)
    var number: Int64 = 0
    return [
      Benchmark(
        name: "scrape \(series) series (\(pages[0].count / 1000) kB)", items: series, unit: "series",
        bytes: pages[0].count
      ) {
        number += 1
        let body = pages[Int(number % 2)]
        let response = HTTPResponse(
          status: 200, headers: [HTTPRequest.Header("Content-Type", "text/plain; version=0.0.4")], body: body)
        let result = scraper.scrape(.success(response), at: Data.start + number * 15_000) { 0.01 }
        try Benchmark.check(result.isUp && result.samplesScraped == series, "\(result.samplesScraped)")
        if let refusal = writer.write(result) { throw refusal }
      }
    ]
  }

  private static func json() throws -> Benchmark {
    let source = try Data.counters(100, samples: 1440, interval: 15_000).snapshot()
    let grid = Grid(start: Data.start + 300_000, end: Data.start + 1439 * 15_000, step: 15_000)
    let result = try QueryEngine().range(Array("rate(m_total[5m])".utf8), over: grid, in: source)
    let steps = (0..<grid.count).map { grid.start + Int64($0) * grid.step }
    return Benchmark(name: "write a matrix as JSON", items: 100 * grid.count, unit: "value") {
      let body = QueryBody.success(result, steps: steps, in: [])
      try Benchmark.check(body.count > 100 * grid.count * 20, "\(body.count) bytes")
    }
  }

  private static func nativeHistograms() -> Benchmark {
    let count = 1000
    let histograms: [NativeHistogram] = (0..<count).map { number in
      var histogram = NativeHistogram()
      histogram.schema = 3
      histogram.positive = (0..<40).map {
        NativeHistogram.Bucket(index: Int32($0), count: Double(number + $0))
      }
      histogram.count = histogram.positive.reduce(0) { $0 + $1.count }
      histogram.sum = histogram.count
      return histogram
    }
    return Benchmark(name: "quantiles of native histograms (40 buckets)", items: count, unit: "histogram") {
      var sum = 0.0
      for histogram in histograms { sum += histogram.quantile(0.9).value }
      // Bucket 39 of schema 3 ends at 2^(39/8).
      try Benchmark.check(sum / Double(count) > 20 && sum / Double(count) < 30, "\(sum)")
    }
  }

  private static func gate() throws -> Benchmark {
    let text = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: podinfo, namespace: test}
      spec:
        provider: nginx
        targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
        service: {port: 80}
        analysis:
          interval: 10s
          threshold: 5
          maxWeight: 50
          stepWeight: 1
          metrics:
          - {name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}
      """
    let reading = ManifestReading(reading: text)
    let rollout = Rollout(try reading.set.canary(), in: reading.set)
    let run = ReplayRun(rollout, lastTime: .max)
    return Benchmark(name: "a gate's ticks", items: 50, unit: "tick") {
      let replay = run.replay(from: 0) { _, _ in
        CheckEvidence(
          .success(InstantAnswer(series: [AnsweredSeries(content: .number(bits: (100.0).bitPattern))])))
      }
      try Benchmark.check(
        replay.verdict == .promoted && replay.ticks.count > 50, "\(replay.ticks.count) \(replay.verdict)")
    }
  }
}
