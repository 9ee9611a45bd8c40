public import ArgumentParser
import Evaluator
public import PromQL

/// How queries are evaluated, for every command that evaluates some.
struct EvaluationArguments: ParsableArguments {
  /// Switches that change the answers of ordinary queries, by the names that Prometheus gives them.
  enum Feature: String, ExpressibleByArgument, CaseIterable {
    case delayedNameRemoval = "promql-delayed-name-removal"
    case startTimestamps = "use-start-timestamps"
    case typeAndUnitLabels = "type-and-unit-labels"
  }

  @Option(
    help: ArgumentHelp(
      "How far back an instant selector looks.", default: .duration(EvaluationOptions().lookback),
      valueName: "duration"),
    transform: ArgumentText.duration)
  var lookback = EvaluationOptions().lookback

  @Option(
    name: [.customLong("max-samples"), .customLong("query.max-samples")],
    help: ArgumentHelp(
      "The most samples that a query may hold in memory.",
      default: .count(EvaluationOptions().maximumSamples), valueName: "count"),
    transform: ArgumentText.count)
  var maxSamples = EvaluationOptions().maximumSamples

  @OptionGroup
  var memory: QueryMemoryArguments

  @Option(help: ArgumentHelp("A switch of Prometheus' that is off by default; may be repeated."))
  var enableFeature: [Feature] = []

  @Option(
    help: ArgumentHelp(
      "A part of the language to refuse, as a Prometheus without the flag would; may be repeated.",
      valueName: "feature"))
  var disableFeature: [LanguageFeature] = []

  /// The parts of the language that are switched on: all, unless the user says otherwise.
  var features: LanguageFeatures { LanguageFeatures.all.subtracting(disableFeature) }

  /// An engine that evaluates so, with a budget of memory of its own: whoever evaluates beside others takes
  /// theirs.
  var engine: QueryEngine {
    QueryEngine(options: options, features: features, memory: memory.budget)
  }

  /// The evaluator's options.
  var options: EvaluationOptions {
    EvaluationOptions(
      lookback: lookback, maximumSamples: maxSamples,
      delaysNameRemoval: enableFeature.contains(.delayedNameRemoval),
      usesStartTimestamps: enableFeature.contains(.startTimestamps),
      usesTypeAndUnitLabels: enableFeature.contains(.typeAndUnitLabels))
  }
}

extension LanguageFeature: ExpressibleByArgument {}
