private import Glibc
import TimeSeries

/// `/status/*` (http-api.md §12).
extension ServerFacts {
  /// `/status/runtimeinfo`. What Go's runtime would say has the values that fit best.
  func runtime(now: Int64, threads: Int) -> APIAnswer {
    var writer = ByteWriter()
    let members: [(String, String)] = [
      ("startTime", TimeParameter.text(started)), ("CWD", Self.directory), ("hostname", Self.host),
      ("serverTime", TimeParameter.text(now)),
    ]
    for (index, member) in members.enumerated() {
      writer.append(index == 0 ? "{" : ",")
      writer.append(string: member.0)
      writer.append(":")
      writer.append(string: member.1)
    }
    writer.append(#","reloadConfigSuccess":true,"lastConfigTime":""#)
    writer.append(TimeParameter.text(started / 1000 * 1000))
    writer.append(#"","corruptionCount":0,"goroutineCount":\#(threads)"#)
    writer.append(
      #","GOMAXPROCS":\#(sysconf(Int32(_SC_NPROCESSORS_ONLN))),"#
    )
    writer.append(#""GOMEMLIMIT":9223372036854775807,"GOGC":"","GODEBUG":"","storageRetention":"#)
    writer.append(string: retention)
    writer.append("}")
    return APIAnswer(data: writer.finish())
  }

  private static var directory: String {
    guard let path = unsafe getcwd(nil, 0) else { return "" }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  /// This machine's name; empty when it has none.
  static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// `/status/config`
  func config() -> APIAnswer {
    var writer = ByteWriter()
    writer.append(#"{"yaml":"#)
    writer.append(string: configuration)
    writer.append("}")
    return APIAnswer(data: writer.finish())
  }

  /// `/status/flags`
  func flagList() -> APIAnswer {
    var writer = ByteWriter()
    writer.append("{")
    for (index, flag) in flags.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { writer.append(",") }
      writer.append(string: flag.key)
      writer.append(":")
      writer.append(string: flag.value)
    }
    writer.append("}")
    return APIAnswer(data: writer.finish())
  }
}

/// `/status/tsdb`: how many series there are of what.
struct StoreStatistics {
  private struct Counts {
    var byMetric: [ArraySlice<UInt8>: Int] = [:]
    var byName: [ArraySlice<UInt8>: Int] = [:]
    var bytesByName: [ArraySlice<UInt8>: Int] = [:]
    var byPair: [[UInt8]: Int] = [:]
  }

  private let limit: Int

  init(_ form: FormValues) throws(APIError) {
    let text = form.text("limit") ?? ""
    guard !text.isEmpty else {
      limit = 10
      return
    }
    guard let number = Int(text), number > 0 else { throw .badData("limit must be a positive number") }
    guard number <= 10_000 else { throw .badData("limit must not exceed 10000") }
    limit = number
  }

  /// Reads all labels, and the times of what the source holds where `range` does not know them.
  func answer(_ source: any SeriesSource) throws(APIError) -> APIAnswer {
    let all: any Selected
    var range: ClosedRange<Int64>?
    do {
      all = try source.select(Selection(matchers: [], after: .min, through: .max))
      for row in 0..<all.count {
        let samples = try all.samples(row)
        guard samples.count > 0 else { continue }
        let (first, last) = (samples.timestamp(0), samples.timestamp(samples.count - 1))
        range = min(range?.lowerBound ?? first, first)...max(range?.upperBound ?? last, last)
      }
    } catch {
      throw APIError(kind: .execution, message: "\(error)")
    }
    let counts = Self.counts(all.labels)
    var writer = ByteWriter(capacity: 4096)
    writer.append(#"{"headStats":{"numSeries":\#(all.count),"numLabelPairs":\#(counts.byPair.count),"#)
    writer.append(#""chunkCount":\#(all.count),"minTime":\#(range?.lowerBound ?? .max),"#)
    writer.append(#""maxTime":\#(range?.upperBound ?? .min)}"#)
    append("seriesCountByMetricName", counts.byMetric, to: &writer)
    append("labelValueCountByLabelName", counts.byName, to: &writer)
    append("memoryInBytesByLabelName", counts.bytesByName, to: &writer)
    append("seriesCountByLabelValuePair", counts.byPair, to: &writer)
    writer.append("}")
    return APIAnswer(data: writer.finish())
  }

  private static func counts(_ series: [Labels]) -> Counts {
    var counts = Counts()
    for labels in series {
      var cursor = LabelCursor(labels)
      while cursor.next() {
        let (name, value) = (labels.bytes[cursor.name], labels.bytes[cursor.value])
        if name.elementsEqual(LabelName.metric.utf8) { counts.byMetric[value, default: 0] += 1 }
        counts.bytesByName[name, default: 0] += value.count
        let isNew =
          counts.byPair.updateValue(
            counts.byPair[name + [UInt8(ascii: "=")] + value, default: 0] + 1,
            forKey: name + [UInt8(ascii: "=")] + value) == nil
        if isNew { counts.byName[name, default: 0] += 1 }
      }
    }
    // Metrics have a list of their own.
    return counts
  }

  /// The largest first; alike ones by name.
  private func append<Name: Collection<UInt8> & Hashable>(
    _ member: String, _ counts: [Name: Int], to writer: inout ByteWriter
  ) {
    let sorted = counts.sorted { a, b in
      a.value != b.value ? a.value > b.value : a.key.lexicographicallyPrecedes(b.key)
    }
    writer.append(#","\#(member)":["#)
    for (index, count) in sorted.prefix(limit).enumerated() {
      writer.append(index == 0 ? #"{"name":"# : #",{"name":"#)
      writer.append(string: Array(count.key)[...], .html)
      writer.append(#","value":\#(count.value)}"#)
    }
    writer.append("]")
  }
}
