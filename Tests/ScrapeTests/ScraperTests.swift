import Scrape
import Testing
import TimeSeries

@Suite struct ScraperTests {
  @Test func `target labels win, or the exposed ones when they are honoured`() {
    let cases: [(text: String, honors: Bool, expected: String)] = [
      ("a 1", false, #"{__name__="a", instance="i", job="j"} 1"#),
      (#"a{job="x"} 1"#, false, #"{__name__="a", exported_job="x", instance="i", job="j"} 1"#),
      (
        #"a{job="x",exported_job="y"} 1"#, false,
        #"{__name__="a", exported_exported_job="x", exported_job="y", instance="i", job="j"} 1"#
      ),
      (#"a{instance=""} 1"#, false, #"{__name__="a", instance="i", job="j"} 1"#),
      (
        #"a{job="x",exported_job=""} 1"#,
        false,
        #"{__name__="a", exported_job="x", instance="i", job="j"} 1"#
      ),
      (#"a{job="x"} 1"#, true, #"{__name__="a", instance="i", job="x"} 1"#),
      (#"a{instance="",job="x"} 1"#, true, #"{__name__="a", job="x"} 1"#),
    ]
    for (text, honors, expected) in cases {
      var scraper = Scraper(target: target { $0.honorsLabels = honors })
      #expect(scraper.scrape(text, at: 1).full == [expected], "\(text)")
    }
    // Two target labels that displace exposed ones: the shorter name looks for its place first.
    let odd = Target(url: "http://i", labels: labels(("job", "j"), ("exported_job", "e")))
    var scraper = Scraper(target: odd)
    let result = scraper.scrape(#"a{job="x",exported_job="y"} 1"#, at: 1)
    #expect(
      result.full == [
        #"{__name__="a", exported_exported_exported_job="y", exported_exported_job="x", "#
          + #"exported_job="e", job="j"} 1"#
      ])
  }

  @Test func `a scrape reports on itself`() {
    var scraper = Scraper(target: target { $0.reportsExtra = true })
    let first = scraper.scrape("a 1\nb 2\nb 2\n", at: 1)
    #expect(
      first.reported == [
        "up 1", "scrape_duration_seconds 0.25", "scrape_samples_scraped 3",
        "scrape_samples_post_metric_relabeling 3", "scrape_series_added 2", "scrape_timeout_seconds 10",
        "scrape_sample_limit 0", "scrape_body_size_bytes 12",
      ])
    #expect(first.isUp && first.samplesScraped == 3)
    #expect(first.labels.allSatisfy { $0["job"] == "j" && $0["instance"] == "i" })
    let second = scraper.scrape("a 1\nc 2\n", at: 11)
    #expect(second.reported("scrape_series_added") == 1)
    let failed = scraper.scrape(.failure(HTTPFailure(.timedOut, "late")), at: 21_000) { 10 }
    #expect(
      failed.reported.prefix(5) == [
        "up 0", "scrape_duration_seconds 10", "scrape_samples_scraped 0",
        "scrape_samples_post_metric_relabeling 0", "scrape_series_added 0",
      ])
  }

  @Test func `vanished series end, and so does everything when a scrape fails`() {
    var scraper = Scraper(target: target())
    #expect(
      scraper.scrape("a 1\nb 2\nc 3\n", at: 1).listing == [
        #"{__name__="a"} 1"#, #"{__name__="b"} 2"#, #"{__name__="c"} 3"#,
      ])
    #expect(
      scraper.scrape("c 3\na 1\n", at: 11).listing == [
        #"{__name__="c"} 3"#, #"{__name__="a"} 1"#, #"stale {__name__="b"}"#,
      ])
    let broken = scraper.scrape("a 1\nnew 1\n-", at: 21)
    #expect(broken.listing.sorted() == [#"stale {__name__="a"}"#, #"stale {__name__="c"}"#])
    // What a failed scrape brought is known from then on, as in the reference.
    #expect(broken.added.count == 1 && broken.reported("scrape_samples_scraped") == 2)
    #expect(scraper.scrape("a 1\nnew 1\n-", at: 22).reported("scrape_series_added") == 0)
    #expect(
      broken.failure?.description
        == #"line 3, column 1: expected a valid start token, got "-" ("INVALID") while parsing: "-""#)
    #expect(scraper.scrape(.failure(HTTPFailure(.unreachable, "gone")), at: 31_000) { 0 }.stale == [])
    #expect(scraper.scrape("a 1\n", at: 41).listing == [#"{__name__="a"} 1"#])
    #expect(scraper.scrape("", at: 51).listing == [#"stale {__name__="a"}"#])
    #expect(scraper.scrape("a 1\n", at: 61).reported("scrape_series_added") == 0)
    let end = scraper.end(at: 71_000)
    #expect(end.listing == [#"stale {__name__="a"}"#])
    #expect(
      end.reported == [
        "up stale", "scrape_duration_seconds stale", "scrape_samples_scraped stale",
        "scrape_samples_post_metric_relabeling stale", "scrape_series_added stale",
      ])
  }

  @Test func `samples with timestamps keep them and get no markers`() {
    var scraper = Scraper(target: target())
    #expect(
      scraper.scrape("a 1 500\nb 2\n", at: 1).listing == [
        #"{__name__="a"} 1 @0.5"#, #"{__name__="b"} 2"#,
      ])
    let same = scraper.scrape("a 1 500\nb 2\n", at: 11)
    #expect(same.listing == [#"{__name__="b"} 2"#] && same.dropped == ScrapeResult.Dropped())
    let other = scraper.scrape("a 9 500\na 1 400\na 1 11000\na 2 12000\nb 2\n", at: 21)
    #expect(
      other.listing == [
        #"{__name__="a"} 1 @11.0"#, #"{__name__="a"} 2 @12.0"#, #"{__name__="b"} 2"#,
      ])
    #expect(other.dropped.duplicates == 1 && other.dropped.outOfOrder == 1)
    #expect(scraper.scrape("b 2\n", at: 31).listing == [#"{__name__="b"} 2"#])
    let ahead = scraper.scrape("a 1 641001\nc 1 641000\nd 1 99999999999999999\n", at: 41)
    #expect(ahead.listing == [#"{__name__="c"} 1 @641.0"#, #"stale {__name__="b"}"#])
    #expect(ahead.dropped.outOfBounds == 2)

    var tracking = Scraper(target: target { $0.tracksTimestampsStaleness = true })
    _ = tracking.scrape("a 1 500\n", at: 1)
    #expect(tracking.scrape("b 1\n", at: 11).listing == [#"{__name__="b"} 1"#, #"stale {__name__="a"}"#])
    var deaf = Scraper(target: target { $0.honorsTimestamps = false })
    #expect(deaf.scrape("a 1 500\n", at: 1).listing == [#"{__name__="a"} 1"#])
  }

  @Test func `a series twice in one scrape counts once, in whatever spelling`() {
    var scraper = Scraper(target: target())
    let text = "a 1\na 2\nb{x=\"1\"} 1\nb{x=\"1\",} 1\nb{ x=\"1\"} 2\n"
    for time in 1...3 {
      let result = scraper.scrape(text, at: Int64(time) * 10)
      #expect(result.listing == [#"{__name__="a"} 1"#, #"{__name__="b", x="1"} 1"#])
      #expect(result.dropped.duplicates == 1)
      #expect(result.reported("scrape_samples_post_metric_relabeling") == 5)
    }
  }

  @Test func `samples of one scrape are held against earlier scrapes, and kept in the order of time`() {
    // `a` was 1 at 0.5 s; what 3.5.3 keeps of the scrape at 10 s, and whether it counts as refused.
    for (text, kept, refused) in [
      ("a 2\na 3 4000\n", [#"{__name__="a"} 2"#], 0),
      ("a 3 4000\na 2\n", [#"{__name__="a"} 3 @4.0"#], 1),
      ("a 2\na 3 12000\n", [#"{__name__="a"} 3 @12.0"#, #"{__name__="a"} 2"#], 0),
      ("a 3 4000\na 4 3000\na 5 5000\n", [#"{__name__="a"} 3 @4.0"#, #"{__name__="a"} 5 @5.0"#], 0),
      ("a 3 4000\na 4 4000\n", [#"{__name__="a"} 3 @4.0"#], 0),
      ("a 1 500\na 3 4000\n", [#"{__name__="a"} 3 @4.0"#], 0),
      ("a 2 500\na 3 400\na 4 4000\n", [#"{__name__="a"} 4 @4.0"#], 2),
      ("a 3 12000\na{} 2\n", [#"{__name__="a"} 3 @12.0"#], 0),
      ("a 3 4000\na{} 2\n", [#"{__name__="a"} 3 @4.0"#, #"{__name__="a"} 2"#], 0),
      ("a{} 2\na 3 4000\n", [#"{__name__="a"} 2"#], 0),
    ] {
      var scraper = Scraper(target: target())
      _ = scraper.scrape("a 1 500\n", at: 1)
      let result = scraper.scrape(text, at: 10)
      #expect(result.listing == kept && result.isUp, "\(text): \(result.listing)")
      #expect(result.dropped.duplicates + result.dropped.outOfOrder == refused, "\(text)")
    }
    // A time that was exposed ahead of the scrape's keeps later scrapes out until it is reached.
    var scraper = Scraper(target: target())
    #expect(scraper.scrape("a 1\na 2 30000\n", at: 10).listing.count == 2)
    #expect(scraper.scrape("a 3\n", at: 20).listing == [])
    #expect(scraper.scrape("b 3\n", at: 29).listing == [#"{__name__="b"} 3"#])
    #expect(scraper.scrape("a 4\n", at: 40).listing == [#"{__name__="a"} 4"#, #"stale {__name__="b"}"#])
  }

  @Test func `a series that was away is not older than it was`() {
    // Though its timestamp was of no use.
    var late = Scraper(target: target())
    #expect(late.scrape("a 1\na 2 5000\n", at: 10).listing == [#"{__name__="a"} 1"#])
    _ = late.scrape("b 1\n", at: 20)
    #expect(late.scrape("a 2 5000\n", at: 30).listing == [#"stale {__name__="b"}"#])
    var scraper = Scraper(target: target())
    _ = scraper.scrape("a 1\nb 1 5000\n", at: 10)
    #expect(scraper.scrape("b 1 5000\n", at: 20).stale.count == 1)
    // `a` has its marker at 20 s.
    let back = scraper.scrape("a 2 9000\na 3 15000\na 4 20000\na 5 25000\n", at: 30)
    #expect(back.listing == [#"{__name__="a"} 5 @25.0"#])
    #expect(back.dropped.outOfOrder == 2 && back.dropped.duplicates == 1)
  }

  @Test func `timestamps an hour behind the newest sample are out of bounds`() {
    var scraper = Scraper(target: target())
    let result = scraper.scrape("a 1 6399999\nb 1 6400000\nc 1 10600000\nd 1 10600001\n", at: 10_000)
    #expect(result.listing == [#"{__name__="b"} 1 @6400.0"#, #"{__name__="c"} 1 @10600.0"#])
    #expect(result.dropped.outOfBounds == 2 && result.isUp)
    // The newest is now 600 s ahead.
    let next = scraper.scrape("e 1 6999999\nf 1 7000000\n", at: 10_010)
    #expect(next.listing == [#"{__name__="f"} 1 @7000.0"#])
  }

  @Test func `failures that bring ever new series are forgotten`() {
    var scraper = Scraper(target: target())
    var most = 0
    for time in 1...20 {
      let text = (0..<400).map { "m{n=\"\(time) \($0)\"} 1\n" }.joined() + "-"
      most = max(most, scraper.scrape(text, at: Int64(time)).labels.count)
    }
    #expect(most < 2500)
  }

  @Test func `blanks before a bare name belong to it, and a text keeps its series`() {
    var scraper = Scraper(target: target())
    let text = "  a 1\n\ta{x=\"1\"} 2\n {\"a\"} 3\na 4\n\n \n b 5\n"
    for time in 1...2 {
      #expect(
        scraper.scrape(text, at: Int64(time)).listing == [
          #"{__name__="  a"} 1"#, #"{__name__="\ta", x="1"} 2"#, #"{__name__="a"} 3"#, #"{__name__=" b"} 5"#,
        ])
    }
    // Nor do a type that comes later, and one that goes, change what a series is called.
    let bucket = #"h{le="1"} 1"# + "\n"
    var typed = Scraper(target: target())
    #expect(typed.scrape("# TYPE h histogram\n" + bucket, at: 1).listing == [#"{__name__="h", le="1.0"} 1"#])
    #expect(typed.scrape(bucket, at: 2).listing == [#"{__name__="h", le="1.0"} 1"#])
    #expect(
      typed.scrape("# TYPE h gauge\n" + bucket + "# TYPE h histogram\n" + bucket, at: 3).listing.count == 1)
    #expect(typed.scrape("x 1\n", at: 4).stale.count == 1)
    #expect(typed.scrape(bucket, at: 5).listing == [#"{__name__="h", le="1"} 1"#, #"stale {__name__="x"}"#])
  }

  @Test func `a name twice is no fault of a sample that is not stored`() {
    for (text, reason) in [
      ("a{x=\"1\",x=\"2\"} 1\n", #"label name "x" is not unique: invalid sample"#),
      ("a{x=\"1\",x=\"2\"} 1 1000\n", nil), ("a{x=\"1\",x=\"2\"} 1 99999999999\n", nil),
      (#"{"",x="1",x="2"} 1"# + "\n", "missing metric name (__name__ label)"),
    ] {
      var scraper = Scraper(target: target())
      let result = scraper.scrape(text + "b 1\n", at: 10_000)
      #expect(result.failure?.reason == reason, "\(text)")
      if reason == nil {
        #expect(result.listing == [#"{__name__="b"} 1"#] && result.dropped.outOfBounds == 1)
      }
    }
  }

  @Test func `a label that comes twice is a fault, though the target's takes its place`() {
    for (exposed, labels) in [
      (#"a{job="x"} 1"#, #"{__name__="a", exported_job="x", instance="i", job="j"} 1"#),
      (#"a{job="x",job="y"} 1"#, nil),
      (#"a{job="x",job=""} 1"#, #"{__name__="a", exported_job="x", instance="i", job="j"} 1"#),
      (#"a{job="x",exported_job="y",exported_job="z"} 1"#, nil),
      (#"a{job="x",exported_job=""} 1"#, #"{__name__="a", exported_job="x", instance="i", job="j"} 1"#),
      (
        #"a{job="x",exported_job="e"} 1"#,
        #"{__name__="a", exported_exported_job="x", exported_job="e", instance="i", job="j"} 1"#
      ),
    ] {
      var scraper = Scraper(target: target())
      let result = scraper.scrape(exposed + "\n", at: 1)
      #expect(result.full == (labels.map { [$0] } ?? []), "\(exposed)")
      #expect(result.isUp == (labels != nil), "\(exposed)")
      if labels == nil { #expect(result.failure?.reason.contains("is not unique: invalid sample") == true) }
    }
  }

  @Test func `a clock that is set back loses samples, never order`() {
    var scraper = Scraper(target: target())
    _ = scraper.scrape("a 1\n", at: 100)
    let back = scraper.scrape("a 2\n", at: 50)
    #expect(back.listing == [] && back.report == [] && back.dropped.outOfOrder == 1)
    #expect(scraper.scrape("a 3\n", at: 110).listing == [#"{__name__="a"} 3"#])
  }

  @Test func `a limit fails the scrape and names itself`() {
    let text = "a{x=\"1\",y=\"2\"} 1\nbb{x=\"123\"} 1\n"
    let cases: [(limits: ScrapeLimits, description: String?)] = [
      (ScrapeLimits(samples: 2, labels: 5, labelNameLength: 8, labelValueLength: 3), nil),
      (ScrapeLimits(samples: 1), "line 2, column 1: sample limit exceeded (raise it with --sample-limit)"),
      (
        ScrapeLimits(labels: 4),
        "line 1, column 1: label_limit exceeded (metric: a, number of labels: 5, limit: 4) (raise it "
          + "with --label-limit)"
      ),
      (
        ScrapeLimits(labelNameLength: 7),
        "line 1, column 1: label_name_length_limit exceeded (metric: a, label name: __name__, length: "
          + "8, limit: 7) (raise it with --label-name-length-limit)"
      ),
      (
        ScrapeLimits(labelValueLength: 2),
        "line 2, column 1: label_value_length_limit exceeded (metric: bb, label name: x, value: "
          + "\"123\", length: 3, limit: 2) (raise it with --label-value-length-limit)"
      ),
      (
        ScrapeLimits(bodySize: text.utf8.count),
        "body size limit exceeded: the body has \(text.utf8.count) bytes or more (raise it with "
          + "--body-size-limit)"
      ),
      (ScrapeLimits(bodySize: text.utf8.count + 1), nil),
    ]
    for (limits, description) in cases {
      var scraper = Scraper(target: target { $0.limits = limits })
      let result = scraper.scrape(text, at: 1)
      #expect(result.failure?.description == description)
      #expect(result.rows.count == (description == nil ? 2 : 0))
    }
    var counting = Scraper(target: target { $0.limits.samples = 1 })
    let result = counting.scrape("a 1\nb 1\nc 1\n", at: 1)
    #expect(result.reported("scrape_samples_scraped") == 3 && result.isUp == false)
    #expect(counting.scrape("a 1\n", at: 11).isUp)
  }

  @Test func `an answer that is no exposition fails the scrape`() {
    var scraper = Scraper(target: target())
    let cases: [(answer: Result<HTTPResponse, HTTPFailure>, reason: String)] = [
      (answer("a 1", status: 404), "server returned HTTP status 404 Not Found"),
      (
        answer("a 1", "application/json"),
        "received unsupported Content-Type \"application/json\" and no fallback_scrape_protocol "
          + "specified for target"
      ),
      (answer("a 1", "application/openmetrics-text"), "data does not end with # EOF"),
      (.failure(HTTPFailure(.bodyTooLarge, "body size limit exceeded")), "body size limit exceeded"),
      (
        .failure(HTTPFailure(.timedOut, "Get \"http://i\": context deadline exceeded")),
        "Get \"http://i\": context deadline exceeded"
      ),
    ]
    for (time, (answer, reason)) in cases.enumerated() {
      #expect(scraper.scrape(answer, at: Int64(time) * 1000) { 0 }.failure?.reason == reason)
    }
  }

  @Test func `slots are given up and used again`() {
    var scraper = Scraper(target: target())
    for round in 1...200 {
      let result = scraper.scrape("fixed 1\nchanging{n=\"\(round)\"} 1\n", at: Int64(round))
      #expect(result.rows.count == 2 && result.stale.count == (round > 1 ? 1 : 0))
      #expect(result.labels.count < 16)
      let named = result.rows.map { result.labels[Int($0.slot)]["n"] ?? "" }
      #expect(named == ["", "\(round)"])
    }
  }

  @Test func `a shuffled exposition means the same`() {
    let lines = (0..<500).map { "m{n=\"\($0)\"} \($0)" } + ["bare 7", "bare2 8", "bare{x=\"y\"} 9"]
    var scraper = Scraper(target: target())
    var state: UInt64 = 7
    for time in 1...20 {
      var shuffled = lines
      for i in shuffled.indices {
        state = state &* 6364136223846793005 &+ 1442695040888963407
        shuffled.swapAt(i, Int(state >> 33) % shuffled.count)
      }
      let kept = shuffled.dropFirst(time % 3)
      let result = scraper.scrape(kept.joined(separator: "\n"), at: Int64(time))
      let read = result.rows.map { row in
        let labels = result.labels[Int(row.slot)]
        let inner = ["n", "x"].compactMap { name in labels[name].map { "{\(name)=\"\($0)\"}" } }.joined()
        return "\(labels.metricName ?? "")\(inner) \(GoText.json(row.value))"
      }
      #expect(read == Array(kept))
    }
  }

  @Test func `metadata is forgotten ten scrapes after it was last seen`() {
    var scraper = Scraper(target: target())
    _ = scraper.scrape("# HELP a x\na 1\n", at: 1)
    for time in 2...11 {
      _ = scraper.scrape("b 1\n", at: Int64(time))
      #expect(scraper.families.map(\.name) == ["a"])
    }
    _ = scraper.scrape("b 1\n", at: 12)
    #expect(scraper.families.isEmpty)
  }

  @Test func `a store holds what was scraped`() throws {
    let store = Store()
    var writer = StoreWriter(store)
    var scraper = Scraper(target: target())
    let texts = ["a 1\nb 1\nt 5 500\n", "b 2\nc 2\n", "c 3\na 3\n", "-", "a 5\nd 5\n"]
    for (index, text) in texts.enumerated() {
      #expect(writer.write(scraper.scrape(text, at: Int64(index + 1) * 10)) == nil)
    }
    let expected = [
      "a": "1@10 x@20 3@30 x@40 5@50", "b": "1@10 2@20 x@30", "c": "2@20 3@30 x@40", "d": "5@50",
      "t": "5@0", "up": "1@10 1@20 1@30 0@40 1@50",
    ]
    for (name, samples) in expected {
      let matchers = [LabelMatcher(LabelName.metric, equals: name)]
      let found = store.snapshot().select(Selection(matchers: matchers, after: 0, through: 100_000))
      #expect(found.labels.count == 1, "\(name)")
      let run = try found.samples(0)
      let shown = (0..<run.count).map { position in
        let value = run.staleMarkers.contains(position) ? "x" : GoText.json(run.values[position])
        return "\(value)@\(run.timestamp(position) / 1000)"
      }
      #expect(shown.joined(separator: " ") == samples, "\(name)")
    }
  }
}
