import PromQL
import TimeSeries

extension SchemaCheck {
  mutating func checkText(_ node: ManifestNode, _ rule: TextRule, at site: Site) {
    guard case .scalar(let scalar) = node.content, scalar.value == .text else {
      return expect("a text", node, at: site, fixes: quoting(node))
    }
    let text = String(decoding: scalar.bytes, as: UTF8.self)
    let length = text.unicodeScalars.count
    if let choices = rule.choices, !choices.contains(where: { $0.utf8.elementsEqual(scalar.bytes) }) {
      let listed = choices.filter { !$0.isEmpty }.joined(separator: ", ")
      var fixes: [Diagnostic.Fix] = []
      if let nearest = Spelling.nearest(to: text, among: choices) {
        fixes.append(
          Diagnostic.Fix("write \(nearest)", range: node.range, replacement: nearest, isSafe: false))
      }
      report(
        ManifestCode.value, node.range, "\(site.path) must be one of \(listed), not \(Quoted.text(text))",
        fixes: fixes)
    } else if length < rule.lengths.lowerBound {
      report(ManifestCode.value, node.range, "\(site.path) must not be empty")
    } else if length > rule.lengths.upperBound {
      report(
        ManifestCode.value, node.range,
        "\(site.path) has \(length) characters: at most \(rule.lengths.upperBound) may be")
    } else if let pattern = rule.pattern, !pattern.matches(scalar.bytes) {
      report(
        ManifestCode.value, node.range, "\(site.path) must be \(pattern.words), not \(Quoted.text(text))")
    }
  }

  private func quoting(_ node: ManifestNode) -> [Diagnostic.Fix] {
    guard case .scalar(let scalar) = node.content, scalar.style == .plain else { return [] }
    let text = String(decoding: scalar.bytes, as: UTF8.self)
    return [
      Diagnostic.Fix(
        "put it in quotes", range: node.range, replacement: GoText.quoted(text), isSafe: false)
    ]
  }

  mutating func checkNumber(_ node: ManifestNode, _ rule: NumberRule, at site: Site) {
    guard case .scalar(let scalar) = node.content else { return expect("a number", node, at: site) }
    let value: Double
    switch scalar.value {
    case .integer(let integer): value = Double(integer)
    case .number(let number): value = number
    case .text: return expect("a number", node, at: site, fixes: unquoting(scalar, node))
    case .null, .boolean: return expect("a number", node, at: site)
    }
    guard value.isFinite else {
      return report(ManifestCode.value, node.range, "\(site.path) must be a finite number")
    }
    if let problem = rule.form.problem(value) {
      return report(ManifestCode.value, node.range, "\(site.path) \(problem)")
    }
    if let minimum = rule.minimum, value < Double(minimum) {
      report(ManifestCode.value, node.range, "\(site.path) must be at least \(minimum)")
    }
    if let maximum = rule.maximum, value > Double(maximum) {
      report(ManifestCode.value, node.range, "\(site.path) must be at most \(maximum)")
    }
  }

  /// For a number in quotes.
  private func unquoting(_ scalar: ManifestNode.Scalar, _ node: ManifestNode) -> [Diagnostic.Fix] {
    guard let plain = ScalarValue(resolving: scalar.bytes, style: .plain, tag: .none), plain.isNumber else {
      return []
    }
    let text = String(decoding: scalar.bytes, as: UTF8.self)
    return [
      Diagnostic.Fix(
        "write \(text) without quotes", range: node.range, replacement: text, isSafe: true)
    ]
  }

  mutating func checkBoolean(_ node: ManifestNode, at site: Site) {
    guard case .scalar(let scalar) = node.content, case .boolean = scalar.value else {
      return expect("true or false", node, at: site)
    }
  }

  mutating func checkNumberOrText(_ node: ManifestNode, at site: Site) {
    guard case .scalar(let scalar) = node.content, scalar.value == .text || scalar.value.isNumber else {
      return expect("a number or a text", node, at: site)
    }
    if case .number(let value) = scalar.value, Int64(exactly: value) == nil {
      report(ManifestCode.value, node.range, "\(site.path) must be a whole number")
    }
  }
}

extension NumberRule.Form {
  /// What is wrong with a finite number of this form.
  fileprivate func problem(_ value: Double) -> String? {
    let isInteger = Int64(exactly: value) != nil
    let isShort = Int32(exactly: value) != nil
    switch self {
    case .real: return nil
    case .whole: return isInteger ? nil : "must be a whole number"
    case .whole32: return isShort ? nil : "must be a whole number of 32 bits"
    case .readAsWhole:
      return isInteger
        ? nil : "must be a whole number: a cluster takes this, but Flagger cannot read it"
    case .readAsWhole32:
      return isShort
        ? nil : "must be a whole number of 32 bits: a cluster takes this, but Flagger cannot read it"
    }
  }
}

extension ScalarValue {
  var isNumber: Bool {
    switch self {
    case .integer, .number: true
    case .null, .boolean, .text: false
    }
  }
}

extension ManifestNode {
  /// What it is, for a message.
  var typeName: String {
    switch content {
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .scalar(let scalar):
      switch scalar.value {
      case .null: "nothing"
      case .boolean(let value): value ? "a boolean (true)" : "a boolean (false)"
      case .integer, .number: "a number"
      case .text: "a text"
      }
    }
  }
}
