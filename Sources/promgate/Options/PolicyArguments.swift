public import ArgumentParser
public import Gate

extension UnmeasuredPolicy: ExpressibleByArgument {}

/// How answers become verdicts, for every command that judges.
struct PolicyArguments: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Judges what was meant, not as Flagger does: several series or too few requests are no value, and no "
        + "value is no failure. See docs/strict.md."
    ))
  var strict = false

  @Option(
    help: ArgumentHelp("Strict: what a check without a value does: fail, wait or pass.", valueName: "effect"))
  var onNoValue: UnmeasuredPolicy?

  @Option(
    help: ArgumentHelp("Strict: what a query that failed does: fail, wait or pass.", valueName: "effect"))
  var onError: UnmeasuredPolicy?

  @Option(
    help: ArgumentHelp("Strict: fewer requests in a window are no value.", valueName: "count"),
    transform: ArgumentText.count)
  var minimumRequests: Int?

  func validate() throws {
    guard !strict else { return }
    let given = [
      onNoValue.map { _ in "--on-no-value" }, onError.map { _ in "--on-error" },
      minimumRequests.map { _ in "--minimum-requests" },
    ].compactMap { $0 }
    if let first = given.first { throw ValidationError("\(first) wants --strict") }
  }

  var policy: JudgingPolicy {
    guard strict else { return .compatible }
    var policy = StrictPolicy()
    if let onNoValue { policy.onNoValue = onNoValue }
    if let onError { policy.onError = onError }
    policy.minimumRequests = Double(minimumRequests ?? 0)
    return .strict(policy)
  }
}
