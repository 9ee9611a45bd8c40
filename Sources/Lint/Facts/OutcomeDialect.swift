import TimeSeries

/// A way in which labels say how a request went: the values that they take.
struct OutcomeDialect {
  /// As `plainLabel` writes them.
  var labels: Set<String>
  var good: [String]
  var bad: [String]
  /// The good ones that stand for all: who leaves one of them out asks for failures.
  var usual: [String]
  /// Whether every value besides the good ones is a failure: the text of an error.
  var otherIsBad = false

  private init(_ labels: Set<String>, good: [String], bad: [String], usual: [String]? = nil) {
    self.labels = labels
    self.good = good
    self.bad = bad
    self.usual = usual ?? good
  }

  /// The dialects in which a label may speak, the likeliest first.
  static func of(_ label: String) -> [OutcomeDialect] {
    let plain = label.plainLabel
    return all.filter { $0.labels.contains(plain) }
  }

  /// Which requests a matcher keeps; nil when it keeps all that are known.
  func kind(of matcher: LabelMatcher) -> RequestShare.Kind? {
    let takesGood = good.contains(where: matcher.takes)
    let takesAllGood = good.allSatisfy(matcher.takes)
    let takesBad = bad.contains(where: matcher.takes)
    let takesAllBad = bad.allSatisfy(matcher.takes)
    if takesAllGood, takesAllBad { return nil }
    if takesAllGood || (takesGood && !takesBad) { return .succeeded }
    if usual.allSatisfy(matcher.takes), !takesAllBad { return .succeeded }
    if takesAllBad, !usual.allSatisfy(matcher.takes) { return .failed }
    if takesGood { return .other }
    return takesBad || (otherIsBad && matcher.isPositive) ? .failed : .other
  }

  private static let texts = [
    "success", "ok", "OK", "Ok", "SUCCESS", "Success", "succeeded", "successful", "SUCCEEDED", "Succeeded",
    "passed", "completed",
  ]
  private static let failures = [
    "timeout", "rejected", "exception", "CLIENT_ERROR", "SERVER_ERROR", "server_error", "client_error",
    "Error",
    "ERROR", "Failed", "FAILED", "Failure", "FAILURE", "fail", "failed", "error", "failure",
  ]
  private static let yes = ["true", "True", "TRUE", "1", "yes"]
  private static let no = ["no", "0", "FALSE", "False", "false"]
  private static let grpcLabels: Set<String> = [
    "grpccode", "grpcstatus", "grpcresponsestatus", "grpcstatuscode", "rpccode", "rpcgrpcstatuscode",
  ]
  private static let httpLabels: Set<String> = [
    "code", "status", "statuscode", "responsecode", "responsestatus", "responsestatuscode", "httpcode",
    "httpstatus", "httpstatuscode", "httpresponsecode", "httpresponsestatuscode", "envoyresponsecode", "rc",
    "returncode",
  ]

  /// The table.
  static let all: [OutcomeDialect] = {
    let http = OutcomeDialect(
      httpLabels, good: ["200", "201", "202", "204", "206", "2xx"],
      bad: [
        "400", "401", "403", "404", "408", "409", "422", "429", "499", "4xx", "5xx", "501", "504", "502",
        "503", "500",
      ],
      usual: ["200"])
    let classes = OutcomeDialect(
      [
        "envoyresponsecodeclass", "responsecodeclass", "codeclass", "statusclass", "statusfamily",
        "httpstatusclass",
        "httpstatusfamily", "statusgroup",
      ], good: ["2"], bad: ["4", "5"])
    var namedClasses = classes
    (namedClasses.good, namedClasses.usual, namedClasses.bad) = (
      ["2xx", "2XX"], ["2xx"], ["4XX", "5XX", "4xx", "5xx"]
    )
    let grpc = OutcomeDialect(
      grpcLabels.union(["code", "status", "statuscode"]), good: ["OK"],
      bad: [
        "NotFound", "InvalidArgument", "Canceled", "DeadlineExceeded", "DEADLINE_EXCEEDED", "Unknown",
        "UNKNOWN",
        "Unavailable", "UNAVAILABLE", "INTERNAL", "Internal",
      ])
    let grpcNumbers = OutcomeDialect(grpcLabels, good: ["0"], bad: ["1", "2", "4", "5", "14", "13"])
    let words = OutcomeDialect(
      httpLabels.union([
        "classification", "outcome", "result", "success", "iserror", "error", "verdict", "conclusion",
        "requeststatus",
        "requestresult", "callresult", "resultstatus",
      ]), good: texts, bad: failures)
    let micrometer = OutcomeDialect(["outcome"], good: ["SUCCESS"], bad: ["CLIENT_ERROR", "SERVER_ERROR"])
    let good = OutcomeDialect(
      ["success", "successful", "succeeded", "issuccess", "issuccessful", "ok", "isok", "passed"], good: yes,
      bad: no)
    let bad = OutcomeDialect(
      ["error", "iserror", "haserror", "errors", "failed", "isfailed", "failure", "isfailure", "fault"],
      good: no.reversed(), bad: yes.reversed())
    var errorText = OutcomeDialect(
      [
        "error", "errortype", "errorcode", "errorname", "errorclass", "exception", "exceptiontype",
        "exceptionclass",
      ],
      good: ["none", "None", "null", ""], bad: ["TimeoutException", "internal", "timeout"])
    errorText.usual = ["none", "None", ""]
    errorText.otherIsBad = true
    let flags = OutcomeDialect(
      ["responseflags"], good: ["-"], bad: ["DC", "NR", "UH", "UO", "URX", "UT", "UF"])
    return [http, classes, namedClasses, good, bad, grpc, grpcNumbers, micrometer, words, errorText, flags]
  }()
}
