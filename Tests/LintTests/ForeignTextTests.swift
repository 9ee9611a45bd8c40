import Lint
import Manifests
import Testing

/// What stands in manifests, on every road from lint to people.
struct ForeignTextTests {
  @Test func `no format of a report has text of a manifest raw`() {
    let texts = [
      "\u{9B}2J", "a\u{2028}b", "a\u{202E}b\u{2066}", "\u{200B}\u{FEFF}", "%0A::error::x", "a::b,c",
      "\u{7F}\u{85}",
    ]
    for text in texts {
      let manifest = """
        apiVersion: flagger.app/v1beta1
        kind: MetricTemplate
        metadata: {name: "x\(text)", namespace: test}
        spec:
          provider: {type: "prom\(text)", address: http://p:9090}
          query: rate(r_total{a=~"^5.*$", b="\(text)"}[1m]) / rate(r_total[1m]) \(text)
        """
      let source = ManifestSource(name: "dir/\(text)\u{1B}[31m.yaml", bytes: Array(manifest.utf8))
      let result = Linter(LintOptions()).lint(ManifestReading(reading: source))
      #expect(!result.findings.isEmpty)
      for format in LintFormat.allCases {
        let shown = LintReport(result, toolVersion: "1").text(format)
        let raw = shown.unicodeScalars.first { scalar in
          if scalar == "\n" || scalar == "\t" { return false }
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: return true
          default: return false
          }
        }
        #expect(raw == nil, "\(format): \(raw?.value ?? 0) of \(shown)")
        guard format == .github else { continue }
        for line in shown.split(separator: "\n") {
          #expect(
            line.hasPrefix("::error ") || line.hasPrefix("::warning ") || line.hasPrefix("::notice "),
            "\(line)")
          #expect(line.firstRange(of: "::error::x") == nil || line.contains("%250A"), "\(line)")
        }
      }
    }
  }
}
