import TimeSeries

/// Reading the body of `/api/v1/query` as Flagger does (flagger.md §4.3).
extension InstantAnswer {
  /// - Parameters:
  ///   - status: the response's HTTP status, and the words beside it.
  ///   - body: the response's body, whatever it holds.
  public init(status: Int, reason: String, body: [UInt8]) throws(QueryFailure) {
    let text = String(decoding: body.prefix(Self.limit), as: UTF8.self) + (body.count > Self.limit ? "…" : "")
    let parsed = Result { () throws(JSONValue.Problem) in try JSONValue(parsing: body) }
    guard status < 400 else {
      let message = (try? parsed.get())?.member("error")?.text
      throw .refused(status: status, reason: reason, body: text, message: message)
    }
    let document: JSONValue
    switch parsed {
    case .success(let value): document = value
    case .failure(let problem): throw .undecodable(problem.message, body: text)
    }
    guard document.isObjectOrNull else { throw Self.mismatch(document, "", text) }
    let data = document.member("data") ?? .object([])
    guard data.isObjectOrNull else { throw Self.mismatch(data, ".data", text) }
    let elements = try Self.elements(of: data.member("result"), text)
    self.init(
      series: elements,
      errorText: document.member("status")?.text == "error"
        ? Self.cut(document.member("error")?.text ?? "") : nil,
      notes: Self.notes(document), oddity: Self.oddity(document, elements))
  }

  /// What is odd about an answer that Flagger can read.
  private static func oddity(_ document: JSONValue, _ series: [AnsweredSeries]) -> String? {
    let status = document.member("status")?.text
    guard status == "success" else {
      return "its status is " + (status.map { "\"\(VisibleText.line($0, limit: 100))\"" } ?? "missing")
    }
    let type = document.member("data")?.member("resulttype")?.text
    guard type == "vector" else {
      return "its result type is " + (type.map { "\"\(VisibleText.line($0, limit: 100))\"" } ?? "missing")
    }
    return series.contains { $0.time == nil } ? "a sample of it has no time" : nil
  }

  /// Of `[seconds, "value"]`, milliseconds.
  private static func time(_ element: JSONValue) -> Int64? {
    guard case .array(let pair)? = element.member("value"), case .number(let text)? = pair.first,
      let seconds = Double(String(text)), seconds.isFinite
    else { return nil }
    return Int64(exactly: (seconds * 1000).rounded())
  }

  private static func elements(
    of result: JSONValue?, _ body: String
  ) throws(QueryFailure) -> [AnsweredSeries] {
    guard let result else { return [] }
    guard case .array(let elements) = result else { throw mismatch(result, ".data.result", body) }
    var series: [AnsweredSeries] = []
    series.reserveCapacity(elements.count)
    for element in elements {
      guard element.isObjectOrNull else {
        // `[timestamp, "value"]`: a scalar or a string.
        throw .notAVector(mismatchText(element, ".data.result"), body: body)
      }
      series.append(
        AnsweredSeries(labels: labels(element), content: try content(element, body), time: time(element)))
    }
    return series
  }

  private static func content(
    _ element: JSONValue, _ body: String
  ) throws(QueryFailure) -> AnsweredSeries.Content {
    for field in ["value", "values"] {
      guard let value = element.member(field) else { continue }
      guard case .array = value else { throw mismatch(value, ".data.result.\(field)", body) }
    }
    if case .array(let points)? = element.member("values"), !points.isEmpty { return .points }
    guard case .array(let pair)? = element.member("value"), pair.count > 1 else { return .histogram }
    guard case .string(let text) = pair[1] else { return .notText }
    do {
      return .value(try GoNumber.float(text.utf8))
    } catch {
      return .unreadable(error)
    }
  }

  private static func labels(_ element: JSONValue) -> Labels {
    guard case .object(let members)? = element.member("metric") else { return Labels([]) }
    return Labels(
      members.compactMap { member in
        member.value.text.map { (name: member.key, value: $0) }
      })
  }

  /// What is told of a text, and told again at each tick.
  static func cut(_ text: String) -> String {
    text.utf8.count > limit && text.unicodeScalars.count > limit
      ? String(text.unicodeScalars.prefix(limit)) + "…" : text
  }

  /// Bytes of a body that is told, and characters of what stands in it.
  private static let limit = 1 << 14

  private static func notes(_ document: JSONValue) -> [String] {
    guard case .array(let texts)? = document.member("warnings") else { return [] }
    return texts.prefix(100).compactMap(\.text).map(cut)
  }

  private static func mismatch(_ value: JSONValue, _ path: String, _ body: String) -> QueryFailure {
    .undecodable(mismatchText(value, path), body: body)
  }

  private static func mismatchText(_ value: JSONValue, _ path: String) -> String {
    "json: cannot unmarshal \(value.kindName) into Go "
      + (path.isEmpty ? "value" : "struct field \(path)")
  }
}

extension JSONValue {
  fileprivate var isObjectOrNull: Bool {
    switch self {
    case .object, .null: true
    case .bool, .number, .string, .array: false
    }
  }
}
