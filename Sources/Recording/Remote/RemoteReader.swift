internal import CRemote
private import Glibc
public import Scrape
private import Synchronization
public import TimeSeries

/// How a remote is asked.
public struct RemoteOptions: Sendable {
  /// `http://prometheus:9090/api/v1/read`
  public var url: String
  /// Credentials, headers, certificates.
  public var access: HTTPAccess
  /// Labels by which the remote knows the series that are meant: added to every selection as `=`
  /// matchers, and taken away from the series that come (remote-storage.md §4.3).
  public var externalLabels: [(name: String, value: String)]
  /// Milliseconds that a request may take.
  public var timeout: Int64
  /// How often a request that failed for a reason that may pass is sent again.
  public var retries: Int
  public var limits: RecordingLimits

  public init(
    url: String, access: HTTPAccess = HTTPAccess(), externalLabels: [(name: String, value: String)] = [],
    timeout: Int64 = 60_000, retries: Int = 2, limits: RecordingLimits = RecordingLimits()
  ) {
    self.url = url
    self.access = access
    self.externalLabels = externalLabels
    self.timeout = timeout
    self.retries = retries
    self.limits = limits
  }
}

/// Why a remote did not answer, in Prometheus' words where it has some.
public struct RemoteError: Error, Sendable, Hashable, CustomStringConvertible {
  public var url: String
  public var reason: String

  public var description: String { "remote read from \(HTTPAddress.redacted(url)): \(reason)" }
}

/// Series of a server that speaks remote read: Prometheus, Thanos, Mimir, Cortex.
///
/// Each selection is one request for its series and its time; several selections are asked at once. What
/// comes is decoded while others are on their way. Selecting waits for the answers on the calling thread.
public final class RemoteReader: SeriesSource {
  private let options: RemoteOptions
  private let client: HTTPClient
  private let externalMatchers: [LabelMatcher]

  /// Throws for an address that is none.
  public init(_ options: RemoteOptions) throws(RemoteError) {
    self.options = options
    do { _ = try HTTPAddress(options.url) } catch {
      throw RemoteError(url: options.url, reason: error.reason)
    }
    client = HTTPClient()
    externalMatchers = options.externalLabels.map { LabelMatcher($0.name, equals: $0.value) }
  }

  public func select(_ selection: Selection) throws -> any Selected { try select([selection])[0] }

  /// The answers in the order of the selections. Throws the first selection's failure.
  public func select(_ selections: [Selection]) throws -> [any Selected] {
    var results: [Result<any Selected, RemoteError>?] = selections.map { _ in nil }
    var waiting = Array(selections.indices)
    for attempt in 0...max(0, options.retries) {
      if attempt > 0 { usleep(UInt32(min(5_000_000, 100_000 << attempt))) }
      let answers = client.answers(waiting.map { request(selections[$0]) })
      var again: [Int] = []
      for (index, answer) in zip(waiting, answers) {
        let (result, mayPass) = decoded(answer, selections[index])
        results[index] = result
        if mayPass { again.append(index) }
      }
      waiting = again
      if waiting.isEmpty { break }
    }
    return try results.map {
      try $0?.get() ?? DecodedSeriesBuilder(memoryLimit: 0).finish().all(after: .min, through: .max)
    }
  }

  /// Nothing is known before the remote is asked.
  public func bound(_ matchers: [LabelMatcher]) -> Int? { nil }

  /// Fetches the series: remote read tells nothing without their samples.
  public func labelNames(_ selection: Selection) throws -> [ArraySlice<UInt8>] {
    Listing.labelNames(of: try select(selection))
  }

  /// Fetches the series.
  public func labelValues(of name: [UInt8], _ selection: Selection) throws -> [ArraySlice<UInt8>] {
    Listing.labelValues(of: name, in: try select(selection))
  }

  /// Fetches all series.
  public func statistics(limit: Int) throws -> SeriesStatistics {
    try Listing.statistics(of: try select(.everything), limit: limit)
  }

  // MARK: Asking

  private func request(_ selection: Selection) -> HTTPRequest {
    let named = Set(selection.matchers.map(\.name))
    var matchers = selection.matchers + externalMatchers.filter { !named.contains($0.name) }
    // Prometheus takes no condition at all for one that nothing satisfies.
    if matchers.isEmpty, let all = try? LabelMatcher(LabelName.metric, .matches, ".*") { matchers = [all] }
    let body = ReadRequestMessage(matchers, after: selection.after, through: selection.through).bytes
    var request = HTTPRequest(.post, options.url, body: SnappyBlock.compressed(body), access: options.access)
    request.headers = [
      HTTPRequest.Header("Content-Type", "application/x-protobuf"),
      HTTPRequest.Header("Content-Encoding", "snappy"), HTTPRequest.Header("Accept-Encoding", "snappy"),
      HTTPRequest.Header("X-Prometheus-Remote-Read-Version", "0.1.0"),
    ]
    request.compressed = false
    request.followsRedirects = true
    request.timeoutMilliseconds = options.timeout
    request.maximumBody = options.limits.memory
    return request
  }

  // MARK: Decoding

  /// The series, or why there are none; and whether asking again may help.
  private func decoded(
    _ answer: Result<HTTPResponse, HTTPFailure>, _ selection: Selection
  ) -> (Result<any Selected, RemoteError>, Bool) {
    func failed(_ reason: String, mayPass: Bool = false) -> (Result<any Selected, RemoteError>, Bool) {
      (.failure(RemoteError(url: options.url, reason: reason)), mayPass)
    }
    var response: HTTPResponse
    switch answer {
    case .failure(let failure):
      switch failure.kind {
      case .timedOut, .unreachable, .unknownHost, .failed: return failed(failure.reason, mayPass: true)
      default: return failed(failure.reason)
      }
    case .success(let success): response = success
    }
    guard (200..<300).contains(response.status) else {
      let text = String(decoding: response.body.prefix(1024), as: UTF8.self)
        .split { $0 == "\n" || $0 == "\r" }.joined(separator: " ")
      return failed(
        "remote server \(HTTPAddress.redacted(options.url)) returned http status "
          + "\(response.status) \(response.reason): \(text)",
        mayPass: response.status >= 500 || response.status == 429)
    }
    let type = response.header("Content-Type") ?? ""
    guard let encoding = RemoteEncoding(contentType: type) else {
      return failed("unsupported content type: \(type)")
    }
    do throws(RemoteFormatError) {
      let series = try encoding.decode(&response.body, limits: options.limits)
      let named = Set(selection.matchers.map(\.name))
      let dropped = options.externalLabels.map(\.name).filter { !named.contains($0) }
      let found = dropped.isEmpty ? series : try series.dropping(dropped, limits: options.limits)
      return (.success(found.all(after: selection.after, through: selection.through)), false)
    } catch {
      // A connection that broke looks like this too.
      return failed("\(error)", mayPass: error.reason.hasPrefix("unexpected EOF"))
    }
  }
}

/// A `ReadRequest` with one query.
struct ReadRequestMessage {
  let bytes: [UInt8]

  /// Selections leave out their first moment; the protocol's interval has both ends.
  init(_ matchers: [LabelMatcher], after: Int64, through: Int64) {
    var texts: [[CChar]] = []
    for matcher in matchers {
      texts.append(matcher.name.utf8CString.map { $0 })
      texts.append(matcher.value.utf8CString.map { $0 })
    }
    let conditions = MatcherTexts(texts)
    let start = after == .max ? Int64.max : after + 1
    bytes = unsafe conditions.withPointers { unsafe Self.encoded(matchers, $0, start, through) }
  }

  private static func encoded(
    _ matchers: [LabelMatcher], _ texts: [UnsafePointer<CChar>?], _ start: Int64, _ end: Int64
  ) -> [UInt8] {
    var plain: [promgate_matcher] = unsafe []
    for (index, matcher) in matchers.enumerated() {
      unsafe plain.append(
        promgate_matcher(type: matcher.operation.number, name: texts[2 * index], value: texts[2 * index + 1]))
    }
    var length = 0
    guard let encoded = unsafe promgate_read_request(start, end, plain, plain.count, &length) else {
      return []
    }
    defer { unsafe free(encoded) }
    return unsafe Array(UnsafeBufferPointer(start: encoded, count: length))
  }
}

/// Texts of C that live as long as a call.
private struct MatcherTexts {
  private var bytes: [CChar] = []
  private var starts: [Int] = []

  init(_ texts: [[CChar]]) {
    for text in texts {
      starts.append(bytes.count)
      bytes += text
    }
  }

  func withPointers<Result>(_ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe body(starts.map { start in unsafe buffer.baseAddress.map { unsafe $0 + start } })
    }
  }
}

extension LabelMatcher.Operation {
  /// The protocol's number.
  fileprivate var number: UInt32 {
    switch self {
    case .equal: 0
    case .notEqual: 1
    case .matches: 2
    case .matchesNot: 3
    }
  }
}
