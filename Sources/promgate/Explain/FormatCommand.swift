import ArgumentParser
import PromQL

/// `promgate fmt`: the one layout of a query.
struct FormatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fmt",
    abstract: "Lays a query out as Prometheus' formatter does.",
    discussion: """
      A query that fits the width stays on one line; a longer one is split by its structure. Comments \
      are lost: the formatter says so and leaves the query alone unless --drop-comments is given.

      EXAMPLES
        promgate fmt 'sum(rate(http_requests_total{code=~"5.."}[5m]))by(job)'
        promgate fmt --width 40 'a + on(b) group_left c'
        promgate fmt - < query.promql

      Exit status: 0 laid out, 2 the query is faulty.
      """)

  @Argument(help: "The query, or - for standard input.")
  var expression: String

  @Option(help: "The longest line that is not split, in bytes.")
  var width = 100

  @Flag(help: "Lays the query out although its comments get lost.")
  var dropComments = false

  func validate() throws {
    guard width > 0 else { throw ValidationError("--width must be positive, not \(width)") }
  }

  func run() throws {
    let expression = try QueryArgument.parse(self.expression)
    if !expression.comments.isEmpty, !dropComments {
      let place = SourcePlace(offset: expression.comments[0].start, in: expression.text)
      throw ToolFailure(
        "the query has a comment at \(place?.description ?? "some place"), which would get lost: "
          + "say --drop-comments if it may")
    }
    try Output.write((expression.pretty(width: width) + "\n").utf8)
  }
}
