import ArgumentParser
import Gate
import Logging
import Manifests
import Scrape
import Server

/// What a gate does beside judging: webhooks, notifications, its state, its metrics.
struct EffectArguments: ParsableArguments {
  @Option(help: "A command to run at each change of the weights.")
  var onWeight: String?

  @Option(
    help: ArgumentHelp(
      "How long the command of --on-weight may take.", default: .duration(600_000), valueName: "duration"),
    transform: ArgumentText.duration)
  var onWeightTimeout: Int64 = 600_000

  enum Webhooks: String, ExpressibleByArgument, CaseIterable {
    case call, skip

    /// What becomes of webhooks that are not called, for whoever said `choice`, or nothing.
    static func uncalled(_ choice: Webhooks?) -> UncalledHooks { choice == .skip ? .pass : .hold }
  }

  @Option(
    help: ArgumentHelp(
      "Whether webhooks are called and the canary's own alerts sent: call or skip.",
      discussion:
        "By default they are for live metrics. For what is past they are not, and a webhook that confirms "
        + "ends the run undecided; with skip it counts as passed."))
  var webhooks: Webhooks?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Where to send notifications; may be repeated.",
      discussion:
        "SERVICE=URL; services: slack, discord, rocket, msteams, msteams-workflow, gchat, webhook.",
      valueName: "service=url"),
    transform: EffectArguments.receiver)
  var notify: [NotificationReceiver] = []

  @Option(help: ArgumentHelp("The proxy for notifications; by default, the environment's.", valueName: "url"))
  var notifyProxy: String?

  @Option(
    help: ArgumentHelp(
      "Where the Secrets of alert providers are: DIR/NAME/KEY, or DIR/NAMESPACE/NAME/KEY.", valueName: "dir"),
    completion: .directory)
  var secrets: String?

  @Option(help: ArgumentHelp("Flagger's -cluster-name, for notifications.", valueName: "name"))
  var clusterName: String?

  @Option(
    help: ArgumentHelp(
      "Keeps the state between ticks; a run that was killed goes on from it.",
      discussion: "A file; with serve --gate a folder, in which each canary has one.", valueName: "path"),
    completion: .file())
  var state: String?

  /// `slack=https://…`
  private static func receiver(_ text: String) throws -> NotificationReceiver {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let service = NotificationService(rawValue: parts[0]),
      (try? HTTPAddress(parts[1])) != nil
    else {
      let known = NotificationService.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("write it as SERVICE=URL; services: \(known)")
    }
    return NotificationReceiver(name: service.rawValue, service: service, url: parts[1])
  }

  /// All receivers for a rollout: those of the command line, and the canary's own where webhooks are
  /// called. What cannot be reached is noted.
  func receivers(for rollout: Rollout, live: Bool, _ log: Logger) -> [NotificationReceiver] {
    var receivers = notify
    for index in receivers.indices { receivers[index].proxy = receivers[index].proxy ?? notifyProxy }
    guard callsHooks(live: live) else { return receivers }
    for route in rollout.alerts {
      let receiver = route.receiver { secret(route.secret, $0) }
      if let receiver {
        receivers.append(receiver)
      } else {
        log.warning(
          "Alert is not sent: its address is in a secret, see --secrets",
          metadata: ["alert": "\(route.name)", "secret": "\(route.secret ?? "")"])
      }
    }
    return receivers
  }

  /// An option that was given; nil without any.
  var given: String? {
    let options: [(String, Bool)] = [
      ("--on-weight", onWeight != nil), ("--webhooks", webhooks != nil), ("--notify", !notify.isEmpty),
      ("--notify-proxy", notifyProxy != nil), ("--secrets", secrets != nil),
      ("--cluster-name", clusterName != nil), ("--state", state != nil),
    ]
    return options.first(where: \.1)?.0
  }

  func callsHooks(live: Bool) -> Bool { (webhooks ?? (live ? .call : .skip)) == .call }

  /// The value of a Secret's key; nil where there is none. Names that are no names of Kubernetes' objects,
  /// and links that lead out of the folder, are not followed.
  private func secret(_ place: String?, _ key: String) -> String? {
    guard let secrets, let place else { return nil }
    let names = place.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard names.count == 2, names.allSatisfy(KubernetesName.isValid) else { return nil }
    for path in ["\(names[0])/\(names[1])/\(key)", "\(names[1])/\(key)"] {
      guard let file = InputFile.path(path, within: secrets),
        let bytes = try? InputFile.text(file, maximum: 1 << 16)
      else { continue }
      return String(decoding: bytes, as: UTF8.self)
    }
    return nil
  }
}
