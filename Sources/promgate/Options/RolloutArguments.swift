import ArgumentParser
import Gate
import Manifests

/// Which canary is judged, for every command that judges one.
struct RolloutArguments: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: "Manifests: a file, a folder, or - for standard input. May be repeated.",
    completion: .file())
  var files: [String] = []

  @Option(help: "Which canary, as NAME or NAME.NAMESPACE; needed when there are several.")
  var canary: String?

  @Option(help: "Flagger's -mesh-provider, for a canary that names no provider.")
  var meshProvider = MeshProvider.istio.rawValue

  @Flag(help: "Runs although a check can never succeed, as a cluster would.")
  var runBroken = false

  func validate() throws {
    if files.isEmpty { throw ValidationError("name the manifests with -f") }
  }

  /// A canary of the manifests, settled, and what it was made of.
  struct Found {
    var rollout: Rollout
    var forecast: Forecast
    var canary: Canary
    var manifests: ManifestSet
    /// Flagger's `-mesh-provider`.
    var globalProvider: String
  }

  /// Reads the manifests and refuses what could never end or never succeed. What is wrong with them is
  /// written to standard error.
  /// - Parameter acceptsForeignQueries: whether a query that our parser refuses may be fine for the
  ///   server that is asked.
  func read(acceptsForeignQueries: Bool = false) throws(ToolFailure) -> Found {
    let set = try Self.manifests(files)
    let found: Canary
    do {
      found = try set.canary(named: canary)
    } catch {
      throw ToolFailure(canary == nil ? "\(error) (--canary)" : "\(error)")
    }
    let rollout = Rollout(found, in: set, globalProvider: meshProvider)
    if !runBroken {
      try Self.refuseBroken(
        rollout, acceptsForeignQueries: acceptsForeignQueries, hint: "; --run-broken judges all the same")
    }
    let forecast = try Self.forecast(of: rollout)
    return Found(
      rollout: rollout, forecast: forecast, canary: found, manifests: set,
      globalProvider: meshProvider)
  }

  /// What is in the files; what is wrong with them is written to standard error.
  static func manifests(_ files: [String]) throws(ToolFailure) -> ManifestSet {
    let reading = ManifestReading(paths: files)
    let color = Terminal.standardError.usesColor
    for finding in reading.findings { Output.note(finding.rendered(usesColor: color)) }
    if reading.hasErrors { throw ToolFailure("the manifests cannot be used as they are") }
    return reading.set
  }

  /// Refuses a rollout with a check that could never succeed.
  static func refuseBroken(
    _ rollout: Rollout, acceptsForeignQueries: Bool = false, hint: String = ""
  ) throws(ToolFailure) {
    let color = Terminal.standardError.usesColor
    let relevant = rollout.problems.filter { !acceptsForeignQueries || $0.kind == .manifest }
    for problem in relevant { Output.note(problem.finding.rendered(usesColor: color)) }
    if !relevant.isEmpty {
      throw ToolFailure("a check could never succeed\(hint)")
    }
  }

  /// How long it takes; refuses a rollout that could never end.
  static func forecast(of rollout: Rollout) throws(ToolFailure) -> Forecast {
    let forecast = Forecast(rollout)
    if let endless = forecast.endless { throw ToolFailure(endless.message(in: rollout)) }
    return forecast
  }
}
