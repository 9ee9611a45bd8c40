import Manifests
import PromQL
import TimeSeries

/// An instant vector within a query.
struct VectorPart {
  var index: Int
  var site: SourceRange
  var form: VectorForm
  var facts: VectorFacts
}

/// A selector within a query, of one sample or of a window.
struct SelectorPart {
  /// Of the node that holds it.
  var index: Int
  var site: SourceRange
  var plan: SelectorPlan
  /// Of the window, milliseconds; nil for the newest sample.
  var range: Int64?
  var matchers: [LabelMatcher]
}

/// A matcher where it was written.
struct WrittenMatcher {
  var matcher: LabelMatcher
  /// From its name to behind its value, in the sent query.
  var range: SourceRange
  var operation: SourceRange
  /// The value with its quotes.
  var value: SourceRange
}

extension QuerySubject {
  /// All instant vectors, parts before what they are parts of.
  var vectors: [VectorPart] {
    facts.nodes.enumerated().compactMap { index, node in
      guard case .vector(let plan, let facts) = node.content else { return nil }
      return VectorPart(index: index, site: plan.site, form: plan.form, facts: facts)
    }
  }

  /// The whole query, when it is an instant vector.
  var root: VectorPart? { vectors.last.flatMap { $0.index == facts.nodes.count - 1 ? $0 : nil } }

  /// All selectors, in the order written.
  var selectors: [SelectorPart] {
    facts.nodes.enumerated().compactMap { index, node in
      switch node.content {
      case .vector(let plan, _):
        guard case .select(let selector) = plan.form else { return nil }
        return SelectorPart(
          index: index, site: plan.site, plan: selector, range: nil, matchers: facts.matchers(selector))
      case .windows(let plan, _):
        guard case .select(let selector, let range) = plan.form else { return nil }
        return SelectorPart(
          index: index, site: plan.site, plan: selector, range: range, matchers: facts.matchers(selector))
      case .scalar, .string: return nil
      }
    }
  }

  /// The parts around a part, the nearest first.
  func ancestors(_ index: Int) -> [PlanFacts.Node] {
    var found: [PlanFacts.Node] = []
    var next = facts.nodes[index].parent
    while let at = next {
      found.append(facts.nodes[at])
      next = facts.nodes[at].parent
    }
    return found
  }

  /// The selectors below a part, itself included.
  func selectors(within index: Int) -> [SelectorPart] {
    var inside: Set<Int> = []
    var open = [index]
    while let next = open.popLast() {
      inside.insert(next)
      open += facts.nodes[next].children
    }
    return selectors.filter { inside.contains($0.index) }
  }

  /// The matchers in the braces of a selector, as far as they were written in plain tokens.
  func written(_ selector: SelectorPart) -> [WrittenMatcher] {
    let start = max(0, min(selector.site.start, expression.text.count))
    let end = max(start, min(selector.site.end, expression.text.count))
    let tokens = Expression.tokens(of: expression.text[start..<end]).tokens
    var found: [WrittenMatcher] = []
    for position in tokens.indices.dropFirst() where position + 1 < tokens.count {
      let (name, operation, value) = (tokens[position - 1], tokens[position], tokens[position + 1])
      guard let kind = LabelMatcher.Operation(rawValue: text(operation, start)) else { continue }
      let label = unquoted(text(name, start))
      guard
        let matcher = selector.matchers.first(where: {
          $0.name == label && $0.operation == kind && quotedForms($0.value, text(value, start))
        })
      else { continue }
      found.append(
        WrittenMatcher(
          matcher: matcher, range: SourceRange(name.range.start + start, value.range.end + start),
          operation: SourceRange(operation.range.start + start, operation.range.end + start),
          value: SourceRange(value.range.start + start, value.range.end + start)))
    }
    return found
  }

  private func text(_ token: Token, _ offset: Int) -> String {
    slice(SourceRange(token.range.start + offset, token.range.end + offset))
  }

  private func unquoted(_ text: String) -> String {
    guard let quote = text.first, "\"'`".contains(quote), text.count >= 2 else { return text }
    return String(text.dropFirst().dropLast())
  }

  /// Whether a literal can stand for a value; escapes are not undone, they only make it uncertain.
  private func quotedForms(_ value: String, _ literal: String) -> Bool {
    literal.contains("\\") || unquoted(literal) == value
  }
}

extension QuerySite {
  /// Whether the template's text asks for a value that changes with `{{ interval }}`.
  var usesInterval: Bool {
    guard let canary, let metric, let parsed = try? QueryTemplate(parsing: text) else {
      return text.text.contains("interval")
    }
    var values = TemplateValues(canary: canary, metric: metric.value, pass: .template)
    values.interval = "7m"
    let one = try? parsed.render(values).rendered
    values.interval = "9m"
    let other = try? parsed.render(values).rendered
    return one != other
  }
}

/// Numbers and times in sentences.
enum Shown {
  /// The shortest digits: `0.05`, `99`.
  static func number(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : GoText.general(value)
  }

  /// `at least 5`, `more than 5` for the next number above it.
  static func lowerBound(_ value: Double) -> String {
    isNext(value, to: value.nextDown) ? "more than \(number(value.nextDown))" : "at least \(number(value))"
  }

  /// `at most 5`, `less than 5` for the next number below it.
  static func upperBound(_ value: Double) -> String {
    isNext(value, to: value.nextUp) ? "less than \(number(value.nextUp))" : "at most \(number(value))"
  }

  /// Whether a number was not written, but is the neighbour of one that was.
  private static func isNext(_ value: Double, to neighbour: Double) -> Bool {
    number(neighbour).utf8.count + 4 < number(value).utf8.count
  }

  /// `1m`, `2m30s`.
  static func duration(_ milliseconds: Int64) -> String { DurationText.text(milliseconds: milliseconds) }
}
