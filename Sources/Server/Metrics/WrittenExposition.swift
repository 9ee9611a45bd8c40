import Scrape
import TimeSeries

/// Writes the program's own metrics in a format that scrapers read (exposition.md).
struct WrittenExposition {
  private var writer = ByteWriter(capacity: 8192)
  private let format: ExpositionFormat

  /// The families as a text.
  static func text(of metrics: [OwnMetric], in format: ExpositionFormat) -> [UInt8] {
    var exposition = WrittenExposition(format: format)
    for metric in metrics where !metric.samples.isEmpty { exposition.append(metric) }
    if format == .openMetrics { exposition.writer.append("# EOF\n") }
    return exposition.writer.finish()
  }

  private init(format: ExpositionFormat) { self.format = format }

  private mutating func append(_ metric: OwnMetric) {
    let total = metric.kind == .counter ? "_total" : ""
    let family = format == .text ? metric.name + total : metric.name
    writer.append("# HELP \(family) \(metric.help)\n# TYPE \(family) \(metric.kind.rawValue)\n")
    for sample in metric.samples {
      writer.append(metric.name + total + sample.suffix)
      for (index, label) in sample.labels.enumerated() {
        writer.append(index == 0 ? "{" : ",")
        writer.append("\(label.name)=\"\(ExpositionText.escaped(label.value))\"")
      }
      writer.append(sample.labels.isEmpty ? " " : "} ")
      writer.append(
        format == .openMetrics ? GoText.openMetrics(sample.value) : GoText.json(sample.value))
      writer.append(UInt8(ascii: "\n"))
    }
  }
}

extension ExpositionFormat {
  /// The format that a scraper's Accept header likes best; text when it names none that we write.
  init(accepted header: String?) {
    var best: (format: ExpositionFormat, weight: Double)?
    for item in (header ?? "").split(separator: ",") {
      let parts = item.split(separator: ";").map { $0.filter { $0 != " " } }
      guard let type = parts.first,
        let format = Self.allCases.first(where: { $0.mediaType == type.lowercased() })
      else { continue }
      let quality = parts.first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      if quality > best?.weight ?? 0 { best = (format, quality) }
    }
    self = best?.format ?? .text
  }
}
