import PromQL
import Rules
import TimeSeries

/// What `/rules` was asked (http-api.md §11).
struct RuleList {
  private enum Kind { case alerting, recording }

  private let kind: Kind?
  private let names: Set<String>
  private let groupNames: Set<String>
  private let files: Set<String>
  private let matchers: [[LabelMatcher]]
  private let showsAlerts: Bool
  private let limit: Int?
  private let token: String?

  init(_ form: FormValues) throws(APIError) {
    switch form.text("type") ?? "" {
    case "": kind = nil
    case "alert": kind = .alerting
    case "record": kind = .recording
    case let text: throw .parameter("type", "not supported value \(GoText.quoted(text))")
    }
    func texts(_ name: String) -> Set<String> {
      Set(form.all(name).map { String(decoding: $0, as: UTF8.self) })
    }
    names = texts("rule_name[]")
    groupNames = texts("rule_group[]")
    files = texts("file[]")
    var matchers: [[LabelMatcher]] = []
    for text in form.all("match[]") {
      do { matchers.append(try Expression.matchers(ofSelector: text)) } catch {
        throw .parameter("match[]", error.description)
      }
    }
    self.matchers = matchers
    showsAlerts = try !Self.excludesAlerts(form.text("exclude_alerts") ?? "")
    limit = try Self.limit(form.text("group_limit") ?? "")
    let token = form.text("group_next_token") ?? ""
    guard token.isEmpty || limit != nil else {
      throw .parameter(
        "group_next_token", "group_limit needs to be present in order to paginate over the groups")
    }
    self.token = token.isEmpty ? nil : token
  }

  private static func excludesAlerts(_ text: String) throws(APIError) -> Bool {
    switch text {
    case "", "0", "f", "F", "FALSE", "false", "False": return false
    case "1", "t", "T", "TRUE", "true", "True": return true
    default:
      throw .parameter(
        "exclude_alerts",
        "error converting exclude_alerts: strconv.ParseBool: parsing \(GoText.quoted(text)): invalid syntax")
    }
  }

  private static func limit(_ text: String) throws(APIError) -> Int? {
    if text.isEmpty { return nil }
    guard let number = Int(text) else {
      let isNumber = text.drop { $0 == "-" || $0 == "+" }.allSatisfy(\.isNumber)
      throw .parameter(
        "group_limit",
        "group_limit needs to be a valid number: strconv.ParseInt: parsing \(GoText.quoted(text)): "
          + (isNumber ? "value out of range" : "invalid syntax"))
    }
    guard number > 0 else { throw .parameter("group_limit", "group_limit needs to be greater than 0") }
    return number
  }

  /// The groups as JSON.
  func answer(_ groups: [RuleLoop.Group]) throws(APIError) -> APIAnswer {
    var rest = groups[...]
    if let token {
      guard let place = rest.firstIndex(where: { Self.token($0) == token }) else {
        throw .parameter(
          "group_next_token", "invalid group_next_token '\(token)'. were rule groups changed?")
      }
      rest = rest[place...]
    }
    var writer = ByteWriter(capacity: 4096)
    writer.append(#"{"groups":["#)
    var shown = 0
    var next: String?
    for group in rest {
      let rules = group.evaluation.group.rules.indices.filter { isShown($0, of: group) }
      guard !rules.isEmpty else { continue }
      if let limit, shown == limit {
        next = Self.token(group)
        break
      }
      if shown > 0 { writer.append(",") }
      shown += 1
      append(group, rules, to: &writer)
    }
    writer.append("]")
    if let next { writer.append(#","groupNextToken":"\#(next)""#) }
    writer.append("}")
    return APIAnswer(data: writer.finish())
  }

  private static func token(_ group: RuleLoop.Group) -> String {
    SHA256.hex(Array((group.file + ";" + group.name).utf8))
  }

  private func isShown(_ index: Int, of group: RuleLoop.Group) -> Bool {
    let rule = group.evaluation.group.rules[index]
    switch (kind, rule.kind) {
    case (nil, _), (.alerting, .alerting), (.recording, .recording): break
    case (.alerting, .recording), (.recording, .alerting): return false
    }
    guard names.isEmpty || names.contains(rule.name), groupNames.isEmpty || groupNames.contains(group.name),
      files.isEmpty || files.contains(group.file)
    else { return false }
    return matchers.isEmpty
      || matchers.contains { matchers in
        matchers.allSatisfy { matcher in
          matcher.accepts(Labels(rule.labels.map { ($0.name, $0.text) }))
        }
      }
  }

  private func append(_ group: RuleLoop.Group, _ rules: [Int], to writer: inout ByteWriter) {
    writer.append(#"{"name":"#)
    writer.append(string: group.name)
    writer.append(#","file":"#)
    writer.append(string: group.file)
    writer.append(#","rules":["#)
    for (number, index) in rules.enumerated() {
      if number > 0 { writer.append(",") }
      append(index, of: group, to: &writer)
    }
    writer.append(#"],"interval":"#)
    writer.append(GoText.json(Double(group.interval) / 1000))
    writer.append(#","limit":\#(group.evaluation.group.limit)"#)
    writer.append(evaluated: group.evaluated, seconds: group.seconds)
    writer.append("}")
  }

  private func append(_ index: Int, of group: RuleLoop.Group, to writer: inout ByteWriter) {
    let rule = group.evaluation.group.rules[index]
    let outcome = group.outcomes[index]
    let query =
      (try? Expression.parse(rule.expression))?.description
      ?? String(decoding: rule.expression, as: UTF8.self)
    var kind = "recording"
    writer.append("{")
    if case .alerting(let alerting) = rule.kind {
      kind = "alerting"
      let alerts = group.evaluation.alerts(of: index)
      let states = alerts.map(\.state)
      let state = states.contains(.firing) ? "firing" : states.isEmpty ? "inactive" : "pending"
      writer.append(#""state":"\#(state)","#)
      writer.append(name: rule.name, query: query)
      writer.append(#","duration":"#)
      writer.append(GoText.json(Double(alerting.holdDuration) / 1000))
      writer.append(#","keepFiringFor":"#)
      writer.append(GoText.json(Double(alerting.keepFiringFor) / 1000))
      writer.append(#","labels":"#)
      writer.append(texts: rule.labels.map { ($0.name, $0.text) })
      writer.append(#","annotations":"#)
      writer.append(texts: alerting.annotations.map { ($0.name, $0.text) })
      writer.append(#","alerts":"#)
      if showsAlerts { writer.append(alerts: alerts) } else { writer.append("null") }
    } else {
      writer.append(name: rule.name, query: query)
      if !rule.labels.isEmpty {
        writer.append(#","labels":"#)
        writer.append(texts: rule.labels.map { ($0.name, $0.text) })
      }
    }
    let health = outcome.evaluated == nil ? "unknown" : outcome.failure == nil ? "ok" : "err"
    writer.append(#","health":"\#(health)""#)
    if let failure = outcome.failure {
      writer.append(#","lastError":"#)
      writer.append(string: failure)
    }
    writer.append(evaluated: outcome.evaluated, seconds: outcome.seconds)
    writer.append(#","type":"\#(kind)"}"#)
  }

  /// `/alerts`: all that are pending or firing.
  static func alerts(_ groups: [RuleLoop.Group]) -> APIAnswer {
    var writer = ByteWriter(capacity: 4096)
    writer.append(#"{"alerts":"#)
    writer.append(
      alerts: groups.flatMap { group in
        group.evaluation.group.rules.indices.flatMap { group.evaluation.alerts(of: $0) }
      })
    writer.append("}")
    return APIAnswer(data: writer.finish())
  }
}

extension ByteWriter {
  fileprivate mutating func append(name: String, query: String) {
    append(#""name":"#)
    append(string: name)
    append(#","query":"#)
    append(string: query)
  }

  fileprivate mutating func append(evaluated: Int64?, seconds: Double) {
    append(#","evaluationTime":"#)
    append(GoText.json(seconds))
    append(#","lastEvaluation":""#)
    append(evaluated.map(TimeParameter.text) ?? "0001-01-01T00:00:00Z")
    append(#"""#)
  }

  /// Go writes maps in the order of their keys.
  fileprivate mutating func append(texts: [(String, String)]) {
    append("{")
    for (index, pair) in texts.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }).enumerated() {
      if index > 0 { append(",") }
      append(string: pair.0)
      append(":")
      append(string: pair.1)
    }
    append("}")
  }

  fileprivate mutating func append(alerts: [ActiveAlert]) {
    append("[")
    for (index, alert) in alerts.enumerated() {
      append(index == 0 ? #"{"labels":"# : #",{"labels":"#)
      append(texts: alert.labels.pairs.map { ($0.name, $0.value) })
      append(#","annotations":"#)
      append(texts: alert.annotations.map { ($0.key, $0.value) })
      append(#","state":"\#(alert.state.rawValue)","activeAt":""#)
      append(TimeParameter.text(alert.activeSince))
      if let kept = alert.keptSince {
        append(#"","keepFiringSince":""#)
        append(TimeParameter.text(kept))
      }
      append(#"","value":""#)
      append(GoText.exponent(alert.value))
      append(#""}"#)
    }
    append("]")
  }
}
