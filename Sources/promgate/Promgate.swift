import ArgumentParser

@main
struct Promgate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promgate",
    abstract: "May this canary go on?",
    subcommands: [TestCommand.self])
}
