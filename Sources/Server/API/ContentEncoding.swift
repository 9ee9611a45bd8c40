internal import CZlib

/// How a body is compressed on its way (http-api.md §1).
enum ContentEncoding: String, Sendable {
  case gzip
  /// A zlib stream.
  case deflate

  /// Bodies below this size are not worth it, bytes.
  private static let worthwhileSize = 1024

  /// The first encoding that a client lists and that we know.
  init?(accepted header: String?) {
    guard let header, header != "identity" else { return nil }
    var rest = header.utf8[...]
    while !rest.isEmpty {
      let item = rest.prefix { $0 != UInt8(ascii: ",") }
      rest = rest[item.endIndex...].dropFirst()
      let name = item.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
      guard let encoding = ContentEncoding(rawValue: String(decoding: name, as: UTF8.self)) else { continue }
      self = encoding
      return
    }
    return nil
  }

  /// The body compressed; nil when that gains nothing.
  func compressed(_ body: [UInt8]) -> [UInt8]? {
    guard body.count >= Self.worthwhileSize else { return nil }
    let room = promgate_deflate_bound(body.count)
    let result = unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
      count = unsafe body.withUnsafeBufferPointer { input in
        unsafe promgate_deflate(
          input.baseAddress, input.count, output.baseAddress, output.count, self == .gzip ? 1 : 0)
      }
    }
    return result.isEmpty || result.count >= body.count ? nil : result
  }
}
