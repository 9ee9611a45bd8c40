import Foundation
import Glibc
import Server

/// A client that says what it likes: raw bytes over loopback.
final class LoopbackClient: Sendable {
  struct Problem: Error { let errno: Int32 }

  private let descriptor: Int32

  /// Connects; an answer that takes longer than `patience` seconds counts as none.
  init(_ server: HTTPServer, patience: Double = 60) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var wait = timeval(tv_sec: Int(patience), tv_usec: Int(patience * 1e6) % 1_000_000)
    let size = socklen_t(MemoryLayout<timeval>.size)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, size)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, size)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(server.address.port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Problem(errno: errno) }
  }

  deinit { close(descriptor) }

  /// Sends what it can.
  func send(_ text: String) { send(Array(text.utf8)) }

  private func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { part in
        unsafe Glibc.send(descriptor, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// What arrives until the server closes, or until `count` occurrences of `mark` have arrived.
  func receive(until mark: String? = nil, count: Int = 1) async -> String {
    await Self.onThread { self.received(until: mark, count: count) }
  }

  /// Whether the server has closed the connection.
  func isClosed() async -> Bool {
    await Self.onThread {
      var byte: UInt8 = 0
      return unsafe recv(self.descriptor, &byte, 1, 0) <= 0 && errno != EAGAIN
    }
  }

  /// Waits on a thread of its own: the threads of tasks are for the server.
  private static func onThread<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: body()) }
    }
  }

  private func received(until mark: String?, count: Int) -> String {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    while true {
      let length = unsafe recv(descriptor, &part, part.count, 0)
      guard length > 0 else { break }
      bytes += part[..<length]
      if let mark, String(decoding: bytes, as: UTF8.self).ranges(of: mark).count >= count { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Ends the connection with a reset, as a client does that crashes.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    let size = socklen_t(MemoryLayout<linger>.size)
    _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, size)
    shutdown(descriptor, Int32(SHUT_RDWR))
  }
}
