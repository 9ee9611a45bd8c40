import Lint
import Manifests
import PromQL
import TimeSeries

/// What can be written at a place in a query.
struct Completion {
  let sites: [QuerySite]
  let data: LintData?

  /// Nothing outside queries.
  func items(_ document: Document, _ offset: Int) -> [CompletionItem] {
    let inside = sites.first { site in
      guard site.source.name == document.source.name, let range = site.text.range else { return false }
      return range.start <= offset && offset <= range.end
    }
    guard let inside, let range = inside.text.range else { return [] }
    let before = Array(document.source.bytes[range.start..<offset])
    return switch Self.context(before) {
    case .templateAction: templateItems(inside)
    case .labelName(let metric): labelItems(metric)
    case .labelValue(let metric, let label): valueItems(metric, label)
    case .expression: expressionItems()
    case .text: []
    }
  }

  /// Where the cursor is.
  enum Context: Hashable {
    case expression
    /// Between `{{` and `}}`.
    case templateAction
    /// Between the braces of a selector, or of what is grouped by.
    case labelName(metric: String?)
    case labelValue(metric: String?, label: String)
    /// In a text of another kind.
    case text
  }

  static func context(_ before: [UInt8]) -> Context {
    if let open = before.lastRange(of: "{{"), before[open...].firstRange(of: Array("}}".utf8)) == nil {
      return .templateAction
    }
    // Walks through quotes and braces; what a template writes is passed over.
    var quote: UInt8?
    var braces: [Int] = []
    var grouping: Int?
    var index = 0
    while index < before.count {
      let byte = before[index]
      if before[index...].starts(with: "{{".utf8) {
        index = before[index...].firstRange(of: Array("}}".utf8))?.upperBound ?? before.count
        continue
      }
      if let open = quote {
        if byte == UInt8(ascii: "\\"), open != UInt8(ascii: "`") {
          index += 1
        } else if byte == open {
          quote = nil
        }
      } else {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): quote = byte
        case UInt8(ascii: "{"): braces.append(index)
        case UInt8(ascii: "}"): _ = braces.popLast()
        case UInt8(ascii: "("):
          let word = Word(in: Array(before[..<index]), around: trimmed(before, index)).text
          grouping =
            ["by", "without", "on", "ignoring", "group_left", "group_right"].contains(word) ? index : nil
        case UInt8(ascii: ")"): grouping = nil
        default: break
        }
      }
      index += 1
    }
    let metric = braces.last.map { Word(in: Array(before[..<$0]), around: $0).text }
    if quote != nil {
      guard braces.last != nil, let label = labelBeforeQuote(before) else { return .text }
      return .labelValue(metric: metric, label: label)
    }
    if braces.last != nil { return .labelName(metric: metric) }
    return grouping == nil ? .expression : .labelName(metric: nil)
  }

  private static func trimmed(_ bytes: [UInt8], _ end: Int) -> Int {
    var end = end
    while end > 0, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x0A { end -= 1 }
    return end
  }

  /// `code` of `…{code=~"5`.
  private static func labelBeforeQuote(_ before: [UInt8]) -> String? {
    guard let quote = before.lastIndex(where: { "\"'`".utf8.contains($0) }) else { return nil }
    var end = trimmed(before, quote)
    while end > 0, "=!~".utf8.contains(before[end - 1]) { end -= 1 }
    guard end < quote else { return nil }
    let label = Word(in: Array(before[..<end]), around: trimmed(before, end)).text
    return label.isEmpty ? nil : label
  }

  // MARK: Items

  private func expressionItems() -> [CompletionItem] {
    let functions = Function.allCases.map {
      CompletionItem(label: $0.rawValue, kind: .function, detail: $0.facts.summary)
    }
    let aggregations = AggregationOperator.allCases.map {
      CompletionItem(label: $0.rawValue, kind: .function, detail: $0.facts.summary)
    }
    let words = [
      "by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool", "and", "or", "unless",
    ]
    let names = (data?.names ?? []).sorted().map {
      CompletionItem(label: $0, kind: .variable, detail: "metric")
    }
    return names + functions + aggregations
      + words.map { CompletionItem(label: $0, kind: .keyword, detail: nil) }
  }

  private func matchers(_ metric: String?) -> [LabelMatcher] {
    if let metric, !metric.isEmpty { return [LabelMatcher(LabelName.metric, equals: metric)] }
    return (try? [LabelMatcher(LabelName.metric, .notEqual, "")]) ?? []
  }

  private func labelItems(_ metric: String?) -> [CompletionItem] {
    (data?.labelNames(in: matchers(metric)) ?? []).map {
      CompletionItem(label: $0, kind: .field, detail: "label")
    }
  }

  private func valueItems(_ metric: String?, _ label: String) -> [CompletionItem] {
    (data?.values(of: label, in: matchers(metric)) ?? []).map {
      CompletionItem(label: $0, kind: .value, detail: label)
    }
  }

  /// The functions that Flagger gives templates, and the canary's own variables.
  private func templateItems(_ site: QuerySite) -> [CompletionItem] {
    let names = ["name", "namespace", "target", "service", "ingress", "route", "interval"]
    let variables =
      site.metric?.value.templateVariables?.value.map { "variables.\($0.key.value)" } ?? ["variables."]
    return (names + variables).map { CompletionItem(label: $0, kind: .variable, detail: "of the canary") }
  }
}

extension [UInt8] {
  /// Where the last occurrence of a text begins.
  fileprivate func lastRange(of text: String) -> Int? {
    let wanted = Array(text.utf8)
    guard count >= wanted.count else { return nil }
    return (0...count - wanted.count).last { self[$0...].starts(with: wanted) }
  }
}
