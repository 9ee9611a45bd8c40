/// The outer levels of a message, walked field by field, so that only one inner message at a time is taken
/// apart by libprotobuf-c.
enum ProtobufFields {
  /// One field with a length: its number and its bytes.
  struct Field {
    var number: UInt64
    var place: Range<Int>
  }

  /// The next field when it has this number and a length; nil for another one, which is skipped.
  static func next(_ number: UInt64, _ reader: inout ByteReader) throws(RemoteFormatError) -> Range<Int>? {
    guard let field = try next(&reader), field.number == number else { return nil }
    return field.place
  }

  /// The next field; nil for one without a length, which is skipped.
  ///
  /// - Parameter names: of the fields that must have a length, as Go's code for the message calls them.
  static func next(
    _ reader: inout ByteReader, names: [UInt64: String] = [:]
  ) throws(RemoteFormatError) -> Field? {
    let start = reader.position
    do {
      let tag = try reader.uvarint()
      if tag & 7 != 2, let name = names[tag >> 3] {
        throw RemoteFormatError("proto: wrong wireType = \(tag & 7) for field \(name)")
      }
      switch tag & 7 {
      case 0: _ = try reader.uvarint()
      case 1: _ = try reader.skip(8)
      case 2: return Field(number: tag >> 3, place: try reader.text())
      case 5: _ = try reader.skip(4)
      default: throw RemoteFormatError("a field of an unknown kind", at: start)
      }
      return nil
    } catch let error as RemoteFormatError {
      throw error
    } catch {
      throw RemoteFormatError("the message ends inside a field", at: start)
    }
  }
  /// The number of a field of a message; 0 when it is not there, the last one where it comes several times.
  static func number(_ number: UInt64, of message: [UInt8]) throws(RemoteFormatError) -> Int64 {
    var (value, reader): (Int64, ByteReader) = (0, ByteBlock(message).reader)
    while !reader.isAtEnd {
      var ahead = reader
      if let tag = try? ahead.uvarint(), tag == number << 3, let found = try? ahead.uvarint() {
        value = Int64(bitPattern: found)
        reader = ahead
      } else {
        _ = try next(&reader)
      }
    }
    return value
  }

  /// The numbers of a repeated field of a message, packed or one by one.
  static func numbers(_ number: UInt64, of message: [UInt8]) throws(RemoteFormatError) -> [Int] {
    let block = ByteBlock(message)
    var (numbers, reader): ([Int], ByteReader) = ([], block.reader)
    while !reader.isAtEnd {
      var ahead = reader
      if let tag = try? ahead.uvarint(), tag == number << 3, let value = try? ahead.uvarint() {
        numbers.append(Int(UInt32(truncatingIfNeeded: value)))
        reader = ahead
        continue
      }
      guard let place = try next(number, &reader) else { continue }
      var packed = block.reader(place)
      while !packed.isAtEnd {
        guard let value = try? packed.uvarint() else {
          throw RemoteFormatError("the message ends inside a field", at: place.lowerBound)
        }
        numbers.append(Int(UInt32(truncatingIfNeeded: value)))
      }
    }
    return numbers
  }
}
