package import Manifests
import PromQL
import TimeSeries

/// `storage`.
package struct StorageSection: ConfigurationSection {
  package var tsdb: TSDBSection?
  package var exemplars: ExemplarsSection?
  package var places = SectionPlaces()

  package init() {}

  package static let title = "storage"
  package static let type = "config.StorageConfig"
  package static let fields: [ConfigurationField<Self>] = [
    .section("tsdb", \.tsdb), .section("exemplars", \.exemplars),
  ]
}

/// `storage.tsdb`.
package struct TSDBSection: ConfigurationSection {
  /// Milliseconds.
  package var outOfOrderWindow: Int64 = 0
  package var retention: RetentionSection?
  package var places = SectionPlaces()

  package init() {}

  package static let title = "tsdb"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .duration("out_of_order_time_window", \.outOfOrderWindow), .section("retention", \.retention),
  ]
}

/// `storage.tsdb.retention`; 0 is none.
package struct RetentionSection: ConfigurationSection {
  /// Milliseconds.
  package var time: Int64 = 0
  /// Bytes.
  package var size: Int64 = 0
  package var places = SectionPlaces()

  package init() {}

  package static let title = "retention"
  package static let type = "config.TSDBRetentionConfig"
  package static let fields: [ConfigurationField<Self>] = [.duration("time", \.time), .size("size", \.size)]
}

/// `storage.exemplars`.
package struct ExemplarsSection: ConfigurationSection {
  package var maximum: Int64 = 0
  package var places = SectionPlaces()

  package init() {}

  package static let title = "exemplars"
  package static let type = "config.ExemplarsConfig"
  package static let fields: [ConfigurationField<Self>] = [
    .integer("max_exemplars", \.maximum, type: "int64")
  ]
}

/// `tracing`, which promgate does not do.
package struct TracingSection: ConfigurationSection {
  package var clientType = "grpc"
  package var endpoint = ""
  package var samplingFraction = 0.0
  package var isInsecure = false
  package var tls = TLSOptions()
  package var headers: [NamedValue] = []
  package var compression = ""
  /// Milliseconds.
  package var timeout: Int64 = 0
  package var places = SectionPlaces()

  package init() {}

  package static let title = "tracing"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    ConfigurationField("client_type") { (section, node, reader) throws(ManifestProblem) in
      if node.isSkipped { return section.clientType = "" }
      guard let text = reader.text(node, type: "config.plain") else { return }
      guard ["http", "grpc"].contains(text) else {
        throw .refusal(
          "expected tracing client type to be to be http or grpc, but got \(text)", at: node.range)
      }
      section.clientType = text
    },
    .text("endpoint", \.endpoint), .number("sampling_fraction", \.samplingFraction),
    .flag("insecure", \.isInsecure),
    .section("tls_config", \.tls), .pairs("headers", \.headers), .text("compression", \.compression),
    .duration("timeout", \.timeout),
  ]

  package mutating func complete() throws(ManifestProblem) {
    try RemoteHeaders.check(
      headers, authorization: "custom authorization header configuration is not yet supported")
    if endpoint.isEmpty { throw refusal("tracing endpoint must be set", at: "endpoint") }
    if !compression.isEmpty, compression != "gzip" {
      throw refusal(
        "invalid compression type \(compression) provided, valid options: gzip", at: "compression")
    }
  }
}

/// `otlp`, which promgate does not do.
package struct OTLPSection: ConfigurationSection {
  package var promotesAll = false
  package var promoted: [String] = []
  package var ignored: [String] = []
  package var translation = "UnderscoreEscapingWithSuffixes"
  package var keepsIdentifying = false
  package var convertsHistograms = false
  package var promotesScope = false
  package var sanitizesUnderscores = true
  package var preservesUnderscores = true
  package var places = SectionPlaces()

  package init() {}

  package static let title = "otlp"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .flag("promote_all_resource_attributes", \.promotesAll),
    .texts("promote_resource_attributes", \.promoted),
    .texts("ignore_resource_attributes", \.ignored),
    .text("translation_strategy", \.translation, type: "otlptranslator.TranslationStrategyOption"),
    .flag("keep_identifying_resource_attributes", \.keepsIdentifying),
    .flag("convert_histograms_to_nhcb", \.convertsHistograms),
    .flag("promote_scope_metadata", \.promotesScope),
    .flag("label_name_underscore_sanitization", \.sanitizesUnderscores),
    .flag("label_name_preserve_multiple_underscores", \.preservesUnderscores),
  ]

  package mutating func complete() throws(ManifestProblem) {
    if promotesAll {
      if !promoted.isEmpty {
        throw refusal(
          "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured "
            + "simultaneously",
          at: "promote_resource_attributes")
      }
      try check(ignored, "ignored", "ignore_resource_attributes")
    } else {
      if !ignored.isEmpty {
        throw refusal(
          "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' "
            + "is true",
          at: "ignore_resource_attributes")
      }
      try check(promoted, "promoted", "promote_resource_attributes")
    }
  }

  private func check(_ names: [String], _ adjective: String, _ key: String) throws(ManifestProblem) {
    var seen: Set<String> = []
    var problems: [String] = []
    for name in names {
      let trimmed = String(name.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
      if trimmed.isEmpty {
        problems.append("empty \(adjective) OTel resource attribute")
      } else if !seen.insert(trimmed).inserted {
        problems.append("duplicated \(adjective) OTel resource attribute \(GoText.quoted(trimmed))")
      }
    }
    if !problems.isEmpty {
      throw refusal("invalid '\(key)': \(problems.joined(separator: "\n"))", at: key)
    }
  }

  /// What is refused once the names' scheme is known.
  func check(with global: GlobalSection) throws(ManifestProblem) {
    switch translation {
    case "UnderscoreEscapingWithSuffixes", "UnderscoreEscapingWithoutSuffixes", "": return
    case "NoTranslation", "NoUTF8EscapingWithSuffixes":
      guard global.nameValidation == .legacy else { return }
      throw refusal(
        "OTLP translation strategy \(GoText.quoted(translation)) is not allowed when UTF8 is disabled",
        at: "translation_strategy")
    default:
      throw refusal(
        "unsupported OTLP translation strategy \(GoText.quoted(translation))", at: "translation_strategy")
    }
  }
}

/// `runtime`, which is about Go.
package struct RuntimeSection: ConfigurationSection {
  package var collectorPercentage: Int64 = 0
  package var places = SectionPlaces()

  package init() {}

  package static let title = "runtime"
  package static let type = "config.RuntimeConfig"
  package static let fields: [ConfigurationField<Self>] = [.integer("gogc", \.collectorPercentage)]
}
