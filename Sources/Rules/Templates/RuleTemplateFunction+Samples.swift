import Manifests
import TimeSeries

extension RuleTemplateFunction {
  /// The functions that make, order and read the samples of a query.
  func onSamples(
    _ arguments: [TemplateValue], _ values: RuleTemplateValues
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    switch self {
    case .query:
      let text = String(decoding: Self.bytes(arguments, 0), as: UTF8.self)
      do {
        let items = try values.query(text).map(\.templateValue)
        return .list(TemplateList(type: TemplateSample.listType, items: items))
      } catch { throw .message(error.message) }
    case .first:
      guard let sample = Self.items(arguments, 0).first else {
        throw .message("first() called on vector with no elements")
      }
      return sample
    case .value:
      guard let sample = Self.record(arguments, 0) else { throw Self.nilSample }
      return sample["Value"] ?? .invalid
    case .label:
      let name = String(decoding: Self.bytes(arguments, 0), as: UTF8.self)
      guard Self.record(arguments, 1) != nil else { throw Self.nilSample }
      return .text(Self.label(name, of: arguments.last ?? .invalid))
    case .strvalue:
      guard Self.record(arguments, 0) != nil else { throw Self.nilSample }
      return .text(Self.label("__value__", of: arguments.last ?? .invalid))
    case .sortByLabel:
      let name = String(decoding: Self.bytes(arguments, 0), as: UTF8.self)
      let sorted = Self.items(arguments, 1).map { (Self.label(name, of: $0), $0) }
        .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
      return .list(TemplateList(type: TemplateSample.listType, items: sorted.map(\.1)))
    case .humanize, .humanize1024, .humanizeDuration, .humanizePercentage, .humanizeTimestamp,
      .toTime, .toDuration, .now, .parseDuration, .title, .toUpper, .toLower, .match, .reReplaceAll,
      .stripPort, .stripDomain, .urlQueryEscape, .graphLink, .tableLink, .externalURL, .pathPrefix,
      .args, .safeHtml:
      return .invalid
    }
  }

  private static let nilSample = TemplateFunctionFailure.message(
    "runtime error: invalid memory address or nil pointer dereference")

  private static func items(_ arguments: [TemplateValue], _ index: Int) -> [TemplateValue] {
    guard index < arguments.count, case .list(let list) = arguments[index] else { return [] }
    return list.items
  }

  private static func record(_ arguments: [TemplateValue], _ index: Int) -> TemplateRecord? {
    guard index < arguments.count, case .record(let record) = arguments[index] else { return nil }
    return record
  }

  private static func label(_ name: String, of sample: TemplateValue) -> String {
    guard case .map(let labels)? = record([sample], 0)?["Labels"] else { return "" }
    return labels.first { $0.key.utf8.elementsEqual(name.utf8) }?.value ?? ""
  }
}
