import TimeSeries

/// A service that shows notifications. The raw values are those of `--notify`.
public enum NotificationService: String, Sendable, Hashable, CaseIterable {
  case slack
  case discord
  case rocket
  /// A connector of the older kind: Flagger's MessageCard.
  case msteams
  /// A webhook of Workflows (Power Automate), which wants an Adaptive Card.
  case msteamsWorkflow = "msteams-workflow"
  case gchat
  /// Plain JSON of promgate's own.
  case webhook
}

extension Notification {
  /// With texts that are one line each, bounded, and mean nothing but themselves: answers of others and
  /// names from manifests are among them.
  fileprivate func shown(in markup: Markup?) -> Notification {
    func line(_ text: String) -> String {
      markup?.line(text, limit: 2000) ?? VisibleText.line(text, limit: 2000)
    }
    return Notification(
      title: line(title), message: line(message), severity: severity,
      fields: fields.map { Field(line($0.name), line($0.value)) })
  }
}

extension NotificationService {
  /// Whether a Teams address belongs to Workflows rather than to a connector.
  static func isWorkflow(_ url: String) -> Bool {
    ["logic.azure.com", "powerplatform.com", "powerautomate.com", "/workflows/"].contains { url.contains($0) }
  }

  /// Where the payload goes: Discord understands Slack's at a path of its own.
  func address(_ url: String) -> String {
    self == .discord && !url.hasSuffix("/slack") ? url + "/slack" : url
  }

  /// The body to post: JSON (flagger.md §6.4).
  func payload(_ notification: Notification, channel: String, username: String) -> String {
    let notification = notification.shown(in: markup)
    return switch self {
    case .slack, .discord, .rocket: attachments(notification, channel, username)
    case .msteams: messageCard(notification)
    case .msteamsWorkflow: adaptiveCard(notification)
    case .gchat: googleCards(notification)
    case .webhook: plain(notification)
    }
  }

  /// What gives characters a meaning there; nil where nothing does.
  private var markup: Markup? {
    switch self {
    case .slack: .slack
    case .discord, .rocket: .chat
    case .msteams, .msteamsWorkflow: .teams
    case .gchat: .html
    case .webhook: nil
    }
  }

  private func attachments(_ notification: Notification, _ channel: String, _ username: String) -> String {
    let isError = notification.severity == .error
    let color = self == .rocket ? (isError ? "#FF0000" : "#0076D7") : (isError ? "danger" : "good")
    var attachment = GoJSON()
    attachment.add("color", color)
    attachment.add("author_name", notification.title)
    attachment.add("text", notification.message)
    attachment.add("mrkdwn_in", ["text"])
    attachment.add(
      "fields",
      notification.fields.map { field in
        var object = GoJSON()
        object.add("title", field.name)
        object.add("value", field.value)
        object.add("short", false)
        return object
      })
    var body = GoJSON()
    body.add("channel", channel)
    body.add("username", username)
    body.add("icon_url", "")
    body.add("icon_emoji", ":rocket:")
    body.add("attachments", [attachment])
    return body.closed
  }

  private func messageCard(_ notification: Notification) -> String {
    var section = GoJSON()
    section.add("activityTitle", notification.message)
    section.add("activitySubtitle", notification.title)
    section.add("facts", facts(notification, "name"))
    var body = GoJSON()
    body.add("@type", "MessageCard")
    body.add("@context", "http://schema.org/extensions")
    body.add("themeColor", notification.severity == .error ? "FF0000" : "0076D7")
    body.add("summary", notification.title)
    body.add("sections", [section])
    return body.closed
  }

  private func adaptiveCard(_ notification: Notification) -> String {
    var title = GoJSON()
    title.add("type", "TextBlock")
    title.add("text", notification.title)
    title.add("weight", "Bolder")
    title.add("size", "Medium")
    var message = GoJSON()
    message.add("type", "TextBlock")
    message.add("text", notification.message)
    message.add("wrap", true)
    switch notification.severity {
    case .info: break
    case .warning: message.add("color", "Warning")
    case .error: message.add("color", "Attention")
    }
    var parts = [title, message]
    if !notification.fields.isEmpty {
      var set = GoJSON()
      set.add("type", "FactSet")
      set.add("facts", facts(notification, "title"))
      parts.append(set)
    }
    var card = GoJSON()
    card.add("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
    card.add("type", "AdaptiveCard")
    card.add("version", "1.4")
    card.add("body", parts)
    var attachment = GoJSON()
    attachment.add("contentType", "application/vnd.microsoft.card.adaptive")
    attachment.add("content", card)
    var body = GoJSON()
    body.add("type", "message")
    body.add("attachments", [attachment])
    return body.closed
  }

  private func facts(_ notification: Notification, _ nameKey: String) -> [GoJSON] {
    notification.fields.map { field in
      var object = GoJSON()
      object.add(nameKey, field.name)
      object.add("value", field.value)
      return object
    }
  }

  private func googleCards(_ notification: Notification) -> String {
    func section(_ text: String) -> GoJSON {
      var paragraph = GoJSON()
      paragraph.add("text", text)
      var widget = GoJSON()
      widget.add("textParagraph", paragraph)
      var section = GoJSON()
      section.add("widgets", [widget])
      return section
    }
    var header = GoJSON()
    header.add("title", "Flagger")
    header.add("subtitle", notification.title)
    header.add("imageUrl", "https://flagger.app/favicon.png")
    var card = GoJSON()
    card.add("header", header)
    card.add(
      "sections",
      [section("<font color=#848484><strong>\(notification.message)</strong></font>")]
        + notification.fields.map {
          section("\($0.name)<br><font color=#848484><strong>\($0.value)</strong></font>")
        })
    var body = GoJSON()
    body.add("cards", [card])
    return body.closed
  }

  private func plain(_ notification: Notification) -> String {
    var body = GoJSON()
    body.add("canary", notification.title)
    body.add("message", notification.message)
    body.add("severity", notification.severity.rawValue)
    var fields = GoJSON()
    for field in notification.fields { fields.add(field.name, field.value) }
    body.add("fields", fields)
    return body.closed
  }
}
