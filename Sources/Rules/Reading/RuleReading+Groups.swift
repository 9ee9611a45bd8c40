import Manifests
import PromQL
import TimeSeries

extension RuleReading {
  /// Takes a group in, with those of its rules that are sound.
  mutating func read(group node: ManifestNode) {
    let known = findings.count
    var keys = ["name", "interval", "query_offset", "limit", "rules", "labels"]
    if form == .resource { keys.append("partial_response_strategy") }
    switch reader {
    case .prometheus: break
    case .vmalert:
      keys += [
        "type", "concurrency", "tenant", "params", "headers", "notifier_headers", "eval_offset", "eval_delay",
        "eval_alignment", "debug", "extra_filter_labels",
      ]
    }
    guard let fields = mapping(node, "a rule group", "rulefmt.RuleGroup", keys: keys) else { return }
    let name = sound { () throws(ManifestProblem) in try fields.text("name")?.value ?? "" }
    let interval = sound { () throws(ManifestProblem) in try fields.duration("interval") }
    let offset = sound { () throws(ManifestProblem) in try fields.duration("query_offset") }
    let limit = sound { () throws(ManifestProblem) in try fields.integer("limit") }
    let labels = texts(fields, "labels")
    checkStrategy(fields)
    let rules = sound { () throws(ManifestProblem) in
      try fields.items("rules", type: "[]rulefmt.Rule").filter { !$0.isNull }
    }
    if let name {
      if name.isEmpty { report("Groupname must not be empty", at: fields.range(of: "name")) }
      if written.contains(where: { $0.group.name.utf8.elementsEqual(name.utf8) }) {
        report(
          "groupname: \(GoText.quoted(name)) is repeated in the same file", at: fields.range(of: "name"))
      }
    }
    check(labels ?? [], "")
    let isSound = findings.count == known
    var group = WrittenGroup(
      group: RuleGroup(
        name: name ?? "", interval: interval ?? nil, queryOffset: offset.flatMap { $0 } ?? 0,
        limit: Int(clamping: limit.flatMap { $0 } ?? 0), rules: []),
      range: fields.range, name: fields.range(of: "name"), interval: fields.node("interval")?.range,
      labels: labels ?? [])
    for (index, node) in (rules ?? []).enumerated() {
      let context = RuleContext(group: name ?? "", number: index + 1)
      if let rule = read(rule: node, context, groupLabels: labels ?? []) { group.rules.append(rule) }
    }
    // A group that is refused itself is there for its name and its rules' places only.
    if isSound || !(name ?? "").isEmpty { written.append(group) }
  }

  /// Thanos' key, which the operator's definition has and no rule file of Prometheus.
  private mutating func checkStrategy(_ fields: StrictMapping) {
    guard form == .resource else { return }
    let key = "partial_response_strategy"
    guard let found = sound({ () throws(ManifestProblem) in try fields.text(key) }), let strategy = found,
      !["", "abort", "warn"].contains(strategy.value.lowercased())
    else { return }
    report(
      ManifestProblem(
        ManifestCode.value, "partial_response_strategy must be abort or warn, not \(strategy.value)",
        at: strategy.range))
  }

  /// Labels or annotations with their places.
  mutating func texts(_ fields: StrictMapping, _ key: String) -> [WrittenText]? {
    let source = source
    return sound { () throws(ManifestProblem) in
      try fields.entries(key).map { entry in
        var text = ManifestText("", at: entry.value.range)
        if case .scalar(let scalar) = entry.value.content, scalar.value != .null {
          text = ManifestText(scalar, at: entry.value.range, in: source)
        }
        return WrittenText(name: entry.key, nameRange: entry.keyRange, text: text, isUTF8: entry.value.isUTF8)
      }
    }
  }

  /// - Parameter prefix: which rule they are of.
  mutating func check(_ labels: [WrittenText], _ prefix: String) {
    for label in labels {
      if !LabelName.isValid(Array(label.name.utf8)) || label.name.utf8.elementsEqual(LabelName.metric.utf8) {
        report("\(prefix)invalid label name: \(label.name)", at: label.nameRange)
      }
      if !label.isUTF8 {
        report("\(prefix)invalid label value: \(label.text.text)", at: label.text.range ?? label.nameRange)
      }
    }
  }
}

/// Which rule a message is about.
struct RuleContext {
  var group: String
  var number: Int
  var name = ""

  /// In front of what is wrong with it.
  var prefix: String { "group \(GoText.quoted(group)), rule \(number), \(GoText.quoted(name)): " }
}

extension ManifestNode {
  /// Whether a text is one: what base 64 stands for may be anything.
  var isUTF8: Bool {
    guard case .scalar(let scalar) = content else { return true }
    return String(validating: scalar.bytes, as: UTF8.self) != nil
  }
}
