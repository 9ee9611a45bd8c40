public import ArgumentParser
public import Gate

extension UnmeasuredPolicy: ExpressibleByArgument {}
extension Judge.Name: ExpressibleByArgument {}

/// How answers become verdicts, for every command that judges.
struct JudgeArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How answers become verdicts: compatible or strict.",
      discussion:
        "compatible judges bit for bit as Flagger 1.44 does; strict judges what was meant: several series or "
        + "too few requests are no value, and no value is no failure. See docs/strict.md.",
      default: .text("compatible"), valueName: "judge"))
  var judge: Judge.Name?

  @Flag(help: "Short for --judge strict.")
  var strict = false

  @Option(
    help: ArgumentHelp(
      "Strict: what a check without a value does: fail, wait or pass.",
      default: .text(StrictPolicy().onNoValue.rawValue), valueName: "effect"))
  var onNoValue: UnmeasuredPolicy?

  @Option(
    help: ArgumentHelp(
      "Strict: what a query that failed does: fail, wait or pass.",
      default: .text(StrictPolicy().onError.rawValue), valueName: "effect"))
  var onError: UnmeasuredPolicy?

  @Option(
    help: ArgumentHelp(
      "Strict: fewer requests in a window are no value.", default: .text("0"), valueName: "count"),
    transform: ArgumentText.count)
  var minimumRequests: Int?

  func validate() throws {
    if strict, let judge, judge != .strict {
      throw ValidationError(
        "--strict is --judge strict, and --judge says \(judge.rawValue): give one of them")
    }
    guard name != .strict else { return }
    let given = [
      onNoValue.map { _ in "--on-no-value" }, onError.map { _ in "--on-error" },
      minimumRequests.map { _ in "--minimum-requests" },
    ].compactMap { $0 }
    if let first = given.first { throw ValidationError("\(first) wants --strict") }
  }

  private var name: Judge.Name { judge ?? (strict ? .strict : .compatible) }

  /// The judge that was asked for.
  var chosen: Judge {
    switch name {
    case .compatible: return .compatible
    case .strict:
      var policy = StrictPolicy()
      if let onNoValue { policy.onNoValue = onNoValue }
      if let onError { policy.onError = onError }
      policy.minimumRequests = Double(minimumRequests ?? 0)
      return .strict(policy)
    }
  }
}
