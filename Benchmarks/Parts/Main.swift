import Glibc

/// `parts [--filter TEXT] [--once NAME] [--json]`: runs the benchmarks; `--once` does one of them a single time,
/// for a tool that counts instructions.
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
    var (filter, once, asJSON) = ("", String?.none, false)
    while let argument = arguments.popFirst() {
      switch argument {
      case "--filter": filter = arguments.popFirst() ?? ""
      case "--once": once = arguments.popFirst()
      case "--json": asJSON = true
      default:
        print("usage: parts [--filter TEXT] [--once NAME] [--json]")
        exit(2)
      }
    }
    let all = try Language.benchmarks() + Windows.benchmarks() + Windows.long() + Formats.benchmarks()
    if let once {
      // Nothing but what leads to it: the difference to a run of "none" is the benchmark.
      try all.first { $0.name == once }?.run()
      return
    }
    let bandwidth = Measurement.bandwidth()
    if !asJSON { print("memory: \(rounded(bandwidth)) bytes a nanosecond\n") }
    for benchmark in all where filter.isEmpty || benchmark.name.contains(filter) {
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

  private static func rounded(_ value: Double) -> String {
    let scale = value < 10 ? 100.0 : 10
    return "\((value * scale).rounded() / scale)"
  }
}
