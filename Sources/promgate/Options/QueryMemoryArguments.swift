import ArgumentParser
import Server
import TimeSeries

/// How much memory queries may hold, for every command that evaluates some.
struct QueryMemoryArguments: ParsableArguments {
  @Option(
    name: .customLong("query.max-memory"),
    help: ArgumentHelp(
      "The memory that a query may hold (default: half of that of all queries).", valueName: "size"),
    transform: ArgumentText.size)
  var maxMemory: Int?

  @Option(
    name: .customLong("query.max-memory-total"),
    help: ArgumentHelp(
      "The memory that all queries may hold together (default: a quarter of what the machine or the control "
        + "group has).",
      valueName: "size"),
    transform: ArgumentText.size)
  var maxMemoryTotal: Int?

  /// A budget of these sizes.
  var budget: MemoryBudget { .queries(each: maxMemory, all: maxMemoryTotal) }
}
