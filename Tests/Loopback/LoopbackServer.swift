import Foundation
import Glibc
import Synchronization

/// A small HTTP server on loopback for tests: a thread for each connection, answers from a function.
package final class LoopbackServer: Sendable {
  package struct Request: Sendable {
    package var line: String
    package var headers: [String: String]
    package var bytes: [UInt8]

    package var body: String { String(decoding: bytes, as: UTF8.self) }
  }

  package let port: UInt16
  private let listener: Int32
  private let isOpen = Mutex(true)

  /// `respond` gives the raw bytes of a whole answer; nil cuts the connection.
  package init(listens: Bool = true, _ respond: @escaping @Sendable (Request) -> [UInt8]?) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(listener, address, length) == 0 && (!listens || listen(listener, 64) == 0)
          && getsockname(listener, address, &length) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
    guard listens else { return }
    Thread.detachNewThread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        Thread.detachNewThread { Self.serve(connection, respond) }
      }
    }
  }

  /// A port on which nobody listens and which nobody else gets; close the socket afterwards.
  package static func closedPort() throws -> (port: UInt16, socket: Int32) {
    let server = try LoopbackServer(listens: false) { _ in nil }
    return (server.port, server.listener)
  }

  package func stop() {
    let wasOpen = isOpen.withLock { isOpen in
      defer { isOpen = false }
      return isOpen
    }
    if wasOpen {
      shutdown(listener, Int32(SHUT_RDWR))
      close(listener)
    }
  }

  package var url: String { "http://127.0.0.1:\(port)" }

  private static func serve(_ connection: Int32, _ respond: (Request) -> [UInt8]?) {
    defer { close(connection) }
    var bytes: [UInt8] = []
    while true {
      guard let request = take(&bytes) else {
        var piece = [UInt8](repeating: 0, count: 65536)
        let count = unsafe recv(connection, &piece, piece.count, 0)
        guard count > 0 else { return }
        bytes += piece[..<count]
        continue
      }
      guard let answer = respond(request) else { return }
      var sent = 0
      while sent < answer.count {
        let count = unsafe answer.withUnsafeBytes { bytes in
          unsafe send(
            connection, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
            Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return }
        sent += count
      }
    }
  }

  /// A whole request off the front of what came.
  private static func take(_ bytes: inout [UInt8]) -> Request? {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
      .split(separator: "\r\n").map(String.init)
    let line = lines.removeFirst()
    var headers: [String: String] = [:]
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    let length = Int(headers["content-length"] ?? "0") ?? 0
    guard bytes.count >= end.upperBound + length else { return nil }
    let body = Array(bytes[end.upperBound..<end.upperBound + length])
    bytes.removeSubrange(..<(end.upperBound + length))
    return Request(line: line, headers: headers, bytes: body)
  }

  /// An answer with a length.
  package static func reply(_ body: [UInt8], status: String = "200 OK", headers: [String] = []) -> [UInt8] {
    let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + headers
    return Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
  }
}
