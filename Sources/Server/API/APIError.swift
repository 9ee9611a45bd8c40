import Evaluator
import TimeSeries

/// Why a request of the API is answered with an error (http-api.md §2).
struct APIError: Error, Sendable {
  /// Raw values are the API's `errorType`.
  enum Kind: String, Sendable {
    case badData = "bad_data"
    case execution
    case canceled
    case timeout
    case internalError = "internal"
    case unavailable

    var status: Int {
      switch self {
      case .badData: 400
      case .execution: 422
      case .canceled: 499
      case .timeout: 503
      case .internalError, .unavailable: 500
      }
    }
  }

  let kind: Kind
  let message: String
  /// The status of the answer.
  let status: Int
  /// What it counts as, where a limit was hit.
  let refusal: Refusal?

  init(kind: Kind, message: String, refusal: Refusal? = nil) {
    self.kind = kind
    self.message = message
    self.refusal = refusal
    status = kind.status
  }

  /// Memory that there is not: for this request, or for now.
  init(_ shortage: MemoryShortage) {
    kind = shortage.isShared ? .unavailable : .execution
    message = shortage.description
    refusal = .memory
    status = shortage.isShared ? 503 : kind.status
  }

  /// Why an answer that takes long has to end; nil while it may go on.
  init?(_ cancellation: Cancellation) {
    switch cancellation.reason {
    case nil: return nil
    case .timedOut:
      self.init(kind: .timeout, message: "the answer timed out (--query-timeout)", refusal: .queryTime)
    case .canceled: self.init(kind: .canceled, message: "the answer was canceled")
    }
  }

  /// `invalid parameter "NAME": DETAIL`
  static func parameter(_ name: String, _ detail: String) -> APIError {
    APIError(kind: .badData, message: "invalid parameter \"\(name)\": \(detail)")
  }

  static func badData(_ message: String) -> APIError { APIError(kind: .badData, message: message) }
}

/// What a request of the API is answered.
struct APIAnswer: Sendable {
  /// The JSON text of the `data` member.
  var data: ResponseBody
  var warnings: [String] = []
  var infos: [String] = []

  init(data: ResponseBody, warnings: [String] = [], infos: [String] = []) {
    self.data = data
    self.warnings = warnings
    self.infos = infos
  }

  init(data: [UInt8], warnings: [String] = [], infos: [String] = []) {
    self.init(data: ResponseBody(data), warnings: warnings, infos: infos)
  }

  init(data: String) { self.init(data: Array(data.utf8)) }

  /// What says that a list was cut.
  static let truncated = "results truncated due to limit"
}

extension ServerResponse {
  /// A success in the API's envelope.
  init(_ answer: APIAnswer) {
    var writer = ByteWriter()
    writer.append(strings: answer.warnings, as: "warnings")
    writer.append(strings: answer.infos, as: "infos")
    writer.append(UInt8(ascii: "}"))
    let head = Array(#"{"status":"success","data":"#.utf8)
    self.init(
      status: 200, headers: Self.jsonFields, body: answer.data.wrapped(in: head, writer.finish()))
  }

  /// An error in the API's envelope.
  init(_ error: APIError) {
    var writer = ByteWriter()
    writer.append(#"{"status":"error","errorType":""#)
    writer.append(error.kind.rawValue)
    writer.append(#"","error":"#)
    writer.append(string: error.message)
    writer.append(UInt8(ascii: "}"))
    self.init(status: error.status, headers: Self.jsonFields, body: writer.finish())
  }

  private static let jsonFields = HTTPFields([("Content-Type", "application/json")])
}

extension ByteWriter {
  /// `,"name":[…]`; nothing when there are none.
  fileprivate mutating func append(strings: [String], as name: String) {
    guard !strings.isEmpty else { return }
    append(#",""#)
    append(name)
    append(#"":["#)
    for (index, string) in strings.enumerated() {
      if index > 0 { append(UInt8(ascii: ",")) }
      append(string: string)
    }
    append(UInt8(ascii: "]"))
  }
}
