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
    let color = Terminal.standardError.usesColor
    let reading = ManifestReading(paths: files)
    for finding in reading.findings { Output.note(finding.rendered(usesColor: color)) }
    if reading.hasErrors { throw ToolFailure("the manifests cannot be used as they are") }
    let found: Canary
    do {
      found = try reading.set.canary(named: canary)
    } catch {
      throw ToolFailure(canary == nil ? "\(error) (--canary)" : "\(error)")
    }
    let rollout = Rollout(found, in: reading.set, globalProvider: meshProvider)
    if !runBroken {
      let relevant = rollout.problems.filter { !acceptsForeignQueries || $0.kind == .manifest }
      for problem in relevant { Output.note(problem.finding.rendered(usesColor: color)) }
      if !relevant.isEmpty {
        throw ToolFailure("a check could never succeed; --run-broken judges all the same")
      }
    }
    let forecast = Forecast(rollout)
    if let endless = forecast.endless { throw ToolFailure(endless.message(in: rollout)) }
    return Found(
      rollout: rollout, forecast: forecast, canary: found, manifests: reading.set,
      globalProvider: meshProvider)
  }
}
