import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let duplicateRule = Rule(
    "MT079", "duplicate-rule", .warning, "a rule stands twice",
    why: """
      Two recording rules that write the same series at the same time are refused sample by sample \
      ("duplicate sample for timestamp"): which of them wins is left to chance, and the other one is \
      failing. The same alert twice is one alert that costs two evaluations, until somebody changes one of \
      them. Rules of one name whose results differ in a label (`code=~"2.."`, `code=~"5.."`) are fine.
      """,
    fires: [
      .group([
        "{record: job:up:sum, expr: sum by (job) (up)}", "{record: job:up:sum, expr: 'sum  by (job)(up)'}",
      ]),
      .group(["{record: up:sum, expr: sum(up)}", "{record: up:sum, expr: count(up)}"]),
      .group(["{alert: Down, expr: up == 0}", "{alert: Down, expr: up == 0}"]),
    ],
    quiet: [
      .group([
        "{record: up:sum, expr: sum(up), labels: {kind: sum}}",
        "{record: up:sum, expr: count(up), labels: {kind: count}}",
      ]),
      .group([
        "record: code:r:rate5m\nexpr: sum by (code) (rate(r_total{code=~\"2..\"}[5m]))",
        "record: code:r:rate5m\nexpr: sum by (code) (rate(r_total{code=~\"5..\"}[5m]))",
      ]),
      .group([
        "{alert: Full, expr: free < 5, labels: {severity: page}}",
        "{alert: Full, expr: free < 9, labels: {severity: ticket}}",
      ]),
    ],
    .rules { rules in
      var seen: [String: [RuleSubject]] = [:]
      var found: [Advice] = []
      for rule in rules.rules {
        guard let query = rule.query else { continue }
        let labels = rule.written.rule.labels.map { "\($0.name)\u{0}\($0.text)" }.sorted()
        let key = ([rule.alerting == nil ? "record" : "alert", rule.name] + labels).joined(separator: "\u{1}")
        let earlier = seen[key, default: []].first {
          $0.query.map { query.yieldsSame(as: $0, rule) } ?? false
        }
        seen[key, default: []].append(rule)
        guard let earlier else { continue }
        found.append(
          rule.advice(
            rule.alerting == nil ? "the same series are recorded twice" : "the same alert stands twice",
            at: rule.written.name
          )
          .related(earlier.place(earlier.written.name), "here too").help(
            "leave one out, or tell them apart by a label"))
      }
      return found
    })

  static let rateOfRecorded = Rule(
    "MT082", "rate-of-recorded", .error, "a rate over a recorded metric that is no counter",
    why: """
      A rate has to see each counter to notice its restart. A recorded sum of counters falls when one of \
      ten pods restarts, which a rate takes for a restart of all: the result is a spike many times the \
      true rate. The rate of a recorded rate means nothing at all. Record the rate, and sum that.
      """,
    fires: [
      .group([
        "{record: job:requests:sum, expr: sum by (job) (requests_total)}",
        "{record: job:requests:rate5m, expr: 'rate(job:requests:sum[5m])'}",
      ]),
      .group([recordedRate, "{alert: Busy, expr: 'increase(job:requests:rate5m[1h]) > 5'}"]),
      .group([
        "{record: pods_count, expr: count by (job) (up)}", "{alert: Busy, expr: 'rate(pods_count[5m]) > 5'}",
      ]),
    ],
    quiet: [
      .group([recordedRate, "{alert: Busy, expr: 'avg_over_time(job:requests:rate5m[1h]) > 5'}"]),
      .group([
        "{record: 'renamed:requests_total', expr: 'requests_total{job=\"a\"}'}",
        "{record: 'job:requests:rate5m', expr: 'rate(renamed:requests_total[5m])'}",
      ]),
    ],
    .rules { rules in
      let recorded = Dictionary(
        rules.rules.filter { $0.alerting == nil }.map { ($0.name, $0) },
        uniquingKeysWith: { first, _ in first })
      return rules.rules.flatMap { rule -> [Advice] in
        guard let query = rule.query else { return [] }
        return query.vectors.compactMap { part in
          guard case .window(let function, let windows, _) = part.form,
            [.rate, .increase, .irate].contains(function),
            case .select(let selector, _) = windows.form, let name = selector.metricName,
            let source = recorded[name], let why = source.query?.whyNoCounter
          else { return nil }
          return query.advice(
            "\(FunctionFamily.window(function).name) over \(name), which is \(why)", at: part.site
          )
          .related(source.place(source.written.expression.range ?? source.written.range), "recorded here")
          .help("record the rate of each counter, and aggregate that")
        }
      }
    })

  private static let recordedRate =
    "{record: 'job:requests:rate5m', expr: 'sum by (job) (rate(requests_total[5m]))'}"

  static let longInterval = Rule(
    "MT086", "long-interval", .warning, "a group is evaluated so seldom that its series have gaps",
    why: """
      A query finds a sample for five minutes, unless the server's lookback was changed. What a group \
      writes every ten minutes is there for five of them: graphs have gaps, and alerts on it are resolved \
      and come back.
      """,
    fires: [.group(["{record: job:up:sum, expr: sum by (job) (up)}"], interval: "10m")],
    quiet: [.group(["{record: job:up:sum, expr: sum by (job) (up)}"], interval: "5m")],
    .rules { rules in
      rules.groups.compactMap { group in
        guard let interval = group.written.group.interval, interval > 300_000,
          let range = group.written.interval,
          group.written.rules.contains(where: { $0.rule.kind == .recording })
        else { return nil }
        return group.advice(
          "every \(Shown.duration(interval)): what is written can be found for five minutes only", at: range
        ).help("make it 5m or less")
      }
    })

  static let unreadDocument = Rule(
    "MT088", "unread-document", .error, "rules that Prometheus does not read",
    why: """
      Prometheus reads the first document of a rule file and no other. What stands behind `---` is not \
      loaded, no rule of it is ever evaluated, and nothing but a line in the log says so. A PrometheusRule \
      is a resource of its own, of which a file may hold many.
      """,
    fires: [
      .rules(
        "groups:\n- name: one\n  rules: [{record: job:up:sum, expr: sum by (job) (up)}]\n---\n"
          + "groups:\n- name: two\n  rules: [{alert: Down, expr: up == 0}]\n")
    ],
    quiet: [
      .rules("groups:\n- name: one\n  rules: [{record: job:up:sum, expr: sum by (job) (up)}]\n")
    ],
    .rules { rules in
      rules.unread.map { document in
        Advice(
          "Prometheus reads the first document of a file only: the rules of document "
            + "\(document.number + 1) are not loaded",
          at: Place(document.source, document.range), of: ""
        ).help("move the groups into the first document, or into a file of their own")
      }
    })
}

extension QuerySubject {
  /// Why a rate of what the expression yields means nothing; nil where it may be a counter.
  fileprivate var whyNoCounter: String? {
    var aggregation: SimpleAggregation?
    for part in vectors {
      switch part.form {
      case .window(let function, _, _):
        switch function {
        case .rate, .irate, .increase, .delta, .idelta, .deriv: return "a rate already"
        default: return nil
        }
      case .aggregate(let plan):
        guard case .simple(let operation) = plan.operation else { return nil }
        aggregation = aggregation ?? operation
      default: break
      }
    }
    let isOfCounters = selectors.contains {
      $0.plan.metricName.map { MetricNameFacts($0).nature != .unknown } ?? false
    }
    return switch aggregation {
    case .sum, .avg:
      isOfCounters ? "an aggregation of counters: the restart of one looks like one of all" : nil
    // How many series there are falls and rises.
    case .count, .group, .stddev, .stdvar: "no counter"
    case .min, .max, nil: nil
    }
  }

  /// Whether both write the same series: the expressions are the same, or nothing in them can tell their
  /// results apart.
  fileprivate func yieldsSame(as other: QuerySubject, _ rule: RuleSubject) -> Bool {
    if expression.description == other.expression.description { return true }
    // Of one alert there may be several reasons.
    guard rule.alerting == nil, let one = facts.rootVector?.labels, let two = other.facts.rootVector?.labels,
      !one.hasOthers, !two.hasOthers
    else { return false }
    let names = Set(one.known.filter { $0.value != .absent }.keys)
    // Of what is selected by other conditions either may be there without the other; without labels there is
    // but one series to write.
    return (selections == other.selections || names.isEmpty)
      && names == Set(two.known.filter { $0.value != .absent }.keys)
  }

  /// What is selected, in any order.
  private var selections: Set<[String]> {
    Set(selectors.map { $0.matchers.map(\.description).sorted() })
  }
}
