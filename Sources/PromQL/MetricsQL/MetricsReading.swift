/// A query in MetricsQL: what can be known of it without data.
package struct MetricsReading: Sendable {
  /// What it means where that can be said in PromQL's terms; other parts are `VectorForm.foreign`.
  package let plan: Plan
  /// What PromQL has not, in the order of the text.
  package let features: [MetricsFeature]
  /// The functions whose values nothing is known of, in the order of the text, each once.
  package let unjudged: [MetricsFeature]

  /// The step of an instant query that names none, milliseconds: also the window of a rollup that has none.
  package static let defaultStep: Int64 = 300_000

  /// Reads and plans a query as VictoriaMetrics would: throws what that refuses, with its place, as a
  /// diagnostic with the code `parse`. Queries that are very large are refused.
  package init(_ text: [UInt8], at time: Int64) throws(ParseFailure) {
    do throws(MetricsProblem) {
      let expression = try MetricsParser.parse(text)
      var lowering = MetricsLowering(time: time)
      plan = Plan(root: try lowering.root(expression.root), selections: lowering.selections, text: text)
      var seen: Set<String> = []
      unjudged = lowering.foreign.sorted { $0.range.start < $1.range.start }
        .filter { seen.insert($0.name).inserted }
      features = (expression.features + lowering.features).sorted { $0.range.start < $1.range.start }
    } catch {
      throw ParseFailure(
        diagnostics: [Diagnostic(parse: error.message, error.range)], text: text)
    }
  }
}

extension Expression {
  /// A query in another language: its text, as one node.
  package init(foreign text: [UInt8]) {
    self.init(text: text)
    nodes = [Node(form: .string(text), range: SourceRange(0, text.count), type: .string)]
  }
}
