internal import CCurl
private import Glibc
private import Synchronization

/// A request on its way: who waits for it, and what to tell them.
final class PendingExchange: Sendable {
  typealias Answer = Result<HTTPResponse, HTTPFailure>

  private struct State {
    /// Whom to tell; nil once they were told.
    var waiter: (@Sendable (Answer) -> Void)?
    var number: UInt64?
    var cancelled = false
  }

  /// `Get "http://…": `, as Go begins; a password is not shown.
  private let prefix: String
  private let host: String
  private let state = Mutex(State())

  init(_ request: HTTPRequest) {
    let method = request.method.rawValue
    let verb = method.prefix(1) + method.dropFirst().lowercased()
    prefix = "\(verb) \"\(request.shownURL)\": "
    host = HTTPAddress.host(of: request.url)
  }

  /// `waiter` is told the answer, once, on libcurl's thread.
  func wait(_ waiter: @escaping @Sendable (Answer) -> Void) {
    state.withLock { $0.waiter = waiter }
  }

  /// Notes the request's number; true when it was cancelled before.
  func started(_ number: UInt64) -> Bool {
    state.withLock { state in
      state.number = number
      return state.cancelled
    }
  }

  /// The number to cancel, if it is known already.
  func cancel() -> UInt64? {
    state.withLock { state in
      state.cancelled = true
      return state.number
    }
  }

  func finish(_ answer: Answer) {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?(answer)
  }

  /// What libcurl's answer means.
  func result(of response: promgate_http_response) -> Answer {
    let message = unsafe String(cString: response.message)
    let outcome = unsafe promgate_http_outcome(rawValue: UInt32(bitPattern: response.outcome))
    switch outcome {
    case PROMGATE_HTTP_DONE: return unsafe .success(answer(response))
    case PROMGATE_HTTP_TIMED_OUT:
      return .failure(HTTPFailure(.timedOut, prefix + "context deadline exceeded"))
    case PROMGATE_HTTP_REFUSED:
      return unsafe .failure(HTTPFailure(.unreachable, refusal(response, message)))
    case PROMGATE_HTTP_UNRESOLVED:
      return .failure(
        HTTPFailure(.unknownHost, prefix + "dial tcp: lookup \(host): no such host"))
    case PROMGATE_HTTP_BODY_TOO_LARGE:
      return .failure(HTTPFailure(.bodyTooLarge, "body size limit exceeded"))
    case PROMGATE_HTTP_CANCELLED:
      return .failure(HTTPFailure(.cancelled, prefix + "context canceled"))
    default:
      return .failure(HTTPFailure(.failed, prefix + "\(message)"))
    }
  }

  /// Go's words for a connection that did not come about.
  private func refusal(_ response: promgate_http_response, _ message: String) -> String {
    let address = unsafe String(cString: response.address)
    let port = unsafe response.port
    let error = unsafe response.system_error
    guard !address.isEmpty, error != 0 else { return prefix + "\(message)" }
    let shown = address.contains(":") ? "[\(address)]" : address
    let reason = unsafe String(cString: strerror(error)).lowercased()
    return prefix + "dial tcp \(shown):\(port): connect: \(reason)"
  }

  private func answer(_ response: promgate_http_response) -> HTTPResponse {
    let head = unsafe UnsafeBufferPointer(start: response.headers, count: response.headers_length)
    let body = unsafe UnsafeBufferPointer(start: response.body, count: response.body_length)
    var lines = unsafe head.split(separator: UInt8(ascii: "\n")).map { line in
      unsafe String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
    }
    // `HTTP/1.1 404 Not Found`; HTTP/2 has no phrase.
    let words = lines.isEmpty ? [] : lines.removeFirst().split(separator: " ", maxSplits: 2)
    let headers: [HTTPRequest.Header] = lines.compactMap { line in
      guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
      var value = line[line.utf8.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      while value.last == " " || value.last == "\t" { value.removeLast() }
      return HTTPRequest.Header(String(line[..<colon]), String(value))
    }
    var answer = unsafe HTTPResponse(
      status: Int(response.status), reason: words.count > 2 ? String(words[2]) : nil,
      headers: headers, body: Array(body))
    let redirect = unsafe String(cString: response.redirect)
    answer.redirect = redirect.isEmpty ? nil : redirect
    return answer
  }
}
