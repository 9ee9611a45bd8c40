import TimeSeries

/// What some matchers say of the requests that they select.
enum RequestMeaning {
  /// Which requests a matcher on a label of outcomes keeps; nil for a label that says nothing of it.
  static func kind(of matcher: LabelMatcher) -> RequestShare.Kind? {
    // The same label holds names with one exporter and numbers with another.
    let kinds = Outcomes.all.filter { $0.labels.contains(matcher.name) }.compactMap { $0.kind(of: matcher) }
    return kinds.first { $0 != .other } ?? kinds.first
  }

  /// A value of a good and one of a failed request; nil for a label that says nothing of it.
  static func values(of label: String) -> (good: String, bad: String)? {
    guard let outcomes = Outcomes.all.first(where: { $0.labels.contains(label) }),
      let good = outcomes.good.first,
      let bad = outcomes.bad.first
    else { return nil }
    return (good, bad)
  }

  /// What a metric's or a template's name says of the requests that it counts.
  static func kind(ofName name: String) -> RequestShare.Kind? {
    let words = name.lowercased().split { !$0.isLetter }.map(String.init)
    if words.contains(where: {
      ["success", "successes", "successful", "succeeded", "availability"].contains($0)
    }) {
      return .succeeded
    }
    let bad = ["error", "errors", "failure", "failures", "failed", "failing", "5xx", "exceptions"]
    return words.contains { bad.contains($0) } ? .failed : nil
  }
}

/// The values that a label of outcomes takes.
private struct Outcomes {
  var labels: Set<String>
  var good: [String]
  var bad: [String]

  func kind(of matcher: LabelMatcher) -> RequestShare.Kind? {
    let acceptsGood = good.contains { matcher.accepts(Array($0.utf8)[...]) }
    let acceptsBad = bad.contains { matcher.accepts(Array($0.utf8)[...]) }
    return switch (acceptsGood, acceptsBad) {
    case (true, false): .succeeded
    case (false, true): .failed
    case (true, true): nil
    case (false, false): .other
    }
  }

  private static let grpcLabels: Set<String> = [
    "grpc_code", "grpc_status", "grpc_response_status", "rpc_code",
  ]

  static let all = [
    Outcomes(
      labels: [
        "code", "status", "status_code", "response_code", "http_code", "http_status", "http_status_code",
        "envoy_response_code", "http_response_status_code", "response_status", "statuscode", "statusCode",
        "rc", "returncode",
      ],
      good: ["200", "201", "204", "301", "302", "304", "2xx", "3xx"],
      bad: ["500", "502", "503", "504", "5xx"]),
    Outcomes(labels: grpcLabels, good: ["OK"], bad: ["Internal", "Unavailable", "Unknown", "INTERNAL"]),
    Outcomes(labels: grpcLabels, good: ["0"], bad: ["13", "14", "2"]),
    Outcomes(
      labels: ["envoy_response_code_class", "code_class", "status_class"], good: ["2", "3", "2xx"],
      bad: ["5", "5xx"]),
    Outcomes(
      labels: ["classification", "outcome", "result", "success", "is_error", "error"],
      good: ["success", "ok", "OK", "SUCCESS"],
      bad: ["failure", "error", "fail", "failed", "ERROR", "FAILURE", "SERVER_ERROR"]),
  ]
}
