import Glibc

/// `parts [--filter TEXT] [--json] [--once GROUP NAME]`: runs the benchmarks; `--once` does one of them a single
/// time, for a tool that counts instructions.
@main
enum Main {
  static func main() {
    do { try run() } catch {
      print("error: \(error)")
      exit(1)
    }
  }

  private static func run() throws {
    var arguments = CommandLine.arguments.dropFirst()
    var (filter, asJSON) = ("", false)
    while let argument = arguments.popFirst() {
      switch argument {
      case "--filter": filter = arguments.popFirst() ?? ""
      case "--once":
        // Nothing but what leads to it: the difference to a run of no benchmark is the benchmark.
        let (group, name) = (arguments.popFirst() ?? "", arguments.popFirst() ?? "")
        try groups.first { $0.name == group }?.benchmarks().first { $0.name == name }?.run()
        return
      case "--json": asJSON = true
      default:
        print("usage: parts [--filter TEXT] [--json] [--once GROUP NAME]")
        exit(2)
      }
    }
    let bandwidth = Measurement.bandwidth()
    if !asJSON { print("memory: \(rounded(bandwidth)) bytes a nanosecond\n") }
    for benchmark in try groups.flatMap({ try $0.benchmarks() })
    where filter.isEmpty || benchmark.name.contains(filter) {
      let measured: Measurement
      do { measured = try Measurement(benchmark) } catch {
        throw Benchmark.WrongAnswer(description: "\(benchmark.name): wrong answer: \(error)")
      }
      let each = measured.median / Double(benchmark.items)
      let floor = Double(benchmark.bytes) / bandwidth / Double(benchmark.items)
      if asJSON {
        print(#"{"name":"\#(benchmark.name)","ns":\#(each),"floor":\#(floor),"unit":"\#(benchmark.unit)"}"#)
        continue
      }
      let name = benchmark.name + String(repeating: " ", count: max(1, 46 - benchmark.name.count))
      let hardware = benchmark.bytes > 0 ? ", floor \(rounded(floor)) (\(rounded(each / floor)) times)" : ""
      print("\(name)\(rounded(measured.median / 1e6)) ms  \(rounded(each)) ns a \(benchmark.unit)\(hardware)")
    }
  }

  private static let groups: [(name: String, benchmarks: @Sendable () throws -> [Benchmark])] = [
    ("language", Language.benchmarks), ("windows", Windows.benchmarks), ("targets", Targets.benchmarks),
    ("long", Windows.long), ("elementary", Elementary.benchmarks),
    ("formats", Formats.benchmarks), ("roads", Roads.benchmarks),
  ]

  private static func rounded(_ value: Double) -> String {
    let scale = value < 10 ? 100.0 : 10
    return "\((value * scale).rounded() / scale)"
  }
}
