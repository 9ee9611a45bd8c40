import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let rateOfGauge = Rule(
    "MT025", "rate-of-gauge", .warning, "rate of what is no counter",
    why: """
      `rate`, `increase` and `irate` take every fall of the value for a restart of the process and add it \
      again: over a gauge that swings between 10 and 20 they yield a rise that never was. Use `deriv` or \
      `delta` for gauges. What a metric is comes from the recording when one is given, else from a name that \
      cannot be a counter's (`_ratio`, `_percent`, `_celsius`, `_info`, `_created`, `up`), or is a \
      well-known gauge's (`container_memory_working_set_bytes`, `go_goroutines`).
      """,
    fires: [
      .query("sum(rate(cpu_usage_ratio[1m]))"), .query("sum(rate(up[5m]))"),
      .query("sum(rate(container_memory_working_set_bytes{container!=\"\"}[5m]))"),
      .rule("alert: Busy\nexpr: rate(cpu_usage_ratio[5m]) > 1"),
      .query(
        "sum(rate(queue_length[1m]))",
        data: "# TYPE queue_length gauge\nqueue_length{a=\"b\"} 3 1000\nqueue_length{a=\"b\"} 4 1015\n# EOF\n"
      ),
    ],
    quiet: [.query("sum(rate(requests_total[1m]))"), .query("sum(rate(queue_length[1m]))")],
    .query { query in
      query.counterFunctions.compactMap { function, part, selector in
        guard let name = selector.plan.metricName else { return nil }
        let declared = query.data?.types[name]
        let isGauge = declared == .gauge || declared == .gaugehistogram
        let cannotCount =
          (GaugeName.isKnown(name)
            || [
              "_ratio", "_percent", "_celsius", "_timestamp_seconds", "_start_time_seconds", "_info",
              "_created",
            ]
            .contains { name.hasSuffix($0) }) && declared != .counter
        guard isGauge || cannotCount else { return nil }
        return query.advice(
          "\(function) of \(name), which is \(isGauge ? "a gauge" : "no counter by its name")", at: part.site
        )
        .help(
          "use \(function == "increase" ? "delta" : "deriv"), or average it over the window with "
            + "avg_over_time"
        )
      }
    })

  static let rateOfSum = Rule(
    "MT026", "rate-of-aggregation", .error, "a rate over an aggregation",
    why: """
      A rate has to see each counter to notice its restart. `rate(sum(x)[5m:])` sees one line: when one of \
      ten pods restarts, the sum falls by a tenth, is taken for a restart of everything, and the rest is \
      added again. The result is a spike many times the true rate. Sum the rates: `sum(rate(x[5m]))`.
      """,
    fires: [
      .query("max_over_time(rate(sum(requests_total)[5m:1m])[10m:1m])"),
      .query("rate(sum by (pod) (requests_total)[5m:])"),
    ],
    quiet: [
      .query("sum(rate(requests_total[5m]))"), .query("max_over_time(sum(rate(requests_total[1m]))[5m:1m])"),
      .query("deriv(sum(queue_length)[5m:1m])"),
    ],
    .query { query in
      query.vectors.compactMap { part in
        guard case .window(let function, let windows, _) = part.form,
          [.rate, .increase, .irate].contains(function),
          case .subquery(let subquery) = windows.form, case .aggregate(let plan) = subquery.vector.form,
          case .simple(let operation) = plan.operation, [.sum, .avg, .count].contains(operation)
        else { return nil }
        let name = FunctionFamily.window(function).name
        return query.advice(
          "\(name) over \(operation.rawValue): the restart of one pod looks like one of all", at: part.site
        )
        .related(query.place(subquery.vector.site), "aggregated before the rate")
        .help("take the rate first: \(operation.rawValue)(\(name)(…))")
      }
    })

  static let rawCounter = Rule(
    "MT027", "raw-counter", .warning, "a counter is judged since its process started",
    why: """
      A counter only grows: its value is everything since the start of the process. It says nothing of the \
      last minute, it passes a `max` until it never does again, and a quotient of two raw counters moves \
      less and less, as does a quantile over raw buckets. Use `rate` or `increase` over a window. An alert \
      on it, `errors_total > 10`, is there from the tenth error on until the process ends. Of rules only \
      alerts are looked at: a recording rule may rename a counter.
      """,
    fires: [
      .query("sum(http_requests_total{code=\"500\"})"), .query("sum(errors_total) / sum(requests_total)"),
      .query("histogram_quantile(0.99, sum by (le) (latency_seconds_bucket))"),
      .rule("alert: Errors\nexpr: errors_total > 10"),
      .rule("alert: Errors\nexpr: sum(errors_total) / sum(requests_total) > 0.1"),
      .rule("alert: Errors\nexpr: errors_total > 0 and requests_total > 0"),
    ],
    quiet: [
      .query("sum(rate(http_requests_total[1m]))"), .query("count(http_requests_total)"),
      .query("max_over_time(sum(rate(a_total[1m]))[5m:1m])"),
      .query("absent(http_requests_total) or vector(0)"), .query("max(pg_stat_activity_count)"),
      .rule("alert: Errors\nexpr: increase(errors_total[5m]) > 10"),
      .rule("alert: New\nexpr: errors_total unless errors_total offset 5m"),
      .rule("alert: Rising\nexpr: errors_total > errors_total offset 5m"),
      .rule("alert: Unused\nexpr: requests_total == 0"),
      .rule("record: renamed:requests_total\nexpr: requests_total{job=\"a\"}"),
      // A total that is a size, not a count of what happened.
      .rule(
        "alert: Full\nexpr: 1 - sum by (node) (inodes_free) / sum by (node) (inodes_total) > 0.8"
      ),
      .rule("alert: Full\nexpr: (disk_total - disk_free) / disk_total > 0.9"),
      .query("sum(pool_used{app=\"a\"}) / sum(pool_total{app=\"a\"}) * 100"),
      .rule("alert: Offline\nexpr: minio_cluster_nodes_offline_total > 0"),
      .rule(
        "alert: Slow\nexpr: ttl_seconds_count > 0 and histogram_quantile(0, rate(ttl_seconds_bucket[5m])) < 6"
      ),
    ],
    .query { query in
      guard query.site.isMetric || query.site.use == .alertingRule else { return [] }
      let isHeldAgainstItself = query.selectors.contains { other in
        query.selectors.contains {
          $0.plan.metricName == other.plan.metricName && $0.plan.time != other.plan.time
        }
      }
      return query.selectors.compactMap { selector in
        if query.site.use == .alertingRule,
          isHeldAgainstItself || query.isComparedWithZero(selector) || query.guards(selector)
        {
          return nil
        }
        guard selector.range == nil, let name = selector.plan.metricName,
          MetricNameFacts(name).nature != .unknown, !Self.mayBeGauge(name), !query.isCountedOnly(selector),
          !GaugeName.isTotal(name), !query.isCapacity(selector),
          // What a rule has recorded may be a rate by now.
          !(name.hasSuffix("_bucket") && name.contains(":"))
        else { return nil }
        let declared =
          query.data?.types[name]
          ?? (name.hasSuffix("_bucket") ? query.data?.types[String(name.dropLast(7))] : nil)
        guard declared != .gauge, declared != .gaugehistogram else { return nil }
        return query.advice(
          "\(name) is a counter: its value is everything since its process started", at: selector.site
        )
        .help("use rate(\(name)[…]) or increase(\(name)[…])")
      }
    })

  /// Whether it ends in `_count` or `_sum` without being one of a distribution by its name: many gauges do.
  private static func mayBeGauge(_ name: String) -> Bool {
    for part in ["_count", "_sum"] where name.hasSuffix(part) {
      let base = name.dropLast(part.count)
      return ![
        "seconds", "milliseconds", "microseconds", "ms", "bytes", "size", "duration", "latency", "time",
      ]
      .contains { base.hasSuffix("_" + $0) }
    }
    return false
  }

  static let gaugeFunctionOfCounter = Rule(
    "MT028", "gauge-function-of-counter", .warning, "a function for gauges over a counter",
    why: """
      `delta`, `idelta`, `deriv`, `predict_linear` and the like do not know that a counter starts at 0 \
      again: a restart within the window yields a large negative number, and passes every `max`.
      """,
    fires: [
      .query("sum(delta(http_requests_total[1m]))"), .query("sum(deriv(http_requests_total[1m]))"),
      .rule("alert: Errors\nexpr: delta(errors_total[5m]) > 5"),
    ],
    quiet: [.query("sum(increase(http_requests_total[1m]))"), .query("sum(delta(queue_length[1m]))")],
    .query { query in
      guard query.site.isMetric || query.site.isRule else { return [] }
      return query.vectors.compactMap { part in
        guard case .window(let function, let windows, _) = part.form,
          case .select(let selector, _) = windows.form,
          let name = selector.metricName, MetricNameFacts(name).nature == .counter,
          query.site.isMetric || !Self.mayBeGauge(name), query.data?.types[name] != .gauge
        else { return nil }
        let instead: String
        switch function {
        case .delta, .idelta: instead = "increase"
        case .deriv, .predictLinear, .doubleExponentialSmoothing: instead = "rate"
        default: return nil
        }
        return query.advice(
          "\(FunctionFamily.window(function).name) of the counter \(name): a restart yields a large "
            + "negative number",
          at: part.site
        )
        .help("use \(instead)")
      }
    })

  static let instantRate = Rule(
    "MT029", "instant-rate", .info, "irate looks at two samples only",
    why: """
      `irate` takes the last two samples of the window, however long it is. A check sees a quarter of a \
      minute of a minute; whether a burst of errors is seen depends on the second of the tick. `rate` over \
      the same window sees all of it.
      """,
    fires: [.query("sum(irate(http_requests_total[5m]))")],
    quiet: [.query("sum(rate(http_requests_total[5m]))")],
    .query { query in
      guard query.site.isMetric else { return [] }
      return query.vectors.compactMap { part in
        guard case .window(.irate, _, _) = part.form else { return nil }
        return query.advice("irate looks at the last two samples of the window only", at: part.site).help(
          "use rate"
        )
        .fix("use rate", query.edit(SourceRange(part.site.start, part.site.start + 5), "rate"))
      }
    })
}

extension QuerySubject {
  /// The calls of functions that want counters, over selectors.
  fileprivate var counterFunctions: [(name: String, part: VectorPart, selector: SelectorPart)] {
    vectors.compactMap { part in
      guard case .window(let function, let windows, _) = part.form,
        [.rate, .increase, .irate].contains(function),
        let selector = selectors.first(where: { $0.site == windows.site && $0.range != nil })
      else { return nil }
      return (FunctionFamily.window(function).name, part, selector)
    }
  }

  /// Whether a counter is asked whether it ever counted.
  fileprivate func isComparedWithZero(_ selector: SelectorPart) -> Bool {
    facts.nodes[selector.index].parent.flatMap { facts.comparison($0) }.map {
      $0.operation == .equal && ($0.right.constant == 0 || $0.left.constant == 0)
    } ?? false
  }

  /// Whether a counter says only that there is something to look at, beside a condition that comes and goes:
  /// `count > 0 and …`.
  fileprivate func guards(_ selector: SelectorPart) -> Bool {
    guard
      let compared = facts.nodes[selector.index].parent.flatMap({ facts.comparison($0) }),
      compared.operation == .greater || compared.operation == .notEqual, compared.right.constant == 0
    else { return false }
    return ancestors(selector.index).contains { node in
      guard case .vector(let plan, _) = node.content, case .set(.and, let lhs, let rhs, _) = plan.form,
        lhs.site.start <= selector.site.start, selector.site.end <= lhs.site.end
      else { return false }
      return selectors.contains { other in
        rhs.site.start <= other.site.start && other.site.end <= rhs.site.end
          && (other.range != nil || other.plan.metricName.map { MetricNameFacts($0).nature } == .unknown)
      }
    }
  }

  /// Whether it is the size of something that is used up: what is free, used or ready is divided by it.
  fileprivate func isCapacity(_ selector: SelectorPart) -> Bool {
    guard let name = selector.plan.metricName, name.hasSuffix("_total") else { return false }
    let beginning = name.dropLast("total".count)
    return selectors.contains { other in
      guard other.range == nil, let state = other.plan.metricName, state.hasPrefix(beginning) else {
        return false
      }
      return GaugeName.states.contains(String(state.dropFirst(beginning.count)))
    }
  }

  /// Whether something around a selector looks at whether there are series, or at times, and not at the
  /// values.
  fileprivate func isCountedOnly(_ selector: SelectorPart) -> Bool {
    ancestors(selector.index).contains { node in
      switch node.content {
      case .windows, .scalar, .string: return true
      case .vector(let plan, _):
        switch plan.form {
        case .absent, .absentOverTime, .timestamp, .startTimestamp, .info: return true
        case .aggregate(let aggregation):
          switch aggregation.operation {
          case .simple(.count), .simple(.group), .countValues, .limitk, .limitRatio: return true
          case .simple, .quantile, .topk, .bottomk: return false
          }
        case .set(.unless, _, let rhs, _), .set(.and, _, let rhs, _):
          return rhs.site.start <= selector.site.start && selector.site.end <= rhs.site.end
        default: return false
        }
      }
    }
  }
}
