import Foundation

/// A write-ahead log as Prometheus writes it, plain, in parts that a test can leave out.
struct WrittenLog {
  /// What a record says.
  enum Record {
    case series(reference: UInt64, labels: [(String, String)])
    case floats([(reference: UInt64, time: Int64, value: Double)])
  }

  private(set) var bytes: [UInt8] = []
  /// Where each record ends.
  private(set) var ends: [Int] = []

  init(_ records: [Record]) { for record in records { append(Self.encoded(record)) } }

  private mutating func append(_ record: [UInt8]) {
    var rest = record[...]
    var isFirst = true
    repeat {
      let room = 32768 - bytes.count % 32768
      guard room > 7 else {
        bytes += [UInt8](repeating: 0, count: room)
        continue
      }
      let part = rest.prefix(room - 7)
      rest = rest.dropFirst(part.count)
      let kind: UInt8 = isFirst ? (rest.isEmpty ? 1 : 2) : (rest.isEmpty ? 4 : 3)
      isFirst = false
      bytes +=
        [kind, UInt8(part.count >> 8), UInt8(part.count & 0xFF)] + Self.big(Castagnoli.sum(part)) + part
    } while !rest.isEmpty
    ends.append(bytes.count)
  }

  private static func encoded(_ record: Record) -> [UInt8] {
    switch record {
    case .series(let reference, let labels):
      var bytes = [1] + big(reference) + unsigned(UInt64(labels.count))
      for (name, value) in labels {
        for text in [name, value] { bytes += unsigned(UInt64(text.utf8.count)) + Array(text.utf8) }
      }
      return bytes
    case .floats(let samples):
      guard let first = samples.first else { return [2] }
      var bytes = [2] + big(first.reference) + big(UInt64(bitPattern: first.time))
      for sample in samples {
        bytes +=
          signed(Int64(bitPattern: sample.reference &- first.reference)) + signed(sample.time - first.time)
        bytes += big(sample.value.bitPattern)
      }
      return bytes
    }
  }

  static func big(_ number: some FixedWidthInteger) -> [UInt8] {
    stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  static func unsigned(_ number: UInt64) -> [UInt8] {
    var (rest, bytes) = (number, [UInt8]())
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func signed(_ number: Int64) -> [UInt8] {
    unsigned(UInt64(bitPattern: (number << 1) ^ (number >> 63)))
  }
}

/// CRC-32C, a bit at a time.
enum Castagnoli {
  static func sum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
    }
    return ~sum
  }
}
