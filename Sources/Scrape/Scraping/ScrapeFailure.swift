/// Why a scrape failed.
public enum ScrapeFailure: Error, Sendable, Hashable {
  /// No answer came.
  case fetch(HTTPFailure)
  /// The answer's status is not 200 (`404 Not Found`).
  case status(String)
  /// The answer's Content-Type is blank or unknown.
  case contentType(String)
  /// The body is no valid exposition.
  case exposition(ExpositionError)
  /// Too much of something.
  case limit(ScrapeLimit, ExpositionError)
  /// Fewer bytes were allowed than came.
  case bodySize(limit: Int)
}

/// A limit of a scrape, and the flag that sets it.
public enum ScrapeLimit: String, Sendable, Hashable, CaseIterable {
  case bodySize = "--body-size-limit"
  case samples = "--sample-limit"
  case labels = "--label-limit"
  case labelNameLength = "--label-name-length-limit"
  case labelValueLength = "--label-value-length-limit"

  /// The flag that sets the limit.
  public var flag: String { rawValue }
}

extension ScrapeFailure: CustomStringConvertible {
  /// Prometheus' text, as `lastError` of `/api/v1/targets` shows it (exposition.md §1, §6, §8).
  public var reason: String {
    switch self {
    case .fetch(let failure): failure.reason
    case .status(let line): "server returned HTTP status \(line)"
    case .contentType(let text): text
    case .exposition(let error), .limit(_, let error): error.reason
    case .bodySize: "body size limit exceeded"
    }
  }

  /// The reason with the place of the fault and with what to do.
  public var description: String {
    switch self {
    case .fetch, .status, .contentType: reason
    case .exposition(let error): error.description
    case .limit(let limit, let error): "\(error.description) (raise it with \(limit.flag))"
    case .bodySize(let limit):
      "\(reason): the body has \(limit) bytes or more (raise it with \(ScrapeLimit.bodySize.flag))"
    }
  }
}
