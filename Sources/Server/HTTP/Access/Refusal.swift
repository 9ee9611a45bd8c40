/// Why the endpoint turned somebody away, or made them wait. The raw value is the label `reason` of
/// `promgate_refusals_total`; docs/security.md has the table.
public enum Refusal: String, Sendable, Hashable, CaseIterable {
  // Connections
  case noDescriptors = "no_descriptors"
  case connections
  case handshake
  case peer
  // Heads
  case malformed
  case headerSize = "header_size"
  case expectation
  case encoding
  case credentials
  case crossSite = "cross_site"
  // Bodies and answers
  case bodySize = "body_size"
  case bodies
  case slowRequest = "slow_request"
  case slowReader = "slow_reader"
  // Work
  case requests
  case queryTime = "query_time"
  case querySize = "query_size"
  case memory
  case storeSize = "store_size"

  /// Who is meant, in a line of a table.
  public var meaning: String {
    switch self {
    case .noDescriptors: "a connection waits: the process has no descriptors left"
    case .connections: "a connection beyond `--max-connections`, none of which is idle, or at the stop"
    case .handshake: "a TLS handshake that failed"
    case .peer: "a client whose certificate is not let in, or a handshake across a change of the settings"
    case .malformed: "a request that is not HTTP/1, or has no Host, two, or a broken one; 400"
    case .headerSize: "a head of more than 1 MiB or 256 fields; 431"
    case .expectation: "an expectation that is not `100-continue`; 417"
    case .encoding: "a transfer coding that is not `chunked`; 501"
    case .credentials: "no user, password or token that may come in; 401"
    case .crossSite: "a write that a page in a browser sends; 403"
    case .bodySize: "a body beyond `--max-body-size`; 413"
    case .bodies: "a body, or what it is decoded to, beyond what `--max-bodies-size` leaves; 503"
    case .slowRequest: "a request that has not arrived after 30 s; 408"
    case .slowReader: "a part of an answer that was not taken in 30 s; closed"
    case .requests: "a request beyond 256 in work; 503"
    case .queryTime: "a query or a list beyond `--query-timeout`; 503"
    case .querySize: "a query beyond `--max-samples`; 422"
    case .memory: "an answer beyond `--query.max-memory`, 422, or `--query.max-memory-total`, 503"
    case .storeSize: "samples beyond `--max-series` or `--max-stored-samples`; 500"
    }
  }
}
