import Gate
import Manifests
import Scrape
import Server
import TimeSeries

/// Everything that a run does to the world beside moving weights: calls webhooks, sends notifications,
/// keeps its state, counts.
actor GateSession {
  nonisolated let hooks: HTTPHookCaller?
  /// What the manifest asks for and this run leaves out.
  nonisolated let notDone: [String]
  /// Where to go on; a new analysis unless a state was kept.
  nonisolated let initial: AnalysisState
  /// When the next tick of a kept state is due, milliseconds; nil for a new analysis.
  nonisolated let resumes: Int64?

  private let rollout: Rollout
  private let metrics: RolloutMetrics
  private let stateFile: StateFile?
  private let outbox: Outbox
  private let client: HTTPClient
  private var announcements: Announcements

  init(
    _ rollout: Rollout, _ effects: EffectArguments, live: Bool, metrics: RolloutMetrics
  ) throws {
    self.rollout = rollout
    self.metrics = metrics
    let client = HTTPClient(userAgent: "promgate")
    self.client = client
    let receivers = effects.receivers(for: rollout, live: live)
    announcements = Announcements(rollout, receivers: receivers, cluster: effects.clusterName)
    outbox = Outbox(pause: Self.pause) { Output.note("warning: not delivered: \($0)") }
    hooks =
      effects.callsHooks(live: live)
      ? HTTPHookCaller(pause: Self.pause) { try await Self.post($0, client) } : nil
    if hooks == nil {
      notDone =
        rollout.hooks.map { "webhook \($0.title): not run" }
        + rollout.alerts.map { "alert \($0.name): not sent" }
    } else {
      notDone = []
    }
    stateFile = effects.state.map(StateFile.init(path:))
    let kept = try stateFile?.read(for: rollout)
    initial = kept?.state ?? AnalysisState()
    resumes = kept.map { $0.time + rollout.interval.milliseconds }
    if let kept {
      Output.note(
        "going on from \(effects.state ?? ""): phase \(kept.state.phase.rawValue), weight "
          + "\(kept.state.routes.canary), failed checks \(kept.state.failedChecks)")
    }
  }

  /// What follows from a tick. Returns before anything is delivered.
  func tick(_ record: TickRecord) async throws {
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
        return Outbox.Message("event webhook \(hook)") {
          // The caller has made its retries: a refusal is only noted.
          if case .refused(let problem) = try await caller.send(request) {
            Output.note("warning: event webhook \(hook): \(problem)")
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
