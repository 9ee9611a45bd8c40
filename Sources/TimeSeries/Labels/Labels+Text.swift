extension Labels: CustomStringConvertible {
  /// `{a="b", "c.d"="e"}`: the text form of promql.md §2.2, the metric name shown as `__name__`.
  public var description: String {
    let items = pairs.map { pair in
      let name = LabelName.isLegacy(pair.name.utf8) ? pair.name : GoText.quoted(pair.name)
      return "\(name)=\(GoText.quoted(pair.value))"
    }
    return "{" + items.joined(separator: ", ") + "}"
  }
}
