import Foundation
import Server

/// Python as a client of TLS that does what it likes with its bytes: it shakes hands over memory.
enum TLSClient {
  static let certificates = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "ToolTests/Certificates")

  static func bytes(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: certificates.appending(path: name)))
  }

  /// The test server's certificate and key.
  static func security() throws -> ServerAccess.Security {
    ServerAccess.Security(certificates: try bytes("server.pem"), key: try bytes("server-key.pem"))
  }

  /// What the client does.
  enum Manner: String {
    /// Sends a request in one write with the end of the handshake, and again and again without looking at
    /// what comes back: "answered" or "nothing".
    case early
    /// Sends a request byte by byte, and wants the connection's end to be said: "answered" or "nothing".
    case pieces
    /// Flips a bit in each of its flights, at one place after the other: how many connections were answered.
    case damaged
    /// Sends twelve million bytes and wants them back: "the same" or not.
    case large
  }

  private static let script = """
    import socket, ssl, sys
    port, folder, version, certificate, manner = int(sys.argv[1]), *sys.argv[2:]
    context = ssl.create_default_context(cafile=folder + "/ca.pem")
    context.check_hostname = False
    if certificate: context.load_cert_chain(f"{folder}/{certificate}.pem", f"{folder}/{certificate}-key.pem")
    context.maximum_version = context.minimum_version = ssl.TLSVersion[version]

    class Talk:
        def __init__(self, send=lambda wire, flight: wire.sendall(flight), wait=20):
            self.send = send
            self.wire = socket.create_connection(("127.0.0.1", port)); self.wire.settimeout(wait)
            self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing)
        def leave(self):
            if flight := self.outgoing.read(): self.send(self.wire, flight)
        def arrive(self):
            got = self.wire.recv(65536)
            self.incoming.write(got) if got else self.incoming.write_eof()
        def shake_hands(self):
            while True:
                try: return self.tls.do_handshake()
                except ssl.SSLWantReadError: self.leave(); self.arrive()
        def read(self):
            while True:
                try: return self.tls.read(1 << 20)
                except ssl.SSLWantReadError: self.arrive()

    def request(text, send=None, wait=20):
        # What was answered, up to the end that TLS itself says.
        answer = b""
        try:
            talk = Talk(send, wait) if send else Talk(wait=wait)
            talk.shake_hands(); talk.tls.write(text); talk.leave()
            while part := talk.read(): answer += part
            return answer
        except (OSError, ssl.SSLError): return b""

    short = b"GET / HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n"
    if manner == "early":
        answer, text = b"", b"GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n"
        try:
            talk = Talk(); talk.shake_hands()
            for _ in range(21): talk.tls.write(text); talk.leave()
            while b"bytes" not in answer: answer += talk.read() or exit(print("nothing"))
        except (OSError, ssl.SSLError): pass
        print("answered" if b" 200 OK" in answer else "nothing")
    if manner == "pieces":
        def send(wire, flight):
            for byte in flight: wire.sendall(bytes([byte]))
        print("answered" if b" 200 OK" in request(short, send) else "nothing")
    if manner == "damaged":
        answered = 0
        for flight in range(2):
            for place in range(0, 700, 23):
                turn = [flight]
                def send(wire, bytes_):
                    turn[0] -= 1
                    if turn[0] == -1:
                        bytes_ = bytearray(bytes_); bytes_[place % len(bytes_)] ^= 1
                    wire.sendall(bytes_)
                answered += b" 200 OK" in request(short, send, 0.2)
        print(answered)
    if manner == "large":
        body = bytes(range(256)) * 46875
        head = f"POST / HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
        answer = request(head.encode() + body)
        print("the same" if answer.endswith(b"\\r\\n\\r\\n" + body) else f"{len(answer)} bytes")
    """

  /// Has a client talk to a server: what it says of it.
  static func talk(
    _ server: HTTPServer, _ manner: Manner, version: String = "TLSv1_3", certificate: String = "client"
  ) async throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c", script, "\(server.address.port)", certificates.path(), version, certificate,
      manner.rawValue,
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let data = (try? output.fileHandleForReading.readToEnd()) ?? nil
        process.waitUntilExit()
        continuation.resume(returning: String(decoding: data ?? Data(), as: UTF8.self))
      }
    }
  }
}
