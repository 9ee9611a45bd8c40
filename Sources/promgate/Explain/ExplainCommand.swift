import ArgumentParser
import PromQL

/// `promgate explain`: how a query is read and what it means.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Shows how a query is read and what it means.",
    discussion: """
      Shows the tokens, the syntax tree with the place of every node, and the plan: durations folded, \
      optional arguments filled in, parts with one value for all steps pinned.

      EXAMPLES
        promgate explain 'sum by (le) (rate(latency_bucket[5m]))'
        promgate explain --show plan 'a @ end() + b offset 5m' --time 1760000000

      Exit status: 0 explained, 2 the query is faulty.
      """)

  /// A stage of the way from text to plan.
  enum Stage: String, ExpressibleByArgument, CaseIterable {
    case tokens, tree, plan
  }

  @Argument(help: "The query, or - for standard input.")
  var expression: String

  @Option(help: "What to show; may be repeated (default: all).")
  var show: [Stage] = []

  @Option(
    help: ArgumentHelp("The time that the plan is for: seconds or RFC 3339.", valueName: "time"),
    transform: ArgumentText.time)
  var time: Int64?

  func run() throws {
    let expression = try QueryText.parse(self.expression)
    let stages = show.isEmpty ? Stage.allCases : show
    for (index, stage) in stages.enumerated() {
      if stages.count > 1 { Output.write("\(index > 0 ? "\n" : "")\(stage.rawValue)\n".utf8) }
      Output.write((try text(stage, expression) + "\n").utf8)
    }
  }

  private func text(_ stage: Stage, _ expression: Expression) throws -> String {
    switch stage {
    case .tokens:
      return Expression.tokens(of: expression.text).tokens.map { token in
        "\(token.range.start)…\(token.range.end) \(token.described(in: expression.text))"
      }.joined(separator: "\n")
    case .tree: return expression.tree()
    case .plan:
      let context = QueryContext(grid: Grid(instant: time ?? 0), isInstant: true)
      do { return try Lowering.plan(expression, in: context).description } catch {
        throw ToolFailure("\(error)")
      }
    }
  }
}

/// A query as an argument or from standard input.
enum QueryText {
  /// The longest query that is read.
  private static let maximumBytes = 16 << 20

  private static func input() throws -> [UInt8] {
    do { return try InputFile.bytes("-", maximum: maximumBytes) } catch {
      throw ToolFailure("standard input: \(error)")
    }
  }

  /// Parses; what is wrong is drawn with carets.
  static func parse(_ argument: String) throws -> Expression {
    let bytes = argument == "-" ? try input() : Array(argument.utf8)
    do { return try Expression.parse(bytes) } catch {
      let renderer = DiagnosticRenderer(name: "query", usesColor: Terminal.standardError.usesColor)
      for diagnostic in error.diagnostics.prefix(1) { Output.note(renderer.render(diagnostic, in: bytes)) }
      throw ExitCode(2)
    }
  }
}
