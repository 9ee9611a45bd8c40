import Scrape
import Server
import TimeSeries

/// What an application or an ingress exports: the text format 0.0.4, family by family.
struct MetricText {
  typealias Label = (name: String, value: String)

  private var text = ""

  /// Begins a family of counters.
  mutating func counter(_ name: String, help: String) { family(name, "counter", help) }

  /// Begins a family of histograms.
  mutating func histogram(_ name: String, help: String) { family(name, "histogram", help) }

  /// A counter's value.
  mutating func sample(_ name: String, _ labels: [Label], _ value: Int) {
    line(name, labels, String(value))
  }

  /// All series of a histogram.
  mutating func samples(_ name: String, _ labels: [Label], _ histogram: DurationHistogram) {
    for (bound, count) in histogram.buckets {
      let bucket = labels + [(LabelName.upperBound, GoText.plain(bound))]
      line(name + "_bucket", bucket, String(count))
    }
    line(name + "_sum", labels, GoText.plain(histogram.sum))
    line(name + "_count", labels, String(histogram.count))
  }

  /// The whole, as a server answers it.
  var response: ServerResponse {
    ServerResponse(type: "text/plain; version=0.0.4; charset=utf-8", text.utf8)
  }

  private mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  private mutating func line(_ name: String, _ labels: [Label], _ value: String) {
    let pairs = labels.map { "\($0.name)=\"\(ExpositionText.escaped($0.value))\"" }.joined(separator: ",")
    text += pairs.isEmpty ? "\(name) \(value)\n" : "\(name){\(pairs)} \(value)\n"
  }
}
