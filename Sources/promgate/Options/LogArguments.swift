import ArgumentParser
import Logging

/// What is logged and in which form, for every command that runs long; the flags are Prometheus' own.
struct LogArguments: ParsableArguments {
  enum Level: String, ExpressibleByArgument, CaseIterable {
    case debug, info, warn, error
  }

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case logfmt, json
  }

  @Option(
    name: .customLong("log.level"), help: "What is logged from which level on: debug, info, warn, error.")
  var level = Level.info

  @Option(name: .customLong("log.format"), help: "How a line is written: logfmt or json.")
  var format = Format.logfmt

  /// A logger on standard error.
  var logger: Logger {
    let form: LineLog.Form =
      switch format {
      case .logfmt: .logfmt
      case .json: .json
      }
    let least: Logger.Level =
      switch level {
      case .debug: .debug
      case .info: .info
      case .warn: .warning
      case .error: .error
      }
    return Logger(label: "promgate") { _ in LineLog(form: form, logLevel: least) }
  }

  /// A logger for people, for what runs shortly.
  static var notes: Logger { Logger(label: "promgate") { _ in LineLog(form: .notes) } }
}
