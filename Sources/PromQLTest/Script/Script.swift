public import PromQL
public import TimeSeries

/// A test script (promqltest.md): commands in the order of the file.
public struct Script: Sendable {
  public var commands: [Command]

  public init(commands: [Command]) { self.commands = commands }

  /// Whether anything is evaluated: a script without would pass whatever it loads.
  public var hasEvaluations: Bool {
    commands.contains { if case .evaluate = $0.action { true } else { false } }
  }

  /// One command and the line of the file, from 1, at which it starts.
  public struct Command: Sendable {
    public var line: Int
    public var action: Action
  }

  public enum Action: Sendable {
    /// Drops all data.
    case clear
    case load(ScriptLoad)
    case evaluate(ScriptEvaluation)
  }
}

/// `load STEP` and its series lines (promqltest.md §2).
public struct ScriptLoad: Sendable {
  /// Milliseconds between the values of a line.
  public var step: Int64
  /// Classic histograms are loaded a second time, as native ones with custom buckets (§2.6).
  public var convertsClassicHistograms: Bool
  /// Each label set once; of several lines the last one.
  public var series: [LoadedSeries]

  /// A series line, and the offsets of its `@st` line.
  public struct LoadedSeries: Sendable {
    /// The line of the file, from 1.
    public var line: Int
    public var series: SeriesLine
    /// Milliseconds relative to each sample, nil where omitted; nil without an `@st` line.
    public var startOffsets: [Int64?]?
  }
}

/// `eval …` and its expectations (promqltest.md §3, §4).
public struct ScriptEvaluation: Sendable {
  public enum Mode: Sendable, Hashable {
    /// One instant query at a time in milliseconds.
    case instant(at: Int64)
    case range(Grid)
  }

  public var mode: Mode
  /// The query as written, in bytes.
  public var query: [UInt8]
  public var expectation: Expectation
}

/// What an evaluation has to answer.
public struct Expectation: Sendable {
  /// The expected result by its form.
  public enum Answer: Sendable {
    /// Series with one value each, or one a step.
    case series([ExpectedSeries])
    /// A range vector as the answer to an instant query: values at the steps of the grid.
    case rangeVector(Grid, [ExpectedSeries])
    case scalar(Double)
    case string(String)
  }

  public var answer: Answer
  /// The series must come in the order of the lines.
  public var isOrdered: Bool
  /// The evaluation must fail with a text that matches; nil: it must not fail.
  public var failure: TextExpectation?
  public var warnings: AnnotationExpectation
  public var infos: AnnotationExpectation
}

/// A series line of an expectation.
public struct ExpectedSeries: Sendable {
  public var labels: Labels
  public var values: [SequenceValue]
  /// Where the series stands among the lines of the block, from 1.
  public var position: Int
}

/// What a text has to be.
public enum TextExpectation: Sendable {
  case anything
  case exactly(String)
  /// The pattern matches somewhere; the source is kept for messages.
  case matching(RE2, source: String)

  func accepts(_ text: String) -> Bool {
    switch self {
    case .anything: true
    case .exactly(let expected): expected.utf8.elementsEqual(text.utf8)
    case .matching(let pattern, _): pattern.matchesPart(Array(text.utf8)[...])
    }
  }
}

extension TextExpectation: CustomStringConvertible {
  /// As a message names it.
  public var description: String {
    switch self {
    case .anything: "any text"
    case .exactly(let text): "\"\(text)\""
    case .matching(_, let source): "a match of /\(source)/"
    }
  }
}

/// What is expected of the annotations of one level (promqltest.md §4.2).
public enum AnnotationExpectation: Sendable {
  case unchecked
  case none
  /// At least one annotation; every text is met, and every annotation meets a text.
  case some([TextExpectation])
}
