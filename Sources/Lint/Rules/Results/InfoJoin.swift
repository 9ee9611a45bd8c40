import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let infoJoin = Rule(
    "MT111", "join-breaks-on-rollout", .warning,
    "a join with an info metric fails while pods are replaced",
    why: """
      `x * on (job, instance) group_left (version) target_info` wants one `target_info` for each pair of \
      labels. While a release replaces pods, the old series, with the old version, is found for up to five \
      minutes beside the new one: "found duplicate series for the match group", and the query fails with an \
      error, at the very moment at which a canary is judged. The same with `kube_pod_info` and \
      `kube_pod_labels` while kube-state-metrics itself is replaced. `info(x)` takes the newest of them; by \
      hand, an aggregation leaves one: `max by (job, instance) (target_info)`.
      """,
    fires: [
      .query("sum(rate(x_total[1m]) * on (job, instance) group_left (k8s_pod_name) target_info)"),
      .query("sum(rate(x_total[1m]) * on (job, instance) group_left () target_info{service_version=\"2\"})"),
      .query("sum(target_info * on (job, instance) group_right () rate(x_total[1m]))"),
      .query("sum(rate(x_total[1m]) * on (namespace, pod) group_left (node) kube_pod_info)"),
    ],
    quiet: [
      .query(
        "sum(rate(x_total[1m]) * on (job, instance) group_left () max by (job, instance) (target_info))"),
      .query("sum(rate(x_total[1m]) and on (job, instance) target_info{service_version=\"2\"})"),
      .query(
        "sum(rate(x_total[1m]) * on (pod) group_left (node) "
          + "topk by (pod) (1, max by (pod, node) (kube_pod_info)))"
      ),
    ],
    .query { query in
      query.vectors.compactMap { part in
        let sides: (lhs: VectorPlan, rhs: VectorPlan, matching: VectorMatching)
        switch part.form {
        case .arithmetic(_, let lhs, let rhs, let matching): sides = (lhs, rhs, matching)
        case .comparison(_, let lhs, let rhs, let matching, _): sides = (lhs, rhs, matching)
        default: return nil
        }
        // Of one to one, either has to be one.
        let ones: [VectorPlan] =
          switch sides.matching.cardinality {
          case .manyToOne: [sides.rhs]
          case .oneToMany: [sides.lhs]
          case .oneToOne: [sides.rhs, sides.lhs]
          }
        for one in ones {
          guard let name = Self.infoMetric(one) else { continue }
          let isTarget = name == "target_info"
          guard isTarget || query.site.isMetric else { continue }
          return query.advice(
            isTarget
              ? "while pods are replaced there are two \(name) for one target, and the query fails"
              : "while kube-state-metrics is replaced there are two \(name) for one pod, and the query fails",
            at: one.site
          )
          .with(severity: isTarget ? .warning : .info)
          .help(
            isTarget
              ? "use info(…), or leave one: max by (\(Self.shown(sides.matching))) (\(name))"
              : "leave one: max by (\(Self.shown(sides.matching))) (\(name))")
        }
        return nil
      }
    })

  private static func shown(_ matching: VectorMatching) -> String {
    switch matching.labels {
    case .on(let labels): labels.joined(separator: ", ")
    case .ignoring: "…"
    }
  }

  /// The name of an info metric that is taken as it is.
  private static func infoMetric(_ plan: VectorPlan) -> String? {
    switch plan.form {
    case .select(let selector):
      guard let name = selector.metricName else { return nil }
      let isOfPods =
        name.hasPrefix("kube_")
        && ["_info", "_labels", "_owner", "_annotations"].contains(
          where: name.hasSuffix)
      return name == "target_info" || isOfPods ? name : nil
    case .plus(let inner), .pinned(let inner), .labelReplace(let inner, _), .labelJoin(let inner, _),
      .scalarComparison(_, let inner, _, _, _):
      return infoMetric(inner)
    default: return nil
    }
  }
}
