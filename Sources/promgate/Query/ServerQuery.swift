import Evaluator
import FoundationEssentials
import PromQL
import Scrape
import TimeSeries

/// One query that a Prometheus server evaluates.
struct ServerQuery {
  let url: String
  let server: ServerArguments

  /// The body of an answer as it came, and what it says.
  struct Answer {
    var body: [UInt8]
    var value: QueryValue
    /// Warnings and infos.
    var notes: [String]
  }

  /// Why there is no answer.
  enum Failure: Error {
    /// The server's own answer says so.
    case refused(body: [UInt8], message: String)
  }

  func ask(_ text: [UInt8], _ grid: Grid?, at time: Int64) async throws -> Answer {
    let base = try Self.base(url)
    var fields = [("query", String(decoding: text, as: UTF8.self))]
    if let grid {
      fields += [
        ("start", Self.seconds(grid.start)), ("end", Self.seconds(grid.end)),
        ("step", Self.seconds(grid.step)),
      ]
    } else {
      fields.append(("time", Self.seconds(time)))
    }
    var request = HTTPRequest.form(
      base.url + (grid == nil ? "/api/v1/query" : "/api/v1/query_range"), fields,
      access: try server.access(userInfo: base.credentials))
    request.timeoutMilliseconds = server.serverTimeout
    request.usesEnvironmentProxy = true
    let response: HTTPResponse
    do { response = try await HTTPClient().fetch(request) } catch {
      throw ToolFailure("--prometheus: \(error)")
    }
    return try Self.answer(response)
  }

  private static func base(_ url: String) throws -> (url: String, credentials: String?) {
    do {
      let address = try HTTPAddress(url)
      var path = address.path
      while path.hasSuffix("/") { path.removeLast() }
      return ("\(address.scheme)://\(address.authority)\(path)", address.credentials)
    } catch {
      throw ToolFailure("--prometheus: \(error)")
    }
  }

  private static func seconds(_ milliseconds: Int64) -> String { GoText.plain(Double(milliseconds) / 1000) }

  private static func answer(_ response: HTTPResponse) throws -> Answer {
    let envelope: Envelope
    do { envelope = try JSONDecoder().decode(Envelope.self, from: Data(response.body)) } catch {
      let start =
        String(decoding: response.body.prefix(200), as: UTF8.self).split { $0.isNewline }.first ?? ""
      throw ToolFailure(
        "--prometheus: the server answers \(response.status) \(response.reason), and no answer of the "
          + "query API: \(start)"
      )
    }
    guard envelope.status == "success", let data = envelope.data else {
      throw Failure.refused(
        body: response.body,
        message: [envelope.errorType, envelope.error].compactMap { $0 }.joined(separator: ": "))
    }
    return Answer(
      body: response.body, value: data.value,
      notes: (envelope.warnings ?? []).map { "warning: " + $0 } + (envelope.infos ?? []).map { "info: " + $0 }
        + (data.hasHistograms ? ["warning: native histograms are left out: --format json shows them"] : []))
  }
}

/// The answers of `/api/v1/query` and `/api/v1/query_range`.
private struct Envelope: Decodable {
  var status: String
  var data: AnswerData?
  var errorType: String?
  var error: String?
  var warnings: [String]?
  var infos: [String]?
}

private struct AnswerData: Decodable {
  var value: QueryValue
  var hasHistograms = false

  private enum Key: CodingKey { case resultType, result }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(String.self, forKey: .resultType) {
    case "scalar":
      let point = try container.decode(Point.self, forKey: .result)
      value = .scalar(timestamp: point.time, try point.number())
    case "string":
      let point = try container.decode(Point.self, forKey: .result)
      value = .string(timestamp: point.time, point.text)
    case "vector":
      let rows = try container.decode([Row].self, forKey: .result)
      hasHistograms = rows.contains { $0.histogram != nil }
      value = .vector(
        timestamp: rows.first?.value?.time ?? 0,
        try rows.compactMap { row in
          try row.value.map { VectorSample(labels: row.labels, value: .float(try $0.number())) }
        })
    case "matrix":
      let rows = try container.decode([Row].self, forKey: .result)
      hasHistograms = rows.contains { $0.histograms != nil }
      value = .matrix(
        try rows.filter { $0.values != nil }.map { row in
          let points = row.values ?? []
          return MatrixSeries(
            labels: row.labels, timestamps: points.map(\.time), values: try points.map { try $0.number() })
        })
    case let other:
      throw DecodingError.dataCorruptedError(forKey: .resultType, in: container, debugDescription: other)
    }
  }

  private struct Row: Decodable {
    var metric: [String: String]
    var value: Point?
    var values: [Point]?
    var histogram: Present?
    var histograms: Present?

    var labels: Labels { Labels(metric.map { (name: $0.key, value: $0.value) }) }
  }

  /// Something that is there.
  private struct Present: Decodable { init(from decoder: any Decoder) {} }

  /// `[seconds, "value"]`
  private struct Point: Decodable {
    /// Milliseconds.
    var time: Int64
    var text: String

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      let seconds = try container.decode(Double.self)
      guard seconds.magnitude < 1e15 else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "the time \(seconds)")
      }
      time = Int64((seconds * 1000).rounded())
      text = try container.decode(String.self)
    }

    func number() throws -> Double {
      switch text {
      case "NaN": return .nan
      case "+Inf", "Inf": return .infinity
      case "-Inf": return -.infinity
      default:
        guard let number = Double(text) else {
          throw DecodingError.dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: text))
        }
        return number
      }
    }
  }
}
