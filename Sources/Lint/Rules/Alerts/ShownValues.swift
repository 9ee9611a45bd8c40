import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let percentTwice = Rule(
    "MT078", "percent-twice", .warning, "a percentage is shown a hundred times too large",
    why: """
      `humanizePercentage` multiplies by 100: it wants 0.05 for 5 %. A value that is a percentage already \
      comes out as 500 %.
      """,
    fires: [
      .rule(
        "alert: Errors\nexpr: 100 * sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m])) > 5\n"
          + "annotations: {summary: \"{{ $value | humanizePercentage }}\"}"),
      .rule(
        "alert: Full\nexpr: 100 - disk_free_bytes / disk_size_bytes * 100 > 90\n"
          + "annotations: {summary: \"{{ $value | humanizePercentage }}\"}"),
      .rule(
        "alert: Full\nexpr: 100 * slots_used / slots > 90\n"
          + "annotations: {summary: \"{{ $v := $value }}{{ $v | humanizePercentage }}\"}"),
    ],
    quiet: [
      .rule(
        "alert: Errors\nexpr: sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m])) > 0.05\n"
          + "annotations: {summary: \"{{ $value | humanizePercentage }}\"}"),
      .rule(
        "alert: Full\nexpr: 1 - disk_free_bytes / disk_size_bytes > 0.9\n"
          + "annotations: {summary: \"{{ $value | humanizePercentage }}\"}"),
    ],
    .rules { rules in
      rules.templates.flatMap { template -> [Advice] in
        guard let query = template.rule.query, query.shownScale == .percent else { return [] }
        return template.looks.compactMap { look, use in
          guard look == .value, use.functions.contains("humanizePercentage") else { return nil }
          return template.advice(
            "the value is a percentage already, and is multiplied by 100 again", at: use.range
          )
          .help("use humanize and write % behind it, or leave the factor 100 out of the expression")
        }
      }
    })

  static let shareShown = Rule(
    "MT116", "share-as-number", .info, "a share from 0 to 1 is shown as a plain number",
    why: """
      The value of `failed / all > 0.05` is 0.0523…; written as it is, readers of a notification have to \
      multiply. With a percent sign behind it, it is wrong by a factor of a hundred: `0.0523%`, a warning. \
      `humanizePercentage` writes 5.23%.
      """,
    fires: [
      .rule(
        "alert: Errors\nexpr: sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m])) > 0.05\n"
          + "annotations: {summary: \"{{ $value }} of requests fail\"}"),
      .rule(
        "alert: Full\nexpr: slots_used / slots > 0.9\n"
          + "annotations: {summary: \"{{ $value | humanize }}% are used\"}"),
    ],
    quiet: [
      .rule(
        "alert: Errors\nexpr: sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m])) > 0.05\n"
          + "annotations: {summary: \"{{ $value | humanizePercentage }} of requests fail\"}"),
      .rule(
        "alert: Errors\nexpr: 100 * sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m])) > 5\n"
          + "annotations: {summary: \"{{ $value }}% of requests fail\"}"),
      .rule(
        "alert: Full\nexpr: slots_used / slots > 0.9\nannotations: {summary: \"{{ $value }} are used\"}"),
    ],
    .rules { rules in
      rules.templates.filter { !$0.isLabel }.flatMap { template -> [Advice] in
        guard let query = template.rule.query, query.shownScale == .whole else { return [] }
        let text = Array(template.text.text.text.utf8)
        return template.looks.compactMap { look, use in
          guard look == .value, use.isWritten, !use.functions.contains("humanizePercentage") else {
            return nil
          }
          let end = use.range.end - RuleTemplate.prefix.utf8.count
          if Self.isPercentBehind(text, end) {
            return template.advice("the value is a share of 1, and % stands behind it", at: use.range)
              .with(severity: .warning).help("write {{ $value | humanizePercentage }}, without %")
          }
          guard use.functions.isEmpty, query.isCertainShare else { return nil }
          return template.advice("a share of 1 is written as a plain number", at: use.range)
            .help("write {{ $value | humanizePercentage }}")
        }
      }
    })

  /// Whether the action that a use stands in is followed by a percent sign.
  private static func isPercentBehind(_ text: [UInt8], _ end: Int) -> Bool {
    guard end >= 0, end <= text.count, let close = text[end...].firstRange(of: Array("}}".utf8)) else {
      return false
    }
    let rest = text[close.upperBound...]
    return rest.first == UInt8(ascii: "%") || rest.starts(with: Array(" %".utf8))
  }
}

extension QuerySubject {
  fileprivate enum ShownScale {
    /// 1 is all.
    case whole
    /// 100 is all.
    case percent
  }

  /// What the value of an alert is a share of; nil where it is none, or nobody knows.
  fileprivate var shownScale: ShownScale? {
    guard let root, let known = facts.rootVector else { return nil }
    if Self.written(root.form) == .percent { return .percent }
    if let share = known.share { return share.whole == 1 ? .whole : share.whole == 100 ? .percent : nil }
    if let unit = known.unit {
      guard unit.dimension == .share else { return nil }
      return abs(unit.scale - 1) < 1e-9 ? .whole : abs(unit.scale - 0.01) < 1e-9 ? .percent : nil
    }
    return Self.written(root.form)
  }

  /// Whether the units or the metrics say that it is a share, and not the form of the expression.
  fileprivate var isCertainShare: Bool {
    guard let known = facts.rootVector else { return false }
    return known.share?.isPartOfWhole ?? false
  }

  /// By the way it is written: `a / b > 0.9`, `100 * a / b > 90`, `100 - a / b * 100`.
  private static func written(_ form: VectorForm) -> ShownScale? {
    switch form {
    case .scalarComparison(let operation, let inner, let number, .right, returnsBool: false):
      guard case .number(let limit) = number.unpinned, operation != .equal, operation != .notEqual else {
        return nil
      }
      if isHundredfold(inner.form) { return .percent }
      guard case .arithmetic(.divide, let lhs, let rhs, _) = inner.form, limit > 0, limit < 1,
        !isHundredfold(lhs.form), !isScaled(lhs.form), !isScaled(rhs.form)
      else { return nil }
      return .whole
    default: return isHundredfold(form) ? .percent : nil
    }
  }

  /// `100 * (a / b)`, `a * 100 / b`, `100 - 100 * a / b`
  private static func isHundredfold(_ form: VectorForm) -> Bool {
    switch form {
    case .scalarArithmetic(.multiply, let inner, let number, _):
      guard case .number(100) = number.unpinned else { return false }
      return !isCount(inner.form)
    case .scalarArithmetic(.subtract, let inner, let number, .left):
      guard case .number(100) = number.unpinned else { return false }
      return isHundredfold(inner.form)
    case .arithmetic(.divide, let lhs, _, _):
      guard case .scalarArithmetic(.multiply, _, let number, _) = lhs.form,
        case .number(100) = number.unpinned
      else { return false }
      return true
    case .pinned(let inner): return isHundredfold(inner.form)
    default: return false
    }
  }

  /// Whether it is plainly a number of things, and no part of a whole.
  private static func isCount(_ form: VectorForm) -> Bool {
    switch form {
    case .select: true
    case .aggregate(let plan):
      if case .simple(.count) = plan.operation { true } else { isCount(plan.vector.form) }
    case .pinned(let inner): isCount(inner.form)
    default: false
    }
  }

  /// Whether a factor makes another unit of it.
  private static func isScaled(_ form: VectorForm) -> Bool {
    switch form {
    case .scalarArithmetic(.multiply, _, _, _), .scalarArithmetic(.divide, _, _, _): true
    default: false
    }
  }
}
