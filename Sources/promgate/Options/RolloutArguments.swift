import ArgumentParser
import Gate
import Manifests
import PromQL

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

  @Flag(help: "Runs although a check can never succeed or a key gets lost, as a cluster would.")
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
    let set = try Self.manifests(files, acceptsLostKeys: runBroken)
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
    Self.warn(rollout)
    return Found(
      rollout: rollout, forecast: forecast, canary: found, manifests: set,
      globalProvider: meshProvider)
  }

  /// What is in the files; what is wrong with them is written to standard error.
  /// - Parameter acceptsLostKeys: whether keys may be missing that a cluster would drop, with an effect.
  static func manifests(_ files: [String], acceptsLostKeys: Bool = false) throws(ToolFailure) -> ManifestSet {
    let reading = ManifestReading(paths: files)
    let color = Terminal.standardError.usesColor
    for finding in reading.findings { Output.note(drawn: finding.rendered(usesColor: color)) }
    let errors = reading.errors.map(\.diagnostic.code)
    let others = errors.filter { $0 != ManifestCode.unknownKey }
    guard others.isEmpty, acceptsLostKeys || errors.isEmpty else {
      throw ToolFailure(
        "the manifests cannot be used as they are"
          + (others.isEmpty ? "; --run-broken judges what a cluster makes of them" : ""))
    }
    return reading.set
  }

  /// Says loudly that nothing is checked: a cluster promotes without a word.
  static func warn(_ rollout: Rollout) {
    guard let unchecked = rollout.unchecked else { return }
    Output.note("warning: \(rollout.title): \(unchecked)")
  }

  /// Refuses a rollout with a check that could never succeed.
  static func refuseBroken(
    _ rollout: Rollout, acceptsForeignQueries: Bool = false, hint: String = ""
  ) throws(ToolFailure) {
    let color = Terminal.standardError.usesColor
    let relevant = rollout.problems.filter { !acceptsForeignQueries || $0.kind == .manifest }
    for problem in relevant { Output.note(drawn: problem.finding.rendered(usesColor: color)) }
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
