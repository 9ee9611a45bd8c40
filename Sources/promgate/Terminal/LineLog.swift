import Gate
import Logging
import Scrape
import Server
import TimeSeries

/// Writes what a command logs to standard error, a line an event: in the forms of Prometheus' logs, or as
/// the notes of a command that runs shortly. What strangers wrote is escaped and bounded in all of them.
struct LineLog: LogHandler {
  enum Form: Sendable {
    /// `time=… level=INFO source=… msg=… key=value`
    case logfmt
    /// The same as an object of JSON.
    case json
    /// `warning: message: key=value`, for people.
    case notes
  }

  var form: Form
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  /// Of one value, characters.
  private static let limit = 2048

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { Output.note(line(event, at: TimeSource.wall.now())) }

  /// The line of an event, without its end.
  func line(_ event: LogEvent, at time: Int64) -> String {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }
      .map { (key: $0.key, value: "\($0.value)") }.sorted { $0.key < $1.key }
    let heading = [
      ("time", Self.timestamp(time)), ("level", Self.name(event.level)),
      ("source", "\(event.file.split(separator: "/").last ?? ""):\(event.line)"),
    ]
    let message = event.message.description
    switch form {
    case .logfmt:
      let pairs = heading + [("msg", message)] + fields
      return pairs.map { "\(Self.key($0.0))=\(Self.logfmt($0.1))" }.joined(separator: " ")
    case .json:
      var object = JSONText()
      for (key, value) in heading + [("msg", message)] + fields { object.add(key, Self.cut(value)) }
      return object.closed
    case .notes:
      let told = fields.map { "\(Self.key($0.key))=\(Self.logfmt($0.value))" }.joined(separator: " ")
      let text = VisibleText.line(message, limit: Self.limit)
      return Self.prefix(event.level) + text + (told.isEmpty ? "" : ": " + told)
    }
  }

  /// RFC 3339 with milliseconds.
  private static func timestamp(_ time: Int64) -> String {
    let text = TimeParameter.text(time)
    guard !text.contains(".") else {
      let parts = text.dropLast().split(separator: ".")
      let fraction = String(parts.last ?? "")
      return "\(parts[0]).\(fraction)\(String(repeating: "0", count: max(0, 3 - fraction.count)))Z"
    }
    return text.dropLast() + ".000Z"
  }

  private static func name(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "DEBUG"
    case .info, .notice: "INFO"
    case .warning: "WARN"
    case .error, .critical: "ERROR"
    }
  }

  private static func prefix(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug, .info, .notice: ""
    case .warning: "warning: "
    case .error, .critical: "error: "
    }
  }

  private static func cut(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(limit + 1)
    return scalars.count > limit ? String(scalars.dropLast()) + "…" : text
  }

  private static func key(_ text: String) -> String {
    String(
      text.unicodeScalars.map {
        $0.isASCII && $0.value > 0x20 && $0 != "=" && $0 != "\"" ? Character($0) : "_"
      })
  }

  /// Bare where it can be, quoted as Go does otherwise.
  private static func logfmt(_ text: String) -> String {
    let text = cut(text)
    let isBare =
      !text.isEmpty
      && text.utf8.allSatisfy {
        $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\"")
          && $0 != UInt8(ascii: "\\")
      }
    return isBare ? text : GoText.quoted(text)
  }
}
