/// Builds and edits label sets. Setting a label to the empty value removes it.
public struct LabelsBuilder: Sendable {
  private var entries: [(name: [UInt8], value: [UInt8])] = []

  public init() {}

  /// Starts from the labels of a set.
  public init(_ labels: Labels) {
    var cursor = LabelCursor(labels)
    while cursor.next() {
      entries.append((Array(labels.bytes[cursor.name]), Array(labels.bytes[cursor.value])))
    }
  }

  public mutating func set(_ name: String, _ value: String) {
    set(Array(name.utf8), Array(value.utf8))
  }

  /// Sets a label; an empty value removes it. Linear in the number of labels.
  public mutating func set(_ name: [UInt8], _ value: [UInt8]) {
    let low = place(of: name)
    let exists = low < entries.count && entries[low].name == name
    switch (exists, value.isEmpty) {
    case (true, true): entries.remove(at: low)
    case (true, false): entries[low].value = value
    case (false, true): break
    case (false, false): entries.insert((name, value), at: low)
    }
  }

  public mutating func remove(_ name: String) { set(name, "") }

  /// The value of a label; empty where it is absent. Logarithmic in the number of labels.
  package func value(of name: [UInt8]) -> [UInt8] {
    let place = place(of: name)
    return place < entries.count && entries[place].name == name ? entries[place].value : []
  }

  /// The names of all labels, in order.
  package var names: [[UInt8]] { entries.map(\.name) }

  /// Where the label stands, or would.
  private func place(of name: [UInt8]) -> Int {
    var low = 0
    // Labels mostly arrive in order, so the end is the likely place.
    var high = entries.count
    if let last = entries.last, last.name.lexicographicallyPrecedes(name) { low = high }
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].name.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  public func labels() -> Labels {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.reduce(0) { $0 + $1.name.count + $1.value.count + 2 })
    for entry in entries {
      Self.append(entry.name, to: &bytes)
      Self.append(entry.value, to: &bytes)
    }
    return Labels(bytes: bytes)
  }

  private static func append(_ text: [UInt8], to bytes: inout [UInt8]) {
    let length = min(text.count, 0xFF_FFFF)
    if length < 0xFF {
      bytes.append(UInt8(length))
    } else {
      bytes.append(0xFF)
      bytes.append(UInt8(length & 0xFF))
      bytes.append(UInt8(length >> 8 & 0xFF))
      bytes.append(UInt8(length >> 16))
    }
    bytes.append(contentsOf: text[..<length])
  }
}
