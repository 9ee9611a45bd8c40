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

  /// Asks the source for its counts.
  func answer(_ source: any SeriesSource) throws(APIError) -> APIAnswer {
    let counts: SeriesStatistics
    do {
      counts = try source.statistics(limit: limit)
    } catch {
      throw APIError(kind: .execution, message: "\(error)")
    }
    var writer = ByteWriter(capacity: 4096)
    writer.append(#"{"headStats":{"numSeries":\#(counts.series),"numLabelPairs":\#(counts.labelPairs),"#)
    writer.append(#""chunkCount":\#(counts.series),"minTime":\#(counts.timeRange?.lowerBound ?? .max),"#)
    writer.append(#""maxTime":\#(counts.timeRange?.upperBound ?? .min)}"#)
    append("seriesCountByMetricName", counts.seriesOfMetric, to: &writer)
    append("labelValueCountByLabelName", counts.valuesOfName, to: &writer)
    append("memoryInBytesByLabelName", counts.bytesOfName, to: &writer)
    append("seriesCountByLabelValuePair", counts.seriesOfPair, to: &writer)
    writer.append("}")
    return APIAnswer(data: writer.finish())
  }

  private func append(_ member: String, _ counts: [SeriesStatistics.Count], to writer: inout ByteWriter) {
    writer.append(#","\#(member)":["#)
    for (index, count) in counts.enumerated() {
      writer.append(index == 0 ? #"{"name":"# : #",{"name":"#)
      writer.append(string: count.name[...], .html)
      writer.append(#","value":\#(count.count)}"#)
    }
    writer.append("]")
  }
}
