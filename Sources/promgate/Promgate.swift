import ArgumentParser
import CMemory
import Glibc
import Server

struct Promgate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promgate",
    abstract: "May this canary go on?",
    version: "promgate " + BuildInformation().version,
    subcommands: [
      DemoCommand.self, LintCommand.self, LanguageServerCommand.self, GateCommand.self, ReplayCommand.self,
      QueryCommand.self, ExplainCommand.self,
      FormatCommand.self, InspectCommand.self, RecordCommand.self, ServeCommand.self, TestCommand.self,
      CheckCommand.self,
      DefinitionsCommand.self,
    ])
}

/// Runs the command that the arguments name.
///
/// Exit statuses: 0 yes, 1 the answer is no, 2 the tool could not do it (usage, input), 3 undecided.
@main
enum Tool {
  static func main() async {
    // Many threads evaluate now and then: one arena each would keep the memory of many answers, and all
    // but the first grow by pages.
    promgate_memory_arenas(1)
    // An event loop for each processor that there is: more would take turns, and connections of one wait
    // while another has its turn. NIO does not look at what the process is bound to.
    let processors = promgate_bound_processors()
    if processors > 0 { unsafe setenv("NIO_SINGLETON_GROUP_LOOP_COUNT", "\(processors)", 0) }
    Output.prepare()
    do {
      var command = try parsed(Array(CommandLine.arguments.dropFirst()))
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      try Output.finish()
    } catch let status as ExitCode {
      end(status.rawValue)
    } catch let failure as ToolFailure {
      Output.note("error: \(failure)")
      exit(2)
    } catch {
      let message = Promgate.fullMessage(for: error)
      guard Promgate.exitCode(for: error) != .success else {
        do throws(ToolFailure) { try Output.write((message + "\n").utf8) } catch {
          Output.note("error: \(error)")
          exit(2)
        }
        end(0)
      }
      Output.note(message)
      exit(2)
    }
  }

  /// Ends with a status, unless the results did not get where they should.
  private static func end(_ status: Int32) -> Never {
    do throws(ToolFailure) { try Output.finish() } catch {
      Output.note("error: \(error)")
      exit(2)
    }
    exit(status)
  }

  /// The command that the arguments name. What does not exist among them is told first.
  private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
    // The parser takes any name for a command to help with.
    if arguments.first == "help" { try refuseUnknown(arguments) }
    do {
      return try Promgate.parseAsRoot(arguments)
    } catch  where Promgate.exitCode(for: error) != .success {
      try refuseUnknown(arguments)
      throw error
    }
  }

  private static func refuseUnknown(_ arguments: [String]) throws(ExitCode) {
    guard let complaint = CommandTable()?.complaint(on: arguments) else { return }
    Output.note(complaint)
    throw ExitCode(2)
  }
}
