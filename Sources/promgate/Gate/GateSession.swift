import Gate
import Logging
import Manifests
import Scrape
import Server
import TimeSeries

/// One rollout on its way, and everything that it does to the world: calls webhooks, runs the command
/// that moves the weights, sends notifications, keeps its state, counts. `gate` and `serve --gate` run
/// rollouts by it and by nothing else.
actor GateSession {
  private let hooks: HTTPHookCaller?
  private let uncalled: UncalledHooks
  /// What the manifest asks for and this run leaves out.
  nonisolated let notDone: [String]
  /// Where to go on; a new analysis unless a state was kept.
  private let initial: AnalysisState
  /// When the next tick of a kept state is due, milliseconds; nil for a new analysis.
  private let resumes: Int64?

  private let rollout: Rollout
  private let command: WeightCommand?
  /// The canary's weight as it was last set.
  private var weight: Int
  private let log: Logger
  private let metrics: RolloutMetrics
  private let stateFile: StateFile?
  private let outbox: Outbox
  private let client: HTTPClient
  private var announcements: Announcements

  /// Throws when the state that was kept is of another rollout, or none.
  /// - Parameters:
  ///   - live: whether the metrics are those of now, so that webhooks are called unless told otherwise.
  ///   - state: the file that keeps the state.
  init(
    _ rollout: Rollout, _ effects: EffectArguments, live: Bool, state: StateFile?, metrics: RolloutMetrics,
    _ log: Logger
  ) throws {
    self.rollout = rollout
    self.log = log
    self.metrics = metrics
    let client = HTTPClient(userAgent: "promgate")
    self.client = client
    let receivers = effects.receivers(for: rollout, live: live, log)
    announcements = Announcements(rollout, receivers: receivers, cluster: effects.clusterName)
    outbox = Outbox(pause: Self.pause) { log.warning("Not delivered", metadata: ["err": "\($0)"]) }
    hooks =
      effects.callsHooks(live: live)
      ? HTTPHookCaller(pause: Self.pause) { try await Self.post($0, client) } : nil
    uncalled = EffectArguments.Webhooks.uncalled(effects.webhooks)
    notDone = hooks == nil ? rollout.notDone(uncalled) : []
    command = effects.onWeight.map {
      WeightCommand(text: $0, rollout: rollout, log: log, timeout: effects.onWeightTimeout)
    }
    stateFile = state
    let kept = try stateFile?.read(for: rollout, now: live ? TimeSource.wall.now() : nil)
    initial = kept?.state ?? AnalysisState()
    weight = initial.routes.canary
    resumes = kept.map { $0.time.addingClamped(1, times: rollout.interval.milliseconds) }
    if let kept {
      log.info(
        "Going on from the state",
        metadata: [
          "file": "\(state?.path ?? "")", "phase": "\(kept.state.phase.rawValue)",
          "weight": "\(kept.state.routes.canary)", "failed_checks": "\(kept.state.failedChecks)",
        ])
    }
  }

  /// Runs the rollout to its end. Cancelling ends it with an error that names the weight that stays.
  /// - Parameter report: gets every tick as it is done; what it throws ends the run once the state is kept.
  func run(
    _ judge: Judge, over evidence: any EvidenceSource, clock: any GateClock,
    report: @escaping @Sendable (TickRecord) throws -> Void
  ) async throws -> GateEnd {
    let run = GateRun(
      rollout, judge: judge, source: evidence, clock: clock, hooks: hooks, uncalled: uncalled
    ) { routes, state in try await self.route(routes, state) }
    do {
      if let resumes { try await clock.sleep(until: resumes) }
      return try await run.run(from: initial) { record in
        // The state is kept also where nobody can be told of the tick.
        let told = Result { try report(record) }
        try await tick(record)
        try told.get()
      }
    } catch is CancellationError {
      throw ToolFailure("interrupted; the canary's weight stays at \(weight)")
    }
  }

  private func route(_ routes: Routes, _ state: AnalysisState) async throws {
    try await command?.run(routes, state)
    weight = routes.canary
  }

  /// What follows from a tick. Returns before anything is delivered.
  private func tick(_ record: TickRecord) async throws {
    metrics.count(record, of: rollout)
    if record.result.end == nil {
      try stateFile?.write(record.result.state, at: record.time, for: rollout)
    } else {
      stateFile?.remove()
    }
    let client = client
    let messages = announcements.messages(for: record).compactMap { message -> Outbox.Message? in
      switch message {
      case .notification(let request):
        return Outbox.Message("notification to \(request.receiver)") { try await Self.post(request, client) }
      case .event(let request, let hook):
        guard let caller = hooks else { return nil }
        return Outbox.Message("event webhook \(hook)") { [log] in
          // The caller has made its retries: a refusal is only noted.
          if case .refused(let problem) = try await caller.send(request) {
            log.warning("Event webhook refused", metadata: ["webhook": "\(hook)", "err": "\(problem)"])
          }
        }
      }
    }
    await outbox.add(messages)
  }

  /// Waits until everything has been delivered or given up.
  func finish() async { await outbox.drain() }

  // MARK: HTTP

  @Sendable private static func pause(_ milliseconds: Int64) async throws {
    try await Task.sleep(for: .milliseconds(milliseconds))
  }

  private static func post(_ request: HookRequest, _ client: HTTPClient) async throws -> HTTPAnswer {
    var post = HTTPRequest(.post, request.url, headers: [json], body: Array(request.body.utf8))
    post.timeoutMilliseconds = request.timeoutMilliseconds
    post.usesEnvironmentProxy = true
    post.access.verifiesCertificates = !request.skipsTLSVerification
    let response = try await client.fetch(post)
    return HTTPAnswer(status: response.status, reason: response.reason, body: response.body)
  }

  private static func post(_ request: NotificationRequest, _ client: HTTPClient) async throws {
    var post = HTTPRequest(.post, request.url, headers: [json], body: Array(request.body.utf8))
    post.timeoutMilliseconds = NotificationRequest.timeout
    post.usesEnvironmentProxy = request.proxy == nil
    post.proxy = request.proxy
    // Whoever knows the address of a channel can write to it.
    post.hidesPath = true
    if let token = request.token { post.access.authorization = .bearer(token) }
    let response = try await client.fetch(post)
    guard (200..<300).contains(response.status) else {
      throw ToolFailure(
        "the receiver answered \(response.status): "
          + VisibleText.line(response.body, limit: 200)
      )
    }
  }

  private static let json = HTTPRequest.Header("Content-Type", "application/json")
}
