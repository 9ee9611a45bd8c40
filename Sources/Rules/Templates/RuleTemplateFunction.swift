import Manifests
import TimeSeries

/// The functions that Prometheus gives templates beyond Go's own (config.md §9.4). The raw values are the
/// names.
enum RuleTemplateFunction: String, Sendable, CaseIterable {
  case query, first, value, label, strvalue, sortByLabel
  case humanize, humanize1024, humanizeDuration, humanizePercentage, humanizeTimestamp
  case toTime, toDuration, now, parseDuration
  case title, toUpper, toLower, match, reReplaceAll, stripPort, stripDomain, urlQueryEscape
  case graphLink, tableLink, externalURL, pathPrefix
  case args, safeHtml

  static let names = Set(allCases.map(\.rawValue))

  static func library(_ values: RuleTemplateValues) -> TemplateLibrary {
    var functions: [String: TemplateLibrary.Function] = [:]
    for function in allCases {
      functions[function.rawValue] = TemplateLibrary.Function(function.signature) {
        arguments throws(TemplateFunctionFailure) in try function.call(arguments, values)
      }
    }
    return TemplateLibrary(functions: functions, refusesMissingKeys: false, namesComparedTypes: true)
  }

  private var signature: TemplateSignature {
    switch self {
    case .now, .externalURL, .pathPrefix: TemplateSignature()
    case .args: TemplateSignature(rest: .any)
    case .query, .title, .toUpper, .toLower, .stripPort, .stripDomain, .urlQueryEscape, .graphLink,
      .tableLink, .safeHtml, .parseDuration:
      TemplateSignature(fixed: [.text])
    case .match: TemplateSignature(fixed: [.text, .text])
    case .reReplaceAll: TemplateSignature(fixed: [.text, .text, .text])
    case .first: TemplateSignature(fixed: [.named(TemplateSample.listType)])
    case .sortByLabel: TemplateSignature(fixed: [.text, .named(TemplateSample.listType)])
    case .value, .strvalue: TemplateSignature(fixed: [.named(TemplateSample.type)])
    case .label: TemplateSignature(fixed: [.text, .named(TemplateSample.type)])
    case .humanize, .humanize1024, .humanizeDuration, .humanizePercentage, .humanizeTimestamp,
      .toTime, .toDuration:
      TemplateSignature(fixed: [.any])
    }
  }

  /// The arguments are as the signature says.
  private func call(
    _ arguments: [TemplateValue], _ values: RuleTemplateValues
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    switch self {
    case .query, .first, .value, .label, .strvalue, .sortByLabel:
      return try onSamples(arguments, values)
    case .humanize: return .text(HumanText.decimal(try Self.number(arguments)))
    case .humanize1024: return .text(HumanText.binary(try Self.number(arguments)))
    case .humanizeDuration: return .text(HumanText.duration(try Self.number(arguments)))
    case .humanizePercentage:
      return .text(TextTemplate.formatted("%.4g%%", try Self.number(arguments) * 100))
    case .humanizeTimestamp:
      let number = try Self.number(arguments)
      guard number.isFinite else { return .text(TextTemplate.formatted("%.4g", number)) }
      return .text(try Self.time(number).description)
    case .toTime: return .object(.time(try Self.time(try Self.number(arguments)), isPointer: true))
    case .toDuration:
      let nanoseconds = try Self.nanoseconds(try Self.number(arguments), "duration")
      return .object(.duration(GoDuration(nanoseconds: nanoseconds), isPointer: true))
    case .now: return .float(Double(values.time) / 1000)
    case .parseDuration:
      do { return .float(Double(try DurationText.milliseconds(Self.bytes(arguments, 0))) / 1000) } catch {
        throw .message("\(error)")
      }
    case .title, .toUpper, .toLower, .match, .reReplaceAll, .stripPort, .stripDomain, .urlQueryEscape,
      .safeHtml:
      return try onTexts(arguments)
    case .graphLink: return .text("/graph?g0.expr=\(Self.escaped(arguments))&g0.tab=0")
    case .tableLink: return .text("/graph?g0.expr=\(Self.escaped(arguments))&g0.tab=1")
    case .externalURL, .pathPrefix:
      guard values.external.isServer else {
        throw .message("runtime error: invalid memory address or nil pointer dereference")
      }
      return .text(self == .externalURL ? values.external.url : values.external.pathPrefix)
    case .args:
      let pairs = arguments.enumerated().map { ("arg\($0.offset)", $0.element) }
      return .dictionary(Dictionary(uniqueKeysWithValues: pairs))
    }
  }

  private func onTexts(
    _ arguments: [TemplateValue]
  ) throws(TemplateFunctionFailure) -> TemplateValue {
    let text = Self.bytes(arguments, 0)
    switch self {
    case .title: return .text(TitleText.of(text))
    case .toUpper: return .text(CaseText.upper(text))
    case .toLower: return .text(CaseText.lower(text))
    case .match:
      return .boolean(try Self.pattern(text).matchesPart(Self.bytes(arguments, 1)[...]))
    case .reReplaceAll:
      let pattern: RE2
      do throws(TemplateFunctionFailure) { pattern = try Self.pattern(text) } catch {
        // Prometheus compiles this one in a way that names the pattern first.
        guard case .message(let message) = error else { throw error }
        throw .message("regexp: Compile(\(Self.backquoted(text))): \(message)")
      }
      let replacement = ReplacementText(Self.bytes(arguments, 1), pattern)
      return .text(pattern.replacingAll(in: Self.bytes(arguments, 2), with: replacement))
    case .stripPort: return .text(HostText.withoutPort(text))
    case .stripDomain: return .text(HostText.withoutDomain(text))
    case .urlQueryEscape: return .text(Self.escaped(arguments))
    case .safeHtml: return .opaque(TemplateOpaque(html: text))
    case .query, .first, .value, .label, .strvalue, .sortByLabel, .humanize, .humanize1024,
      .humanizeDuration, .humanizePercentage, .humanizeTimestamp, .toTime, .toDuration, .now,
      .parseDuration, .graphLink, .tableLink, .externalURL, .pathPrefix, .args:
      return .invalid
    }
  }

  // Arguments.

  static func bytes(_ arguments: [TemplateValue], _ index: Int) -> [UInt8] {
    guard index < arguments.count, case .text(let bytes) = arguments[index] else { return [] }
    return bytes
  }

  private static func escaped(_ arguments: [TemplateValue]) -> String {
    TextTemplate.queryEscaped(bytes(arguments, 0))
  }

  /// As Go quotes patterns: in backquotes where it can.
  private static func backquoted(_ text: [UInt8]) -> String {
    let isPlain = text.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "`") }
    return isPlain ? "`\(String(decoding: text, as: UTF8.self))`" : GoText.quoted(text)
  }

  private static func pattern(_ text: [UInt8]) throws(TemplateFunctionFailure) -> RE2 {
    do {
      return try RE2(String(decoding: text, as: UTF8.self), dotMatchesNewlines: false)
    } catch { throw .message(error.description) }
  }

  private static func number(
    _ arguments: [TemplateValue]
  ) throws(TemplateFunctionFailure) -> Double {
    let value = arguments.first ?? .nilInterface
    switch value {
    case .float(let number): return number
    case .integer(let number): return Double(number)
    case .text(let bytes):
      do { return try GoNumber.float(bytes) } catch { throw .message("\(error)") }
    case .object(.int64(let number)): return Double(number)
    case .object(.duration(let duration, isPointer: false)): return duration.count(of: 1_000_000_000)
    case .invalid, .nilInterface, .boolean, .byte, .complex, .map, .dictionary, .record, .list, .object,
      .opaque:
      throw .message("can't convert \(value.typeName ?? "<nil>") to float")
    }
  }

  /// Seconds since the epoch; finer than milliseconds is cut.
  private static func time(_ seconds: Double) throws(TemplateFunctionFailure) -> GoTime {
    GoTime(milliseconds: try nanoseconds(seconds, "timestamp") / 1_000_000)
  }

  private static func nanoseconds(
    _ seconds: Double, _ kind: String
  ) throws(TemplateFunctionFailure) -> Int64 {
    guard seconds.isFinite else { throw .message("value is NaN or Inf") }
    guard let nanoseconds = Int64(exactly: (seconds * 1e9).rounded(.towardZero)) else {
      throw .message(
        "\(GoText.general(seconds)) cannot be represented as a nanoseconds \(kind) since it overflows int64")
    }
    return nanoseconds
  }
}
