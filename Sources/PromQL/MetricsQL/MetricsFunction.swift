import TimeSeries

/// A function of VictoriaMetrics' MetricsQL: its name, its family and the arguments that it takes.
package struct MetricsFunction: Sendable {
  /// What a function works on.
  package enum Family: Sendable, Hashable {
    /// Windows of samples.
    case rollup
    /// The series of a result, one by one or together.
    case transform
    /// Groups of series.
    case aggregate
  }

  /// One argument, or several of a kind.
  enum Argument: Character {
    /// Samples: a window, or an expression that a window is made of.
    case windows = "r"
    case any = "v"
    /// A number, or what yields one.
    case number = "n"
    /// A text, written out.
    case text = "s"
  }

  /// In canonical spelling; any case is accepted.
  package let name: String
  package let family: Family
  /// What it makes of the labels of its series.
  let effect: ForeignPlan.Effect
  /// `n r`, `v s s`, `v (s s)*`, `v+`, `n v s?`.
  let shape: String

  /// The function of a name in any case; nil when there is none.
  package static func named(_ name: String) -> MetricsFunction? {
    let found = byName[name.lowercased()]
    return found.map { templates.contains($0.name) && $0.name != name } ?? false ? nil : found
  }

  /// Templates that come with the server, and are known by their very names.
  private static let templates: Set<String> = ["alias", "range_median", "ru", "ttf"]

  /// Of a name, if it is close.
  package static func nearest(to name: String) -> String? {
    Spelling.nearest(to: name, among: byName.keys.sorted())
  }

  /// All, in the order of their names.
  package static let all: [MetricsFunction] = byName.values.sorted { $0.name < $1.name }

  private static let byName: [String: MetricsFunction] = {
    var found: [String: MetricsFunction] = [:]
    for row in table {
      for name in row.names.split(separator: " ").map(String.init) {
        found[name] = MetricsFunction(name: name, family: row.family, effect: row.effect, shape: row.shape)
      }
    }
    return found
  }()

  private struct TableRow {
    var family: Family
    var shape: String
    var effect: ForeignPlan.Effect
    var names: String

    init(_ family: Family, _ shape: String, _ effect: ForeignPlan.Effect, _ names: String) {
      self.family = family
      self.shape = shape
      self.effect = effect
      self.names = names
    }
  }

  /// The functions of VictoriaMetrics 1.145 and of its documentation, by family and arguments.
  private static let table: [TableRow] = [
    TableRow(
      .rollup, "r", .series,
      "absent_over_time ascent_over_time avg_over_time changes changes_prometheus count_over_time "
        + "decreases_over_time default_rollup delta delta_prometheus deriv deriv_fast descent_over_time "
        + "distinct_over_time first_over_time geomean_over_time idelta ideriv increase increase_prometheus "
        + "increase_pure increases_over_time integrate irate lag last_over_time lifetime mad_over_time "
        + "max_over_time median_over_time min_over_time mode_over_time outlier_iqr_over_time "
        + "present_over_time range_over_time rate rate_over_sum rate_prometheus resets scrape_interval "
        + "stale_samples_over_time stddev_over_time stdvar_over_time sum2_over_time sum_over_time "
        + "tfirst_over_time timestamp timestamp_with_name tlast_change_over_time tlast_over_time "
        + "tmax_over_time tmin_over_time zscore_over_time"),
    TableRow(
      .rollup, "r n", .series,
      "count_eq_over_time count_gt_over_time count_le_over_time count_ne_over_time duration_over_time "
        + "predict_linear share_eq_over_time share_gt_over_time share_le_over_time sum_eq_over_time "
        + "sum_gt_over_time sum_le_over_time sum_lt_over_time"),
    TableRow(.rollup, "r n n", .series, "holt_winters"),
    TableRow(.rollup, "n r", .series, "hoeffding_bound_lower hoeffding_bound_upper quantile_over_time"),
    TableRow(.rollup, "s n+ r", .several, "quantiles_over_time"),
    // `aggr_over_time("avg", …)` takes one name, or several in parentheses.
    TableRow(.rollup, "v r", .several, "aggr_over_time"),
    TableRow(.rollup, "r", .several, "histogram_over_time"),
    TableRow(
      .rollup, "r s?", .several,
      "rollup rollup_candlestick rollup_delta rollup_deriv rollup_increase rollup_rate "
        + "rollup_scrape_interval"),
    TableRow(
      .transform, "v", .series,
      "abs acos acosh asin asinh atan atanh ceil cos cosh deg drop_empty_series exp floor interpolate "
        + "keep_last_value keep_next_value ln log10 log2 rad range_avg range_first range_last "
        + "range_linear_regression range_mad range_max range_median range_min range_stddev range_stdvar "
        + "range_sum range_zscore remove_resets running_avg running_max running_min running_sum sgn sin sinh "
        + "sort sort_desc sqrt tan tanh vector ttf"),
    TableRow(.transform, "v", .single, "absent scalar"),
    TableRow(
      .transform, "v?", .series,
      "day_of_month day_of_week day_of_year days_in_month hour minute month year"),
    TableRow(.transform, "", .single, "end now pi start step time"),
    TableRow(.transform, "n?", .single, "rand rand_exponential rand_normal"),
    TableRow(.transform, "s", .single, "timezone_offset"),
    TableRow(
      .transform, "v n", .series,
      "bitmap_and bitmap_or bitmap_xor clamp_max clamp_min smooth_exponential"),
    TableRow(.transform, "v n n", .series, "clamp"),
    TableRow(.transform, "v n?", .series, "round"),
    TableRow(
      .transform, "n v", .series,
      "range_quantile range_trim_outliers range_trim_spikes range_trim_zscore"),
    TableRow(.transform, "n v", .several, "buckets_limit"),
    TableRow(.transform, "n n v", .unchanged, "limit_offset"),
    TableRow(.transform, "v", .several, "prometheus_buckets"),
    TableRow(
      .transform, "v", .dropping(["le", "vmrange"]), "histogram_avg histogram_stddev histogram_stdvar"),
    TableRow(.transform, "n n v", .dropping(["le", "vmrange"]), "histogram_fraction"),
    TableRow(.transform, "n v s?", .dropping(["le", "vmrange"]), "histogram_quantile histogram_share"),
    TableRow(.transform, "s n+ v", .several, "histogram_quantiles"),
    TableRow(.transform, "v (s s)*", .relabelled, "label_copy label_move label_set"),
    TableRow(.transform, "v s*", .relabelled, "label_del label_keep"),
    TableRow(.transform, "v s+", .relabelled, "label_lowercase label_uppercase"),
    TableRow(
      .transform, "v s+", .unchanged,
      "sort_by_label sort_by_label_desc sort_by_label_numeric sort_by_label_numeric_desc"),
    TableRow(.transform, "v s (s s)*", .relabelled, "label_map"),
    TableRow(.transform, "v s s", .relabelled, "label_match label_mismatch"),
    TableRow(.transform, "v s s s*", .relabelled, "label_join labels_equal"),
    TableRow(.transform, "v s s s", .relabelled, "label_transform"),
    TableRow(.transform, "v s s s s", .relabelled, "label_replace"),
    TableRow(.transform, "v s", .series, "label_value label_values"),
    TableRow(.transform, "v s", .relabelled, "alias"),
    TableRow(.transform, "v v", .series, "ru"),
    TableRow(.transform, "v n+", .relabelled, "label_graphite_group"),
    TableRow(.transform, "v+", .relabelled, "drop_common_labels"),
    TableRow(.transform, "v*", .several, "range_normalize union"),
    TableRow(
      .aggregate, "v+", .grouped,
      "any avg count distinct geomean group mad max median min mode stddev stdvar sum sum2 utilization"),
    TableRow(.aggregate, "v+", .several, "histogram"),
    TableRow(.aggregate, "v+", .unchanged, "share zscore"),
    TableRow(.aggregate, "v", .unchanged, "outliers_iqr"),
    TableRow(.aggregate, "n v", .grouped, "quantile"),
    TableRow(.aggregate, "n v", .unchanged, "bottomk limitk outliers_mad outliersk topk"),
    TableRow(
      .aggregate, "n v s?", .unchanged,
      "bottomk_avg bottomk_last bottomk_max bottomk_median bottomk_min topk_avg topk_last topk_max "
        + "topk_median topk_min"),
    TableRow(.aggregate, "s v", .several, "count_values"),
    TableRow(.aggregate, "s n+ v", .several, "quantiles"),
  ]
}

extension MetricsFunction {
  /// What each of so many arguments is to be; nil when the function does not take so many.
  func arguments(_ count: Int) -> [Argument]? {
    var before: [Argument] = []
    var repeated: [Argument] = []
    var after: [Argument] = []
    var fewest = 0
    var most: Int? = 0
    for word in Self.words(shape) {
      let kinds = word.compactMap { Argument(rawValue: $0) }
      switch word.last {
      case "?", "*", "+":
        repeated = kinds
        fewest += word.last == "+" ? kinds.count : 0
        most = word.last == "?" ? most.map { $0 + kinds.count } : nil
      default:
        if repeated.isEmpty { before += kinds } else { after += kinds }
        fewest += kinds.count
        most = most.map { $0 + kinds.count }
      }
    }
    guard count >= fewest, count <= most ?? .max else { return nil }
    let rest = count - before.count - after.count
    guard rest == 0 || (!repeated.isEmpty && rest % repeated.count == 0) else { return nil }
    return before + (0..<rest).map { repeated[$0 % repeated.count] } + after
  }

  /// `v (s s)*` has two.
  private static func words(_ shape: String) -> [Substring] {
    var words: [Substring] = []
    var rest = shape[...]
    while let first = rest.first {
      if first == " " {
        rest = rest.dropFirst()
        continue
      }
      let close = first == "(" ? rest.firstIndex(of: ")") : nil
      let end = rest[(close ?? rest.startIndex)...].firstIndex(of: " ") ?? rest.endIndex
      words.append(rest[..<end])
      rest = rest[end...]
    }
    return words
  }

  /// Its arguments for a message: `number, windows`.
  var wanted: String {
    if shape.isEmpty { return "no argument" }
    return Self.words(shape).map { word in
      let kinds = word.compactMap { character -> String? in
        switch Argument(rawValue: character) {
        case .windows: "windows"
        case .any: "an expression"
        case .number: "a number"
        case .text: "a text in quotes"
        case nil: nil
        }
      }.joined(separator: ", ")
      return switch word.last {
      case "?": "perhaps \(kinds)"
      case "*": "\(kinds) any number of times"
      case "+": "\(kinds) once or more"
      default: kinds
      }
    }.joined(separator: ", ")
  }
}
