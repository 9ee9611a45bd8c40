import ArgumentParser
import Scrape

/// What is scraped and how, for every command that takes `--scrape`.
struct ScrapeArguments: ParsableArguments {
  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp(
      "A target to scrape, with labels for its series; may be repeated.",
      discussion: "Without a path it is /metrics. Example: http://127.0.0.1:9100,job=node",
      valueName: "url[,label=value…]"))
  var scrape: [String] = []

  @Option(
    help: ArgumentHelp("How often targets are scraped.", default: .duration(15_000), valueName: "duration"),
    transform: ArgumentText.duration)
  var interval: Int64 = 15_000

  @Option(
    help: ArgumentHelp(
      "How long a scrape may take (at most the interval).", default: .duration(10_000),
      valueName: "duration"),
    transform: ArgumentText.duration)
  var scrapeTimeout: Int64 = 10_000

  @Flag(help: "Labels that a target exposes win over the target's own.")
  var honorLabels = false

  @Flag(inversion: .prefixedNo, help: "Timestamps that a target exposes are kept.")
  var honorTimestamps = true

  @Option(
    help: ArgumentHelp(
      "The most bytes of a target's answer.", default: .size(ScrapeLimits().bodySize), valueName: "size"),
    transform: ArgumentText.size)
  var bodySizeLimit = ScrapeLimits().bodySize

  @Option(help: ArgumentHelp("The most samples of a scrape; 0 for any number.", valueName: "count"))
  var sampleLimit = 0

  @Option(help: ArgumentHelp("The most labels of a series; 0 for any number.", valueName: "count"))
  var labelLimit = 0

  @Option(help: ArgumentHelp("The longest label name; 0 for any.", valueName: "bytes"))
  var labelNameLengthLimit = 0

  @Option(help: ArgumentHelp("The longest label value; 0 for any.", valueName: "bytes"))
  var labelValueLengthLimit = 0

  mutating func validate() throws {
    let limits = [sampleLimit, labelLimit, labelNameLengthLimit, labelValueLengthLimit]
    guard limits.allSatisfy({ $0 >= 0 }) else { throw ValidationError("a limit is not negative") }
    _ = try targets
  }

  /// The targets that `--scrape` names.
  var targets: [Target] {
    get throws {
      try scrape.map { text in
        var target: Target
        do { target = try Target(argument: text) } catch { throw ValidationError("--scrape: \(error)") }
        target.intervalMilliseconds = interval
        target.timeoutMilliseconds = scrapeTimeout
        target.honorsLabels = honorLabels
        target.honorsTimestamps = honorTimestamps
        target.limits = ScrapeLimits(
          bodySize: bodySizeLimit, samples: sampleLimit, labels: labelLimit,
          labelNameLength: labelNameLengthLimit, labelValueLength: labelValueLengthLimit)
        return target
      }
    }
  }
}
