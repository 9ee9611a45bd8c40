/// Languages that give characters a meaning, and how text of others is written in them so that it has none:
/// no link, no picture, no mention, no command.
package enum Markup: CaseIterable, Sendable {
  /// GitHub's and GitLab's, with HTML, mentions and links that are only written out.
  case markdown
  /// Slack's: `<!channel>`, `<https://…|text>`.
  case slack
  /// What Discord and Rocket.Chat make of Slack's messages: mentions and Markdown's links.
  case chat
  /// Microsoft Teams' cards: Markdown's links, and HTML.
  case teams
  /// Google Chat's cards: some HTML.
  case html
  /// The text of a workflow command of GitHub Actions (`::error::text`).
  case command
  /// A property of one (`file=`).
  case commandProperty

  /// One line of text without meaning, at most `limit` characters before it is escaped.
  package func line(_ text: String, limit: Int = 1024) -> String {
    escaped(VisibleText.line(text, limit: limit))
  }

  /// Several lines, where the language has them.
  package func lines(_ text: String, limit: Int = 1 << 16) -> String {
    escaped(VisibleText.lines(text, limit: limit))
  }

  private func escaped(_ text: String) -> String {
    var result = ""
    var last: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      result += escape(scalar, after: last) ?? String(scalar)
      last = scalar
    }
    return result
  }

  /// What stands in the place of a character; nil where it may stay.
  private func escape(_ scalar: Unicode.Scalar, after last: Unicode.Scalar) -> String? {
    switch self {
    case .markdown:
      switch scalar {
      case "|", "*", "_", "`", "[", "]", "#", "~", "\\", "!": "\\" + String(scalar)
      // A name behind it would be told, and what has a scheme would be a link.
      case "@", "$": "&#\(scalar.value);"
      case ":": last == "p" || last == "s" || last == "P" || last == "S" ? "&#58;" : nil
      case ".": last == "w" || last == "W" ? "&#46;" : nil
      default: Self.entity(scalar)
      }
    case .slack, .html: Self.entity(scalar)
    case .chat:
      switch scalar {
      // A blank without width: `@everyone` and `<@&1>` name nobody, and a bracket begins no link.
      case "@", "[", "!", "#": String(scalar) + "\u{200B}"
      default: nil
      }
    case .teams:
      switch scalar {
      case "[", "]", "*", "_", "`", "!": "\\" + String(scalar)
      default: Self.entity(scalar)
      }
    case .command, .commandProperty:
      switch scalar {
      case "%": "%25"
      case "\r": "%0D"
      case "\n": "%0A"
      case ":" where self == .commandProperty: "%3A"
      case "," where self == .commandProperty: "%2C"
      default: nil
      }
    }
  }

  private static func entity(_ scalar: Unicode.Scalar) -> String? {
    switch scalar {
    case "&": "&amp;"
    case "<": "&lt;"
    case ">": "&gt;"
    default: nil
    }
  }
}
