import ArgumentParser

/// `promgate check`: what Prometheus would load.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks files as Prometheus would load them.",
    subcommands: [CheckConfigurationCommand.self])
}
