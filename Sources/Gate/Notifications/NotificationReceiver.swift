public import Manifests

/// Where notifications go, and which ones.
public struct NotificationReceiver: Sendable, Hashable {
  public var name: String
  public var service: NotificationService
  public var url: String
  public var channel: String
  public var username: String
  /// Sent as a bearer token; Slack only.
  public var token: String?
  /// The proxy to go through; nil for the environment's.
  public var proxy: String?
  /// Which severities pass.
  public var filter: CanaryAlert.Severity

  /// Flagger's names where nothing is said.
  public static let defaultChannel = "general"
  public static let defaultUsername = "flagger"

  /// Everything passes unless said otherwise.
  public init(
    name: String, service: NotificationService, url: String, channel: String = defaultChannel,
    username: String = defaultUsername, token: String? = nil, proxy: String? = nil,
    filter: CanaryAlert.Severity = .info
  ) {
    self.name = name
    self.service = service
    self.url = url
    self.channel = channel
    self.username = username
    self.token = token
    self.proxy = proxy
    self.filter = filter
  }

  /// Whether a notification passes (flagger.md §6.2): `info` lets everything through, an empty severity
  /// nothing.
  public func wants(_ severity: AnalysisSeverity) -> Bool {
    switch (filter, severity) {
    case (.info, _), (.warn, .warning), (.warn, .error), (.error, .error): true
    case (.unset, _), (.warn, .info), (.error, .info), (.error, .warning): false
    }
  }

  /// What to post where.
  public func request(_ notification: Notification) -> NotificationRequest {
    NotificationRequest(
      receiver: name, url: service.address(url),
      body: service.payload(notification, channel: channel, username: username),
      token: service == .slack ? token : nil, proxy: proxy)
  }
}

/// One notification, ready to be posted as JSON.
public struct NotificationRequest: Sendable, Hashable {
  /// The receiver's name, for messages about it.
  public var receiver: String
  public var url: String
  public var body: String
  public var token: String?
  public var proxy: String?

  /// How long a receiver may take to answer, milliseconds (flagger.md §6.3).
  public static let timeout: Int64 = 5_000
}

extension Rollout {
  /// An alert of the canary, as written.
  public struct AlertRoute: Sendable, Hashable {
    public var name: String
    public var filter: CanaryAlert.Severity
    public var service: NotificationService
    /// Nil where a Secret has it.
    public var address: String?
    /// The Secret with `address`, and perhaps `token`: `namespace/name`.
    public var secret: String?
    public var channel: String
    public var username: String
    public var proxy: String?

    /// The receiver, once the secret's keys are known; nil where there is no address.
    /// - Parameter secret: the value of a key of the Secret.
    public func receiver(secret value: (_ key: String) -> String?) -> NotificationReceiver? {
      guard let url = address ?? value("address"), !url.isEmpty else { return nil }
      let service =
        self.service == .msteams && NotificationService.isWorkflow(url) ? .msteamsWorkflow : self.service
      return NotificationReceiver(
        name: name, service: service, url: url, channel: channel, username: username,
        token: secret == nil ? nil : value("token"), proxy: proxy, filter: filter)
    }
  }

  /// What the manifests say of an alert; nil when its provider is not among them.
  static func alertRoute(
    _ alert: CanaryAlert, of canary: Canary, in manifests: ManifestSet
  ) -> AlertRoute? {
    guard let provider = try? manifests.alertProvider(alert.providerRef.value, of: canary) else { return nil }
    let service: NotificationService =
      switch provider.type.value {
      case .slack: .slack
      case .msteams: .msteams
      case .discord: .discord
      case .rocket: .rocket
      case .gchat: .gchat
      }
    return AlertRoute(
      name: alert.name.value, filter: alert.severity?.value ?? .unset, service: service,
      address: provider.address?.value,
      secret: provider.secretName.map { "\(provider.namespace)/\($0.value)" },
      channel: provider.channel?.value ?? NotificationReceiver.defaultChannel,
      username: provider.username?.value ?? NotificationReceiver.defaultUsername,
      proxy: provider.proxy?.value)
  }
}
