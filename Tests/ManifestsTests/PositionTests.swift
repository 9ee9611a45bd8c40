import Manifests
import PromQL
import Testing

/// Every way of writing a query, and what its word `sum` is in the file.
@Test func `a place in a query leads back to its bytes in the file however it is written`() throws {
  let writings: [(String, String)] = [
    ("query: sum(up)", "sum(up)"),
    ("query: 'it''s sum(up)'", "it's sum(up)"),
    ("query: \"\\\"ü\\\" \\u00e9\\t sum(up)\"", "\"ü\" é\t sum(up)"),
    ("query: \"a \\\n      sum(up)\"", "a sum(up)"),
    ("query: \"a\n\n      sum(up)\"", "a\nsum(up)"),
    ("query: |\n    a{\n      sum(up)\n    }\n", "a{\n  sum(up)\n}\n"),
    ("query: |-\n\n    a\n\n    sum(up)", "\na\n\nsum(up)"),
    ("query: |2\n      a\n     sum(up)\n", "  a\n sum(up)\n"),
    ("query: | # note\n    ü sum(up)\n", "ü sum(up)\n"),
    ("query: >\n    a\n    sum(up)\n\n    b\n", "a sum(up)\nb\n"),
    ("query: a\n    sum(up)\n    b", "a sum(up) b"),
    ("query: &q !!str sum(up)", "sum(up)"),
    ("query: |\r\n    a\r\n    sum(up)\r\n", "a\nsum(up)\n"),
  ]
  for (writing, expected) in writings {
    let text =
      "# ö\napiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: a}\nspec:\n"
      + "  provider: {type: prometheus}\n  \(writing)\n"
    let reading = ManifestReading(reading: text)
    let query = try #require(reading.set.templates.first?.query, "\(described(reading.findings))")
    #expect(query.text == expected, "\(writing)")
    let start = try #require(query.text.utf8.firstRange(of: "sum".utf8))
    let offset = query.text.utf8.distance(from: query.text.utf8.startIndex, to: start.lowerBound)
    let range = try #require(query.fileRange(SourceRange(offset, offset + 7)))
    let bytes = Array(text.utf8)[range.start..<range.end]
    #expect(String(decoding: bytes, as: UTF8.self) == "sum(up)", "\(writing)")
  }
}

@Test func `whitespace is collapsed as Flagger does, inside strings and comments too`() {
  let cases = [
    ("\n  a{b=\"c  d\"}\t\n", " a{b=\"c d\"} "),
    ("# note\nsum(up)", "# note sum(up)"),
    ("a\u{A0} b\u{B}c\u{C}d", "a\u{A0} b\u{B}c d"),
    ("", ""),
    ("up", "up"),
  ]
  for (query, expected) in cases {
    let (text, map) = QueryText.collapsingWhitespace(query)
    #expect(text == expected)
    #expect(map.count == expected.utf8.count)
  }
}

@Test func `a place in the sent query leads through the template to the manifest`() throws {
  let text = """
    apiVersion: flagger.app/v1beta1
    kind: MetricTemplate
    metadata: {name: a}
    spec:
      provider: {type: prometheus}
      query: |
        sum(
          rate(x{ns="{{ namespace }}"}[{{ interval }}])
        )

    """
  let reading = ManifestReading(reading: text)
  let template = try QueryTemplate(parsing: try #require(reading.set.templates.first).query)
  let values = TemplateValues(
    name: "n", namespace: "test", target: "t", service: "s", ingress: "i", route: "r", interval: "1m")
  let query = try template.render(values)
  #expect(query.sent == "sum( rate(x{ns=\"test\"}[1m]) ) ")
  func written(_ part: String) throws -> String {
    let start = try #require(query.sent.utf8.firstRange(of: part.utf8)).lowerBound
    let offset = query.sent.utf8.distance(from: query.sent.utf8.startIndex, to: start)
    let range = try #require(query.fileRange(SourceRange(offset, offset + part.utf8.count)))
    return String(decoding: Array(text.utf8)[range.start..<range.end], as: UTF8.self)
  }
  #expect(try written("rate(x{ns=") == "rate(x{ns=")
  #expect(try written("test") == "{{ namespace }}")
  #expect(try written("es") == "{{ namespace }}")
  #expect(try written("\"}[1m") == "\"}[{{ interval }}")
  #expect(try written("( rate") == "(\n      rate")
}

@Test func `template errors are drawn at their place in the manifest`() throws {
  let text =
    "apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: a}\nspec:\n"
    + "  provider: {type: prometheus}\n  query: |\n    up{a=\"{{ variables.nope }}\"}\n"
  let reading = ManifestReading(reading: text)
  let source = try #require(reading.set.templates.first).query
  let values = TemplateValues(
    name: "n", namespace: "test", target: "t", service: "s", ingress: "i", route: "r", interval: "")
  do {
    _ = try QueryTemplate(parsing: source).render(values)
    Issue.record("it must fail")
  } catch {
    let finding = ManifestFinding(error.diagnostic(for: source), in: reading.sources[0])
    let lines = finding.rendered().split(separator: "\n")
    #expect(lines[0].hasPrefix("manifest.yaml:7:14: error: template excution failed: template: tmpl:1:9: "))
    #expect(lines[1] == "  7 |     up{a=\"{{ variables.nope }}\"}")
    #expect(lines[2] == "    |              ^^^^^^^^^^^^^^")
  }
}
