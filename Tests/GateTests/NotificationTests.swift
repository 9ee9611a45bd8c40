import Gate
import Manifests
import Synchronization
import Testing

/// What people are told, and how it looks on the wire (flagger.md §6).
@Suite struct NotificationTests {
  private var rollout: Rollout {
    var rollout = Rollout.podinfo(steps(5, to: 50))
    rollout.namespace = "test"
    rollout.progressDeadline = 60
    rollout.writtenMaxWeight = 50
    return rollout
  }

  private func body(_ service: NotificationService, _ alert: AnalysisAlert, _ url: String = "http://r/")
    -> String
  {
    NotificationReceiver(name: "r", service: service, url: url)
      .request(Notification(alert, in: rollout)).body
  }

  private let fields = [
    ("Target", "Deployment/podinfo.test"), ("Failed checks threshold", "10"), ("Progress deadline", "60s"),
    ("Traffic routing", "Weight step: 5 max: 50"),
  ]

  @Test func `Teams gets Flagger's card`() {
    let facts = fields.map { #"{"name":"\#($0)","value":"\#($1)"}"# }.joined(separator: ",")
    #expect(
      body(.msteams, .progressing)
        == #"{"@type":"MessageCard","@context":"http://schema.org/extensions","themeColor":"0076D7","#
        + #""summary":"podinfo.test","sections":[{"activityTitle":"New revision detected, progressing canary "#
        + #"analysis.","activitySubtitle":"podinfo.test","facts":["# + facts + "]}]}")
    #expect(body(.msteams, .failedChecksReached(1)).contains(#""themeColor":"FF0000""#))
  }

  @Test func `Workflows get an Adaptive Card`() {
    let text = body(.msteamsWorkflow, .failedChecksReached(2))
    #expect(
      text.hasPrefix(
        #"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive""#))
    #expect(text.contains(#""text":"Failed checks threshold reached 2","wrap":true,"color":"Attention""#))
  }

  @Test func `Slack gets attachments and Discord the same at its own path`() {
    let fields = fields.map { #"{"title":"\#($0)","value":"\#($1)","short":false}"# }.joined(separator: ",")
    let text =
      #"{"channel":"general","username":"flagger","icon_url":"","icon_emoji":":rocket:","attachments":[{"color":"#
      + #""good","author_name":"podinfo.test","text":"New revision detected, progressing canary analysis.","#
      + #""mrkdwn_in":["text"],"fields":["# + fields + "]}]}"
    #expect(body(.slack, .progressing) == text)
    #expect(body(.discord, .progressing) == text)
    #expect(body(.slack, .failedChecksReached(1)).contains(#""color":"danger""#))
    #expect(body(.rocket, .progressing).contains(##""color":"#0076D7""##))
    func url(_ url: String) -> String {
      NotificationReceiver(name: "d", service: .discord, url: url).request(
        Notification(.promoted, in: rollout)
      ).url
    }
    #expect(url("http://d/x") == "http://d/x/slack" && url("http://d/x/slack") == "http://d/x/slack")
  }

  @Test func `Google gets cards with its marks escaped`() {
    let text = body(.gchat, .promoted)
    #expect(text.hasPrefix(#"{"cards":[{"header":{"title":"Flagger","subtitle":"podinfo.test","imageUrl":"#))
    #expect(text.contains(#"\u003cfont color=#848484\u003e\u003cstrong\u003eCanary analysis completed"#))
  }

  @Test func `a rollback names what Flagger leaves out`() throws {
    var rollout = rollout
    rollout.checks = [
      Check(metric: "latency", kind: .inline, query: .text("lat"), bounds: .range(min: nil, max: 0.5))
    ]
    let outcome = rollout.checks[0].outcome(
      of: CheckEvidence(
        .success(InstantAnswer(series: [AnsweredSeries(content: .value(0.75))]))))
    let notification = Notification(
      .failedChecksReached(3), in: rollout, cluster: "prod",
      failure: TickResult.CheckedMetric(index: 0, outcome: outcome))
    #expect(notification.fields.map(\.name) == ["Cluster", "Metric", "Value", "Threshold", "Query"])
    #expect(notification.fields.map(\.value) == ["prod", "latency", "0.75", "max 0.5", "lat"])
  }

  @Test(
    arguments: [
      (CanaryAlert.Severity.unset, []), (.info, [.info, .warning, .error]), (.warn, [.warning, .error]),
      (.error, [.error]),
    ] as [(CanaryAlert.Severity, [AnalysisSeverity])])
  func `severities are filtered as Flagger does`(filter: CanaryAlert.Severity, passed: [AnalysisSeverity]) {
    let receiver = NotificationReceiver(name: "r", service: .slack, url: "http://r", filter: filter)
    #expect(AnalysisSeverity.allCases.filter(receiver.wants) == passed)
  }

  @Test func `the outbox keeps the order tries again and gives up`() async {
    struct Down: Error, CustomStringConvertible { var description: String { "down" } }
    let sent = Mutex<[String]>([])
    let told = Mutex<[String]>([])
    let pauses = Mutex<[Int64]>([])
    let outbox = Outbox(
      pause: { pause in pauses.withLock { $0.append(pause) } },
      failed: { text in told.withLock { $0.append(text) } })
    let attempts = Mutex(0)
    await outbox.add([
      Outbox.Message("first") {
        let count = attempts.withLock { count in
          count += 1
          return count
        }
        if count < 3 { throw Down() }
        sent.withLock { $0.append("first") }
      }, Outbox.Message("second") { throw Down() },
      Outbox.Message("third") { sent.withLock { $0.append("third") } },
    ])
    await outbox.drain()
    #expect(sent.withLock { $0 } == ["first", "third"])
    #expect(told.withLock { $0 } == ["second: down"])
    #expect(pauses.withLock { $0 } == [1000, 2000, 1000, 2000, 4000])
  }

  @Test func `a receiver that never answers holds nobody for long`() async {
    let told = Mutex<[String]>([])
    let outbox = Outbox(
      pause: { _ in }, failed: { text in told.withLock { $0.append(text) } })
    let message = Outbox.Message("stuck") { try await Task.sleep(for: .seconds(3600)) }
    await outbox.add([message, message, message])
    await outbox.drain(atMost: 50)
    #expect(told.withLock { $0 } == ["3 messages were given up: their receivers take too long"])
  }
}
