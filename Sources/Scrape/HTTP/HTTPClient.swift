internal import CCurl
private import Glibc
private import Synchronization

/// Sends requests through libcurl, on one thread of its own that keeps connections for the next
/// request. Safe to share; freeing it cancels what still runs. Costs nothing before its first request.
@safe
public final class HTTPClient: Fetcher, Sendable {
  private let opened = Mutex<RequestThread?>(nil)
  private let userAgent: String

  /// `userAgent` goes with every request that does not bring its own.
  public init(userAgent: String = "promgate") {
    self.userAgent = userAgent
  }

  /// The thread, started when it is first asked for; nil where there is no libcurl.
  private var thread: RequestThread? {
    opened.withLock { thread in
      if thread == nil { thread = RequestThread() }
      return thread
    }
  }

  /// Sends the request and waits without holding a thread. Any status is an answer, not a failure.
  public func fetch(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let deadline = Self.deadline(request)
    var request = request
    for _ in 0...HTTPRequest.mostRedirects {
      let response = try await exchange(request)
      guard let next = request.redirected(by: response) else {
        return try await Self.unpacked(response, request, deadline)
      }
      request = try Self.hurried(next, deadline)
    }
    throw Self.tooManyRedirects(request)
  }

  private func exchange(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let headers = try headerLines(request)
    if let problem = Self.problem(with: request.url) { throw HTTPFailure(.invalidRequest, problem) }
    let pending = PendingExchange(request)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        pending.wait { continuation.resume(returning: $0) }
        start(request, headers, pending)
      }
    } onCancel: {
      cancel(pending)
    }
    return try result.get()
  }

  /// The request with the time that is left.
  private static func hurried(
    _ request: HTTPRequest, _ deadline: ContinuousClock.Instant
  ) throws(HTTPFailure) -> HTTPRequest {
    let left = (deadline - .now) / .milliseconds(1)
    guard left > 0 else { throw HTTPFailure(.timedOut, "context deadline exceeded") }
    if let problem = problem(with: request.url) {
      throw HTTPFailure(.failed, "a redirect leads to \"\(request.shownURL)\": \(problem)")
    }
    var request = request
    request.timeoutMilliseconds = Int64(max(1, left))
    return request
  }

  private static func tooManyRedirects(_ request: HTTPRequest) -> HTTPFailure {
    HTTPFailure(
      .failed, "Get \"\(request.shownURL)\": stopped after \(HTTPRequest.mostRedirects) redirects")
  }

  private static func deadline(_ request: HTTPRequest) -> ContinuousClock.Instant {
    .now + .milliseconds(max(1, request.timeoutMilliseconds))
  }

  /// The answer with its body undone, within the request's time and limit. Others work between two slices.
  @concurrent
  private static func unpacked(
    _ response: HTTPResponse, _ request: HTTPRequest, _ deadline: ContinuousClock.Instant
  ) async throws(HTTPFailure) -> HTTPResponse {
    guard let limit = try packedLimit(response, request) else { return response }
    var body = GzipBody(response.body, limit: limit)
    while try !body.advance() {
      if Task.isCancelled { throw HTTPFailure(.cancelled, "context canceled") }
      if ContinuousClock.now >= deadline { throw HTTPFailure(.timedOut, "context deadline exceeded") }
      await Task.yield()
    }
    var response = response
    response.body = body.bytes
    return response
  }

  /// The same on the calling thread.
  private static func unpacked(
    _ response: HTTPResponse, _ request: HTTPRequest, by deadline: ContinuousClock.Instant
  ) throws(HTTPFailure) -> HTTPResponse {
    guard let limit = try packedLimit(response, request) else { return response }
    var body = GzipBody(response.body, limit: limit)
    while try !body.advance() {
      if ContinuousClock.now >= deadline { throw HTTPFailure(.timedOut, "context deadline exceeded") }
    }
    var response = response
    response.body = body.bytes
    return response
  }

  /// How long the body may become; nil when it is to stay as it is.
  private static func packedLimit(_ response: HTTPResponse, _ request: HTTPRequest) throws(HTTPFailure)
    -> Int?
  {
    let limit = max(0, request.maximumBody)
    if request.compressed, response.header("Content-Encoding") == "gzip" { return limit }
    guard response.body.count <= limit else { throw HTTPFailure(.bodyTooLarge, "body size limit exceeded") }
    return nil
  }

  /// Sends all requests at once and holds the calling thread until each has its answer; in their order.
  public func answers(_ requests: [HTTPRequest]) -> [Result<HTTPResponse, HTTPFailure>] {
    let deadlines = requests.map(Self.deadline)
    var requests = requests
    var answers = exchanges(requests)
    for _ in 0...HTTPRequest.mostRedirects {
      let moved = requests.indices.filter { index in
        guard let next = (try? answers[index].get()).flatMap({ requests[index].redirected(by: $0) }) else {
          return false
        }
        requests[index] = next
        return true
      }
      if moved.isEmpty { break }
      let hurried = moved.map { index in
        Result { () throws(HTTPFailure) in try Self.hurried(requests[index], deadlines[index]) }
      }
      let again = exchanges(hurried.compactMap { try? $0.get() })
      var next = again.makeIterator()
      for (index, request) in zip(moved, hurried) {
        answers[index] = request.flatMap { _ in
          next.next() ?? .failure(Self.tooManyRedirects(requests[index]))
        }
      }
    }
    return requests.indices.map { index in
      answers[index].flatMap { response in
        Result { () throws(HTTPFailure) in
          if requests[index].redirected(by: response) != nil { throw Self.tooManyRedirects(requests[index]) }
          return try Self.unpacked(response, requests[index], by: deadlines[index])
        }
      }
    }
  }

  private func exchanges(_ requests: [HTTPRequest]) -> [Result<HTTPResponse, HTTPFailure>] {
    let gathered = GatheredAnswers(count: requests.count)
    for (index, request) in requests.enumerated() {
      do throws(HTTPFailure) {
        let headers = try headerLines(request)
        if let problem = Self.problem(with: request.url) { throw HTTPFailure(.invalidRequest, problem) }
        let pending = PendingExchange(request)
        pending.wait { gathered.set($0, at: index) }
        start(request, headers, pending)
      } catch {
        gathered.set(.failure(error), at: index)
      }
    }
    return gathered.wait()
  }

  private func start(_ request: HTTPRequest, _ headers: [String], _ pending: PendingExchange) {
    guard let thread else {
      return pending.finish(.failure(HTTPFailure(.failed, "libcurl (libcurl.so.4) could not be loaded")))
    }
    let http = unsafe thread.http
    let context = unsafe Unmanaged.passRetained(pending)
    let number = unsafe CStrings(headers).withPointers { lines in
      unsafe request.method.rawValue.withCString { method in
        unsafe request.url.withCString { url in
          unsafe request.body.withUnsafeBufferPointer { body in
            var plain = unsafe promgate_http_request()
            unsafe plain.method = method
            unsafe plain.url = url
            unsafe plain.headers = lines.baseAddress
            unsafe plain.header_count = lines.count
            unsafe plain.body = body.baseAddress
            unsafe plain.body_length = body.count
            unsafe plain.timeout_milliseconds = max(1, request.timeoutMilliseconds)
            unsafe plain.body_limit = Self.sentLimit(request)
            unsafe plain.verify_certificates = request.access.verifiesCertificates
            unsafe plain.environment_proxy = request.usesEnvironmentProxy
            return unsafe withCString(request.access.certificateFile) { file in
              unsafe withCString(request.proxy) { proxy in
                unsafe plain.certificate_file = file
                unsafe plain.proxy = proxy
                return unsafe promgate_http_start(http, &plain, finished, context.toOpaque())
              }
            }
          }
        }
      }
    }
    guard number != 0 else {
      unsafe context.release()
      return pending.finish(.failure(HTTPFailure(.failed, "the request could not be started")))
    }
    // Cancelled before the number was known: nobody else will say so.
    if pending.started(number) { unsafe promgate_http_cancel(http, number) }
  }

  /// Most bytes of a body as it is sent: what does not compress grows a little.
  private static func sentLimit(_ request: HTTPRequest) -> Int {
    let limit = max(0, request.maximumBody)
    return request.compressed ? limit.addingReportingOverflow(limit / 1000 + 64).partialValue : limit
  }

  private func cancel(_ pending: PendingExchange) {
    guard let number = pending.cancel(), let thread else { return }
    unsafe promgate_http_cancel(thread.http, number)
  }

  private func headerLines(_ request: HTTPRequest) throws(HTTPFailure) -> [String] {
    var headers = request.access.headers + request.headers
    if let value = request.access.authorization.headerValue {
      headers.append(HTTPRequest.Header("Authorization", value))
    }
    let names = Set(headers.map { $0.name.lowercased() })
    if !names.contains("user-agent") { headers.append(HTTPRequest.Header("User-Agent", userAgent)) }
    if !names.contains("accept-encoding"), request.compressed {
      headers.append(HTTPRequest.Header("Accept-Encoding", "gzip"))
    }
    for header in headers {
      let named = !header.name.isEmpty && header.name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x3A && $0 < 0x7F }
      guard named, !header.value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
        let shown = String(header.name.prefix(50))
        throw HTTPFailure(.invalidRequest, "header \"\(shown)\" holds a character that no header may hold")
      }
    }
    // An empty value would make libcurl drop the header; a semicolon keeps it.
    let lines = headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    return names.contains("expect") ? lines : lines + ["Expect:"]
  }

  private static func problem(with url: String) -> String? {
    if url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
      return "the address holds a blank or a control character; write it percent-encoded"
    }
    let lower = url.prefix(8).lowercased()
    return lower.hasPrefix("http://") || lower.hasPrefix("https://")
      ? nil : "the address must begin with http:// or https://"
  }
}

/// Called by libcurl's thread, once for every request that was started.
private func finished(
  _ context: UnsafeMutableRawPointer?, _ response: UnsafePointer<promgate_http_response>?
) {
  guard let context = unsafe context, let response = unsafe response?.pointee else { return }
  let pending = unsafe Unmanaged<PendingExchange>.fromOpaque(context).takeRetainedValue()
  pending.finish(unsafe pending.result(of: response))
}

/// Strings that live as long as a call.
private struct CStrings {
  private var text: [CChar] = []
  private var starts: [Int] = []

  init(_ strings: [String]) {
    for string in strings {
      starts.append(text.count)
      text.append(contentsOf: string.utf8.map { CChar(bitPattern: $0) })
      text.append(0)
    }
  }

  func withPointers<Result>(
    _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    unsafe text.withUnsafeBufferPointer { text in
      let pointers = unsafe starts.map { start in unsafe text.baseAddress.map { unsafe $0 + start } }
      return unsafe pointers.withUnsafeBufferPointer(body)
    }
  }
}

/// The text for C; nil for none.
private func withCString<Result>(
  _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
  guard let text else { return body(nil) }
  return unsafe text.withCString { unsafe body($0) }
}

/// The C side's thread; ends with its last owner.
@safe
private final class RequestThread: Sendable {
  // Sendable: the C side locks; the pointer never changes.
  nonisolated(unsafe) let http: OpaquePointer

  init?() {
    guard let http = unsafe promgate_http_open() else { return nil }
    unsafe self.http = http
  }

  deinit { unsafe promgate_http_close(http) }
}
