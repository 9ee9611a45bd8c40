import Foundation
import Glibc

/// `promgate serve` on a port of its own, answering.
struct ServedTool {
  let process: Process
  let port: UInt16

  struct NotReady: Error {}

  /// Starts it. A port that somebody else has just taken is no fault: another one is tried.
  init(_ arguments: String...) throws {
    for _ in 0..<5 {
      // Below the ports that the system hands out to clients.
      let port = UInt16.random(in: 20_000..<32_000)
      let process = Process()
      process.executableURL = Tool.binary
      process.arguments = arguments + ["--listen", "127.0.0.1:\(port)"]
      process.standardError = FileHandle.nullDevice
      try process.run()
      for _ in 0..<2000 where process.isRunning {
        if (try? PushConnection(port: port)) != nil {
          (self.process, self.port) = (process, port)
          return
        }
        usleep(10_000)
      }
      process.terminate()
      process.waitUntilExit()
    }
    throw NotReady()
  }
}

/// One connection to a server, over which samples are pushed and queries asked.
final class PushConnection {
  private let socket: Int32

  struct Broken: Error {}

  init(port: UInt16) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      close(socket)
      throw Broken()
    }
  }

  deinit { close(socket) }

  /// Pushes samples of a metric by remote write 1.0; the status.
  func push(_ name: String, _ samples: [(value: Double, time: Int64)]) throws -> Int {
    var series = Self.field(1, Self.field(1, Array("__name__".utf8)) + Self.field(2, Array(name.utf8)))
    for sample in samples {
      let bits = sample.value.bitPattern
      let value = [UInt8(0x09)] + (0..<8).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
      series += Self.field(2, value + [0x10] + Self.varint(UInt64(bitPattern: sample.time)))
    }
    let message = Self.field(1, series)
    let length = UInt32(message.count - 1)
    let block =
      Self.varint(UInt64(message.count)) + [0xFC]
      + (0..<4).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + message
    return try ask(
      "POST /api/v1/write HTTP/1.1\r\nHost: x\r\nContent-Encoding: snappy\r\n"
        + "Content-Type: application/x-protobuf\r\nContent-Length: \(block.count)\r\n\r\n", block
    ).status
  }

  /// The only value of an instant query; 0 where there is none.
  func scalar(_ query: String) throws -> Double {
    let allowed = CharacterSet.alphanumerics
    let escaped = query.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    let body = try ask("GET /api/v1/query?query=\(escaped) HTTP/1.1\r\nHost: x\r\n\r\n", []).body
    guard let comma = body.range(of: ",\"", options: .backwards),
      let end = body[comma.upperBound...].firstIndex(of: "\"")
    else { throw Broken() }
    return Double(body[comma.upperBound..<end]) ?? 0
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
  }

  private static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  private func ask(_ head: String, _ body: [UInt8]) throws -> (status: Int, body: String) {
    let bytes = Array(head.utf8) + body
    guard unsafe send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw Broken()
    }
    var answer: [UInt8] = []
    while true {
      let text = String(decoding: answer, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let length = text.lowercased().range(of: "content-length: ").flatMap { found in
          Int(text[found.upperBound...].prefix { $0.isNumber })
        }
        let rest = String(text[end.upperBound...])
        if rest.utf8.count >= length ?? 0 { return (Int(text.dropFirst(9).prefix(3)) ?? 0, rest) }
      }
      var part = [UInt8](repeating: 0, count: 65_536)
      let count = unsafe recv(socket, &part, part.count, 0)
      guard count > 0 else { throw Broken() }
      answer += part[..<count]
    }
  }
}
