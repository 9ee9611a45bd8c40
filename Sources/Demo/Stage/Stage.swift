import Gate
import Manifests
import Scrape
import TimeSeries

/// What stands in for the cluster during one rollout: the primary, the canary when there is one, the
/// ingress in front of them, its users, and the scraping of all three into a store.
///
/// `stop` has to be called at the end: the servers run until then.
actor Stage {
  let clock: StageClock
  /// When it began, on its clock.
  let start: Int64
  nonisolated let store = Store()
  nonisolated let ingress: Ingress
  private let names: Names
  private let pace: Pace
  private let fetcher = HTTPClient(userAgent: "promgate-demo")
  private let primary: SampleApplication
  private var canary: SampleApplication?
  private var canaryScrape: Task<Void, Never>?
  /// Load and scraping, until the end.
  private var tasks: [Task<Void, Never>] = []

  /// What the cluster would call things.
  private struct Names {
    var namespace: String
    var primaryPod: String
    var canaryPod: String

    init(_ canary: Canary) {
      namespace = canary.namespace
      primaryPod = "\(canary.primaryTargetName)-6b8f7d9c4-p7x2k"
      canaryPod = "\(canary.targetName)-5d4c9f86b-c9w4q"
    }
  }

  /// Starts everything but the canary.
  init(for canary: Canary, stable: Release, pace: Pace) async throws {
    let clock = StageClock(speed: pace.speed)
    self.clock = clock
    self.pace = pace
    start = clock.now()
    names = Names(canary)
    primary = try await SampleApplication.start(stable, clock: clock)
    do {
      ingress = try await Ingress.start(
        IngressRule(canary), primary: primary.address, clock: clock, speed: pace.speed)
    } catch {
      await primary.stop()
      throw error
    }
    tasks = [
      Task { await clock.beat() },
      scrape(target("podinfo", primary.address, pod: names.primaryPod)),
      scrape(target("ingress-nginx", ingress.metricsAddress, pod: nil)),
    ]
    let load = LoadGenerator(
      address: ingress.address, rate: pace.requestRate, clock: clock, speed: pace.speed)
    tasks.append(Task { await load.run() })
  }

  /// Does what a tick of the analysis wants done.
  func perform(_ action: TickAction, with release: Release) async throws {
    switch action {
    case .scaleUp: try await startCanary(release)
    case .copySpec: primary.deploy(release)
    case .scaleToZero: await removeCanary()
    case .route(let routes): ingress.setWeight(routes.canary)
    case .event, .alert, .hookNotRun: break
    }
  }

  /// The canary's process dies; nobody is told.
  func breakCanary() async { await canary?.stop() }

  /// Ends everything; the series end with stale markers.
  func stop() async {
    for task in tasks { task.cancel() }
    await removeCanary()
    for task in tasks { await task.value }
    await ingress.stop()
    await primary.stop()
  }

  private func startCanary(_ release: Release) async throws {
    await removeCanary()
    let canary = try await SampleApplication.start(release, clock: clock)
    self.canary = canary
    ingress.setCanary(canary.address)
    canaryScrape = scrape(target("podinfo", canary.address, pod: names.canaryPod))
  }

  private func removeCanary() async {
    ingress.setCanary(nil)
    canaryScrape?.cancel()
    await canaryScrape?.value
    await canary?.stop()
    canaryScrape = nil
    canary = nil
  }

  private func target(_ job: String, _ address: String, pod: String?) -> Target {
    var labels = [("instance", address), ("job", job)]
    if let pod { labels += [("kubernetes_namespace", names.namespace), ("kubernetes_pod_name", pod)] }
    var target = Target(url: "http://\(address)/metrics", labels: Labels(labels))
    target.intervalMilliseconds = pace.scrapeInterval
    target.timeoutMilliseconds = pace.scrapeInterval
    return target
  }

  private func scrape(_ target: Target) -> Task<Void, Never> {
    let loop = ScrapeLoop([target], fetcher: fetcher, time: clock.source, into: store)
    return Task { await loop.run() }
  }
}
