import Foundation
import PromQL
import Testing

struct PrinterTests {
  /// What was written, and its canonical form.
  private static let forms = [
    ("0x10+.5", "16 + 0.5"),
    ("- - 1", "1"),
    ("-1 ^ 2", "-1 ^ 2"),
    ("2^-1^2", "2 ^ -1 ^ 2"),
    ("-a*b", "-a * b"),
    ("36h", "1d12h"),
    ("NaN + inf - Inf", "NaN + +Inf - +Inf"),
    ("up{b='2', a = `1`, }", "up{a=\"1\",b=\"2\"}"),
    ("{'x.y', 'l l'!=\"\\xff\"}", "{\"l l\"!=\"\\xff\",__name__=\"x.y\"}"),
    ("up  offset -1h @ 3", "up @ 3.000 offset -1h"),
    ("up offset 0", "up"),
    ("up[90s]@end() offset 1d smoothed", "up[1m30s] smoothed @ end() offset 1d"),
    ("rate(up[5m])[1h:]offset (2*3)", "rate(up[5m])[1h:] offset (2 * 3)"),
    ("up[max_of(1m,step()*2)+(3)]", "up[max_of(1m, step() * 2) + (3)]"),
    ("up offset -min_of(-range(), - (2 - 1))", "up offset -min_of(-range(), -(2 - 1))"),
    ("SUM(up)BY(job,`a b`)", "sum by (job, \"a b\") (up)"),
    ("topk without()(3,up)", "topk without () (3, up)"),
    ("a==bool on()b", "a == bool on () b"),
    ("a/ignoring()group_left b", "a / ignoring () group_left () b"),
    (
      "a * on(x) group_right(y, z) fill_right(-1) fill_left(0x2) b",
      "a * on (x) group_right (y, z) fill_left (2) fill_right (-1) b"
    ),
    ("a - fill(1e6) b", "a - fill (1e+06) b"),
    // Numbers are compared, not their texts: NaN differs from itself, 0 not from -0.
    ("a - fill(NaN) b", "a - fill_left (NaN) fill_right (NaN) b"),
    ("a - fill_left(0) fill_right(-0) b", "a - fill (0) b"),
    ("a - fill_left(-Inf) fill_right(Inf) b", "a - fill_left (-Inf) fill_right (+Inf) b"),
    ("a ATAN2 b Unless c", "a atan2 b unless c"),
    ("a </ 1 >/ 2", "a </ 1 >/ 2"),
    ("label_replace(up,'a','$1',\"b\",`(.*)`)", "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")"),
    ("info(up,{})", "info(up, )"),
    ("by+min", "by + min"),
    ("# c\n(up)#d", "(up)"),
  ]

  @Test func `expressions print in canonical form`() throws {
    for (query, canonical) in Self.forms {
      #expect(try Expression.parse(query).description == canonical, "\(query)")
    }
  }

  @Test func `parsing what was printed changes nothing`() throws {
    var queries = Self.forms.map(\.0).filter { !$0.hasPrefix("info") }
    for line in (SharedFacts.text("spec/promql-parse-cases.tsv") ?? "").split(separator: "\n")
    where !line.hasPrefix("#") {
      let columns = line.split(separator: "\t").map(String.init)
      guard columns.count > 3, columns[2] == "OK" else { continue }
      queries.append(try JSONDecoder().decode(String.self, from: Data(columns[1].utf8)))
    }
    for query in queries {
      let expression = try Expression.parse(query)
      // A range below a millisecond prints as zero.
      guard expression.description != "foo[0s]" else { continue }
      let again = try Expression.parse(expression.description)
      #expect(again.description == expression.description, "\(query)")
      #expect(shape(again) == shape(expression), "\(query)")
      let pretty = try Expression.parse(expression.pretty(width: 10))
      #expect(shape(pretty) == shape(expression), "\(query)")
    }
  }

  /// The tree without places.
  private func shape(_ expression: PromQL.Expression) -> [String] {
    expression.tree().split(separator: "\n").map { line in
      String(line.prefix(upTo: line.range(of: " — ")?.lowerBound ?? line.endIndex))
    }
  }

  @Test func `long expressions are laid out over lines`() throws {
    let table: [(String, String)] = [
      ("a_1 + b_2", "a_1 + b_2"),
      (
        "foo_1 + foo_2 + foo_3",
        """
            foo_1
          +
            foo_2
        +
          foo_3
        """
      ),
      (
        "topk by (job) (3, http_requests_total)",
        """
        topk by (job) (
          3,
          http_requests_total
        )
        """
      ),
      (
        "-(foo_one * on (a) group_left (b) foo_two)",
        """
        -(
            foo_one
          * on (a) group_left (b)
            foo_two
        )
        """
      ),
      (
        "max_over_time(rate(requests_total[5m])[1h:1m] offset 1d)",
        """
        max_over_time(
          rate(
            requests_total[5m]
          )[1h:1m] offset 1d
        )
        """
      ),
    ]
    for (query, layout) in table {
      #expect(try Expression.parse(query).pretty(width: 10) == layout, "\(query)")
    }
  }

  @Test func `the tree shows types and places`() throws {
    let tree = try Expression.parse("sum(rate(up[5m])) > 2").tree()
    #expect(
      tree == """
        operator > — instant vector 0…21
          aggregation sum — instant vector 0…17
            call rate — instant vector 4…16
              range [5m] — range vector 9…15
                up — instant vector 9…11
          2 — scalar 20…21
        """)
  }
}
