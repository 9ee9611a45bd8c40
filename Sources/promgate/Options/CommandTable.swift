import ArgumentParser
import FoundationEssentials
import TimeSeries

/// The commands and options that there are, as the parser itself lists them, and what arguments name beside
/// them.
///
/// The parser tells the first fault that it meets, which can be that something else is missing; an option
/// or a command that does not exist is the likelier reason, and is told first.
struct CommandTable {
  private let root: Command
  private let commands: [Command]

  private struct Dump: Decodable { var command: Command }

  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind: String
        var name: String

        /// As it is written: `--data`, `-f`.
        var text: String { (kind == "long" ? "--" : "-") + name }
      }

      var kind: String
      var names: [Name]?
    }

    var commandName: String
    var subcommands: [Command]?
    var arguments: [Argument]?

    /// The commands below it that do something.
    var own: [Command] { (subcommands ?? []).filter { $0.commandName != "help" } }

    /// Every name of an option, and whether a value follows it.
    var options: [String: Bool] {
      Dictionary(
        (arguments ?? []).flatMap { argument in
          (argument.names ?? []).map { ($0.text, argument.kind == "option") }
        }, uniquingKeysWith: { $0 || $1 })
    }
  }

  /// Nil when the parser's list cannot be read.
  init?() {
    guard let dump = try? JSONDecoder().decode(Dump.self, from: Data(Promgate._dumpHelp().utf8)) else {
      return nil
    }
    root = dump.command
    commands = dump.command.subcommands ?? []
  }

  /// The first thing among the arguments that does not exist: a text that says so, the nearest that does,
  /// and how the command is used. Nil when all of them exist.
  func complaint(on arguments: [String]) -> String? {
    var rest = arguments[...]
    if let option = unknownOption(of: root, &rest, stopsAtValue: true) {
      return complaint(on: option, of: root, nil)
    }
    guard let name = rest.popFirst() else { return nil }
    guard let command = commands.first(where: { $0.commandName == name }) else { return complaint(on: name) }
    guard name != "help" else { return complaint(onHelp: rest) }
    let type = Promgate.configuration.subcommands.first { $0.configuration.commandName == name }
    return complaint(on: rest, of: command, type, [name])
  }

  /// Of a command or of one of its own.
  ///
  /// - Parameter names: that led to the command.
  private func complaint(
    on arguments: ArraySlice<String>, of command: Command, _ type: (any ParsableCommand.Type)?,
    _ names: [String]
  ) -> String? {
    var rest = arguments
    if !command.own.isEmpty {
      if let option = unknownOption(of: command, &rest, stopsAtValue: true) {
        return complaint(on: option, of: command, type)
      }
      guard let name = rest.popFirst() else { return nil }
      guard let inner = command.own.first(where: { $0.commandName == name }) else {
        return complaint(on: name, within: command, names)
      }
      let innerType = type?.configuration.subcommands.first { $0.configuration.commandName == name }
      return complaint(on: rest, of: inner, innerType, names + [name])
    }
    return unknownOption(of: command, &rest).flatMap { complaint(on: $0, of: command, type, names) }
  }

  /// Takes arguments up to the first option that is none of the command's, to `--`, or to the end.
  private func unknownOption(
    of command: Command, _ rest: inout ArraySlice<String>, stopsAtValue: Bool = false
  ) -> String? {
    let options = command.options
    var wantsValue = false
    while let argument = rest.first, argument != "--" {
      let isValue = !argument.hasPrefix("-") || argument == "-"
      if isValue, stopsAtValue, !wantsValue { return nil }
      rest.removeFirst()
      // The parser says itself where a value is missing; what looks like a long option is meant as one.
      if isValue || (wantsValue && !argument.hasPrefix("--")) {
        wantsValue = false
        continue
      }
      let name = String(argument.prefix { $0 != "=" })
      if let hasValue = options[name] {
        wantsValue = hasValue && name == argument
      } else if isCluster(name, options) {
        wantsValue = false
      } else {
        return name
      }
    }
    rest = []
    return nil
  }

  /// Several options of a letter behind one dash.
  private func isCluster(_ name: String, _ options: [String: Bool]) -> Bool {
    !name.hasPrefix("--") && name.count > 2 && name.dropFirst().allSatisfy { options["-\($0)"] != nil }
  }

  // MARK: Complaints

  private func complaint(
    on option: String, of command: Command, _ type: (any ParsableCommand.Type)?, _ names: [String]? = nil
  ) -> String {
    let long = command.options.keys.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) }.sorted()
    let wanted = String(option.drop { $0 == "-" })
    var text = "Error: Unknown option '\(option)'"
    if let nearest = Spelling.nearest(to: wanted, among: long) ?? Self.alike(wanted, among: long) {
      text += ". Did you mean '--\(nearest)'?"
    } else if !option.hasPrefix("--") {
      text += " (a value that begins with a dash goes behind --, at the end)"
    }
    let usage = type.map { Promgate.usageString(for: $0) } ?? Promgate.usageString()
    let name = [root.commandName] + (names ?? (type == nil ? [] : [command.commandName]))
    return "\(text)\nUsage: \(usage)\n  See '\(name.joined(separator: " ")) --help' for more information."
  }

  /// - Parameter path: the names of the command that it would be one of; none for the tool's own.
  private func complaint(on name: String, within command: Command? = nil, _ path: [String] = []) -> String {
    let names = (command?.own ?? commands).map(\.commandName)
    let nearest = Spelling.nearest(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
    return """
      Error: There is no command '\((path + [name]).joined(separator: " "))'\(nearest)
      Commands: \(names.joined(separator: ", "))
        See '\(([root.commandName] + path).joined(separator: " ")) --help' for more information.
      """
  }

  private func complaint(onHelp names: ArraySlice<String>) -> String? {
    let names = names.filter { $0 != "--" && $0 != "-h" && $0 != "--help" }
    guard let first = names.first else { return nil }
    if let command = commands.first(where: { $0.commandName == first }) {
      guard names.count > 1 else { return nil }
      if names.count == 2, command.own.contains(where: { $0.commandName == names.last }) { return nil }
      return command.own.isEmpty
        ? complaint(on: names.joined(separator: " "))
        : complaint(on: names.dropFirst().joined(separator: " "), within: command, [first])
    }
    guard first.hasPrefix("-") else { return complaint(on: first) }
    return complaint(on: first, of: root, nil)
  }

  /// The name with the most letters in words that both have: of `storage.tsdb.retention` it is `retention`.
  private static func alike(_ name: String, among known: [String]) -> String? {
    let wanted = words(name)
    let rated = known.map { candidate in
      let own = words(candidate)
      let letters = own.reduce(0) { sum, word in
        sum
          + (wanted.filter { $0.hasPrefix(word) || word.hasPrefix($0) }.map { min($0.count, word.count) }
            .max() ?? 0)
      }
      return (name: candidate, letters: letters, others: own.count)
    }
    return rated.filter { $0.letters > 0 }.max { ($0.letters, $1.others) < ($1.letters, $0.others) }?.name
  }

  /// Words that tell something: of four letters or more.
  private static func words(_ name: String) -> [String] {
    name.lowercased().split { !$0.isLetter }.map(String.init).filter { $0.count >= 4 }
  }
}
