public import PromQL

/// Where the bytes of a derived text come from in the text that it was derived from: a decoded YAML
/// scalar from its file, a rendered query from its template, a collapsed query from the rendered one.
public struct PositionMap: Sendable, Hashable {
  /// A stretch of the derived text.
  struct Segment: Sendable, Hashable {
    /// Where it starts in the derived text; it ends where the next one starts.
    var start: Int
    /// The bytes of the original that it stands for.
    var origin: SourceRange
    /// Byte for byte the same, so that an offset inside maps to an offset inside. Otherwise the
    /// whole stretch stands for the whole of `origin`.
    var isVerbatim: Bool
  }

  /// In order of `start`; the first starts at 0. Empty for a text that comes from nowhere.
  private(set) var segments: [Segment] = []
  /// Length of the derived text.
  public private(set) var count = 0

  /// The map of an empty text.
  public init() {}

  /// The map of a text that is a run of bytes of the original.
  public init(verbatim origin: SourceRange) {
    appendVerbatim(origin)
  }

  /// The map of a text all of which stands for some bytes of the original.
  public init(standingFor origin: SourceRange?, length: Int) {
    if let origin { append(length, standingFor: origin) }
  }

  /// Adds bytes that are the same in the original.
  mutating func appendVerbatim(_ origin: SourceRange) {
    guard origin.end > origin.start else { return }
    if let last = segments.last, last.isVerbatim, last.origin.end == origin.start {
      segments[segments.count - 1].origin.end = origin.end
    } else {
      segments.append(Segment(start: count, origin: origin, isVerbatim: true))
    }
    count += origin.end - origin.start
  }

  /// Adds `length` bytes that stand for some bytes of the original.
  mutating func append(_ length: Int, standingFor origin: SourceRange) {
    guard length > 0 else { return }
    segments.append(Segment(start: count, origin: origin, isVerbatim: false))
    count += length
  }

  /// The bytes of the original that a range of the derived text comes from. An empty range maps to
  /// an empty one; a range outside the text to its nearest end. Logarithmic in the segments.
  public func range(_ derived: SourceRange) -> SourceRange {
    guard let last = segments.last else { return SourceRange(0, 0) }
    let start = max(0, min(derived.start, count))
    let end = max(start, min(derived.end, count))
    if start == count, end == count {
      return SourceRange(last.origin.end, last.origin.end)
    }
    let first = segments[index(of: start)]
    let lower = first.isVerbatim ? first.origin.start + (start - first.start) : first.origin.start
    guard end > start else {
      return SourceRange(lower, first.isVerbatim ? lower : first.origin.end)
    }
    let final = segments[index(of: end - 1)]
    let upper = final.isVerbatim ? final.origin.start + (end - final.start) : final.origin.end
    return SourceRange(lower, max(lower, upper))
  }

  /// The map from the text derived from this derived text to the original.
  public func composed(with next: PositionMap) -> PositionMap {
    var result = PositionMap()
    for (position, segment) in next.segments.enumerated() {
      let end = position + 1 < next.segments.count ? next.segments[position + 1].start : next.count
      guard segment.isVerbatim else {
        result.append(end - segment.start, standingFor: range(segment.origin))
        continue
      }
      var at = segment.origin.start
      while at < segment.origin.end, at < count {
        let place = index(of: at)
        let stop = min(
          segment.origin.end, place + 1 < segments.count ? segments[place + 1].start : count)
        let piece = range(SourceRange(at, stop))
        if segments[place].isVerbatim {
          result.appendVerbatim(piece)
        } else {
          result.append(stop - at, standingFor: piece)
        }
        at = stop
      }
    }
    return result
  }

  /// The segment that holds an offset within the text.
  private func index(of offset: Int) -> Int {
    var low = 0
    var high = segments.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if segments[middle].start <= offset { low = middle } else { high = middle - 1 }
    }
    return low
  }
}

/// A text that somebody wrote inside a manifest: decoded, with the way back to the file's bytes.
public struct ManifestText: Sendable, Hashable {
  /// What the YAML means: indentation, escapes and folding undone.
  public var text: String
  /// The whole scalar in the file; nil for a text that was made by code.
  public var range: SourceRange?
  /// From UTF-8 offsets of `text` to bytes of the file. Meaningless when `range` is nil.
  public var map: PositionMap

  public init(_ text: String, at range: SourceRange? = nil, map: PositionMap = PositionMap()) {
    self.text = text
    self.range = range
    self.map = map
  }

  /// The text of any scalar, as it is written.
  package init(_ scalar: ManifestNode.Scalar, at range: SourceRange, in source: ManifestSource) {
    self.init(
      String(decoding: scalar.bytes, as: UTF8.self), at: range,
      map: ScalarMap.map(scalar, at: range, in: source.bytes))
  }

  /// The file's bytes of a range of the text; nil for a text that was made by code.
  public func fileRange(_ inText: SourceRange) -> SourceRange? {
    range == nil ? nil : map.range(inText)
  }
}
