#!/usr/bin/env python3
"""Compares whom promgate and a real Prometheus let in over TLS, and breaks what a client sends in every way.

tls.py PROMGATE PEERS WORK [--seed N] [--cases N] [--broken N] [--handshakes N] [--show N]

First: generated tls_server_config sections (certificates inline and as files, kinds of client authentication, authorities, names,
versions, cipher suites, curves), and for each of them clients with and without certificates of many makes. Accepted or refused, the
version and the cipher suite must be the same. Then promgate alone: records split anywhere, bytes flipped, left out, put in and
doubled, alerts, records that promise too much, connections closed in the middle, clients that change keys or ask for renegotiation
without end; 64 MiB one way and a large answer the other; clients that do not read. What is whole is answered right, what is not is
answered not at all, and memory stays flat over many handshakes. Standard library and the openssl command; all on loopback.
"""
import argparse
import http.client
import os
import random
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)

REQUEST = b"GET /-/healthy HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
VERSIONS = {"TLS10": ssl.TLSVersion.TLSv1, "TLS11": ssl.TLSVersion.TLSv1_1, "TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
SUITES = ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"]
CIPHERS = ["ALL", "AES128-GCM-SHA256:AES256-SHA", "ECDHE+AESGCM", "ECDHE+CHACHA20", "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA",
           "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256", "NULL-SHA", "ADH-AES128-SHA"]


class Certificates:
    """Authorities, and certificates of many makes, in a folder."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.authority("ca")
        self.authority("other")
        self.authority("middle", signer="ca")
        self.make("server-ec", "ca", san="IP:127.0.0.1,DNS:localhost")
        self.make("server-rsa", "ca", key="rsa:2048", san="IP:127.0.0.1,DNS:localhost")
        self.clients = {
            "dns": self.make("dns", "ca", san="DNS:client.test", use="clientAuth"),
            "rsa": self.make("rsa", "ca", key="rsa:2048", san="DNS:client.test,DNS:second.test"),
            "mail": self.make("mail", "ca", san="email:me@client.test"),
            "uri": self.make("uri", "ca", san="URI:spiffe://cluster/ns/flagger"),
            "ip4": self.make("ip4", "ca", san="IP:10.1.2.3"),
            "ip6": self.make("ip6", "ca", san="IP:2001:db8::1"),
            "nameless": self.make("nameless", "ca", subject="client.test"),
            "wildcard": self.make("wildcard", "ca", san="DNS:*.test"),
            "stranger": self.make("stranger", "other", san="DNS:client.test"),
            "expired": self.make("expired", "ca", san="DNS:client.test", days=0),
            "servers": self.make("servers", "ca", san="DNS:client.test", use="serverAuth"),
            "middles": self.make("middles", "middle", san="DNS:client.test", use="clientAuth"),
            "chain": self.make("chain", "middle", san="DNS:client.test", use="clientAuth", chain="middle"),
            "selfmade": self.make("selfmade", None, san="DNS:client.test"),
            "sha1": self.make("sha1", "ca", san="DNS:client.test", digest="sha1"),
        }

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *command):
        done = subprocess.run(["openssl", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"openssl {' '.join(command)}: {done.stdout}")

    def authority(self, name, signer=None):
        if not os.path.exists(self.path(f"{name}.pem")):
            self.write(name, signer, f"/CN={name}", "ec", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"], 300, "sha256")

    def make(self, name, signer, key="ec", san=None, subject="somebody", use=None, days=300, chain=None, digest="sha256"):
        if not os.path.exists(self.path(f"{name}.pem")):
            lines = [f"subjectAltName={san}"] if san else []
            lines += [f"extendedKeyUsage={use}"] if use else []
            self.write(name, signer, f"/CN={subject}", key, lines or ["keyUsage=digitalSignature"], days, digest)
            if chain:
                with open(self.path(f"{name}.pem"), "a") as file, open(self.path(f"{chain}.pem")) as more:
                    file.write(more.read())
        return self.path(f"{name}.pem"), self.path(f"{name}-key.pem")

    def write(self, name, signer, subject, key, extensions, days, digest):
        keyed = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["-newkey", key]
        request, certificate, kept = self.path(f"{name}.csr"), self.path(f"{name}.pem"), self.path(f"{name}-key.pem")
        self.run("req", "-new", *keyed, "-nodes", "-keyout", kept, "-subj", subject, "-out", request)
        with open(self.path(f"{name}.ext"), "w") as file:
            file.write("\n".join(extensions) + "\n")
        signed = ["-CA", self.path(f"{signer}.pem"), "-CAkey", self.path(f"{signer}-key.pem"), "-CAcreateserial"] if signer else ["-signkey", kept]
        self.run("x509", "-req", "-in", request, *signed, f"-{digest}", "-days", str(days), "-extfile", self.path(f"{name}.ext"), "-out", certificate)


class Server:
    """promgate or Prometheus behind a web configuration."""

    def __init__(self, command, port, log):
        self.port = port
        self.log = open(log, "w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)

    def wait(self):
        for _ in range(400):
            if self.process.poll() is not None:
                return False
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def stop(self):
        self.process.terminate()
        status = self.process.wait(20)
        self.log.close()
        return status

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def context(certificates, client=None, low="TLS12", high="TLS13", ciphers="ALL", curve=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.load_verify_locations(certificates.path("ca.pem"))
    made.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if curve:
        made.set_ecdh_curve(curve)
    made.minimum_version, made.maximum_version = VERSIONS[low], VERSIONS[high]
    if client:
        made.load_cert_chain(*certificates.clients[client])
    return made


def ask(port, made, request=REQUEST):
    """What a client gets: refused, or the version, the cipher suite and the status."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as wire, made.wrap_socket(wire) as tls:
            tls.sendall(request)
            answer = b""
            while len(answer) < 12 and (part := tls.recv(65536)):
                answer += part
            return f"{tls.version()} {tls.cipher()[0]} {answer[:12].decode('latin-1')}" if answer else "refused"
    except (OSError, ssl.SSLError):
        return "refused"


# MARK: The same as Prometheus

def settings(rng, certificates):
    """A tls_server_config, as text."""
    server = rng.choice(["server-ec", "server-rsa"])
    lines = [f"  cert_file: {certificates.path(server + '.pem')}", f"  key_file: {certificates.path(server + '-key.pem')}"]
    if rng.random() < 0.1:
        for place, end in [(0, ".pem"), (1, "-key.pem")]:
            with open(certificates.path(server + end)) as file:
                lines[place] = f"  {['cert', 'key'][place]}: |\n" + "".join(f"    {line}" for line in file)
    clients = rng.choice(["", "NoClientCert", "RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert",
                          "RequireAndVerifyClientCert"])
    if clients:
        lines.append(f"  client_auth_type: {clients}")
    if clients.startswith(("Verify", "RequireAnd")) or rng.random() < 0.05:
        lines.append(f"  client_ca_file: {certificates.path(rng.choice(['ca.pem', 'ca.pem', 'middle.pem', 'other.pem']))}")
    if clients.startswith("Require") and rng.random() < 0.5:
        names = ["client.test", "second.test", "me@client.test", "spiffe://cluster/ns/flagger", "10.1.2.3", "2001:db8::1", "*.test", "a.test"]
        lines.append(f"  client_allowed_sans: {rng.sample(names, rng.randint(1, 3))}".replace("'", '"'))
    low, high = sorted(rng.sample(range(4), 2))
    if rng.random() < 0.4:
        lines += [f"  min_version: {list(VERSIONS)[low]}", f"  max_version: {list(VERSIONS)[high]}"]
    if rng.random() < 0.3:
        lines.append(f"  cipher_suites: [{', '.join(rng.sample(SUITES, rng.randint(1, 4)))}]")
    if rng.random() < 0.2:
        lines.append(f"  curve_preferences: [{', '.join(rng.sample(['CurveP256', 'CurveP384', 'CurveP521', 'X25519'], rng.randint(1, 3)))}]")
    if rng.random() < 0.2:
        lines.append(f"  prefer_server_cipher_suites: {rng.choice(['true', 'false'])}")
    # With HTTP/2 Prometheus wants certain suites.
    return "tls_server_config:\n" + "\n".join(lines) + "\nhttp_server_config:\n  http2: false\n"


def compare(options, certificates, report):
    rng = random.Random(options.seed)
    file, other = os.path.join(options.work, "web.yml"), os.path.join(options.work, "prometheus.yml")
    with open(other, "w") as config:
        config.write("global: {scrape_interval: 1h}\n")
    with open(file, "w") as config:
        config.write(f"tls_server_config:\n  cert_file: {certificates.path('server-ec.pem')}\n  key_file: {certificates.path('server-ec-key.pem')}\n"
                     "http_server_config:\n  http2: false\n")
    peer = Server([f"{options.peers}/prometheus/usr/bin/prometheus", f"--config.file={other}", f"--web.config.file={file}",
                   f"--storage.tsdb.path={options.work}/data", f"--web.listen-address=127.0.0.1:{options.port}"], options.port,
                  os.path.join(options.work, "prometheus.log"))
    peer.wait()
    for _ in range(100):
        if ask(peer.port, context(certificates)) != "refused":
            break
        time.sleep(0.1)
    else:
        sys.exit("Prometheus did not start")
    try:
        done = 0
        while done < options.cases:
            text = settings(rng, certificates)
            with open(file, "w") as config:
                config.write(text)
            ours = Server([options.promgate, "serve", "--receive", "--listen", f"127.0.0.1:{options.port + 1}", "--web-config", file],
                          options.port + 1, os.path.join(options.work, "promgate.log"))
            ours.wait()
            for _ in range(12):
                client = rng.choice([None, *certificates.clients])
                low, high = sorted(rng.choices(list(VERSIONS), k=2))
                ciphers = rng.choice(["ALL", "ALL", *CIPHERS])
                curve = rng.choice([None, None, None, "prime256v1", "secp384r1", "secp521r1", "X25519", "X448"])
                try:
                    made = context(certificates, client, low, high, ciphers, curve)
                except ssl.SSLError:
                    continue
                wanted, got = (ask(server.port, made) for server in [peer, ours])
                done += 1
                # OpenSSL holds a client of TLS 1.2 or older to its own curves, for certificates too (RFC 8422, 5.1.1); Go does not.
                is_known = curve not in [None, "prime256v1"] and got == "refused" and wanted.startswith(("TLSv1 ", "TLSv1.1 ", "TLSv1.2 "))
                report(wanted == got or is_known, f"{text}client {client}, {low} to {high}, {ciphers}, {curve}\n  Prometheus: {wanted}\n  promgate:   {got}")
            if ours.process.poll() is None:
                report(ours.stop() == 0, f"{text}promgate ended badly")
    finally:
        peer.stop()


# MARK: What is broken

class Client:
    """A client over memory: what it sends can be had, and broken, before it leaves."""

    def __init__(self, port, made, wait=3):
        self.wire = socket.create_connection(("127.0.0.1", port), 10)
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire.settimeout(wait)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = made.wrap_bio(self.incoming, self.outgoing)

    def talk(self, send, requests):
        """Shakes hands and asks; `send` writes each flight. What was answered."""
        answer, asked = b"", False
        try:
            while True:
                try:
                    if not asked:
                        self.tls.do_handshake()
                        asked = True
                        self.tls.write(requests)
                    part = self.tls.read(65536)
                    if not part:
                        return answer
                    answer += part
                except ssl.SSLWantReadError:
                    if flight := self.outgoing.read():
                        send(self.wire, flight)
                    got = self.wire.recv(65536)
                    if not got:
                        return answer
                    self.incoming.write(got)
        except (OSError, ssl.SSLError):
            return answer
        finally:
            self.wire.close()


def in_pieces(rng):
    single = rng.random() < 0.3

    def send(wire, flight):
        while flight:
            count = 1 if single else rng.randint(1, rng.choice([3, 50, 1000]))
            wire.sendall(flight[:count])
            flight = flight[count:]
    return send


def damaged(rng):
    """Breaks one flight, the first or a later one. Says in `broken` whether it has."""
    turn, broken = rng.choice([0, 1, 1, 1]), []
    kind = rng.choice(["flip", "leave out", "put in", "double", "cut", "alert", "length", "type", "empty", "early", "garbage"])

    def send(wire, flight):
        nonlocal turn
        turn -= 1
        if turn != -1:
            return wire.sendall(flight)
        place, some = rng.randrange(len(flight)), rng.randint(1, 40)
        broken.append(kind)
        if kind == "flip":
            flight = flight[:place] + bytes([flight[place] ^ (1 << rng.randrange(8))]) + flight[place + 1:]
        elif kind == "leave out":
            flight = flight[:place] + flight[place + some:]
        elif kind == "put in":
            flight = flight[:place] + rng.randbytes(some) + flight[place:]
        elif kind == "double":
            flight = flight[:place] + flight[place:] + flight[place:]
        elif kind == "cut":
            wire.sendall(flight[:place])
            return wire.shutdown(socket.SHUT_WR)
        elif kind == "alert":
            flight = bytes([21, 3, 3, 0, 2, rng.choice([1, 2]), rng.randrange(256)]) * rng.choice([1, 1, 40]) + flight
        elif kind == "length":
            flight = flight[:3] + struct.pack(">H", rng.choice([0, 16384, 16385, 18433, 65535])) + flight[5:] + rng.randbytes(70000)
        elif kind == "type":
            flight = bytes([rng.choice([kind for kind in [0, 20, 21, 22, 23, 24, 72, 255] if kind != flight[0]])]) + flight[1:]
        elif kind == "empty":
            flight = bytes([rng.choice([21, 22, 23]), 3, 3, 0, 0]) * rng.choice([1, 100, 2000]) + flight
        elif kind == "early":
            flight = bytes([23, 3, 3, 0, 60]) + rng.randbytes(60) + flight
        else:
            flight = rng.randbytes(rng.randint(1, 5000))
        wire.sendall(flight)
    return send, broken, kind


def break_things(options, certificates, report):
    rng = random.Random(options.seed)
    port, file = options.port + 2, os.path.join(options.work, "broken.yml")
    with open(file, "w") as config:
        config.write(f"tls_server_config:\n  cert_file: {certificates.path('server-ec.pem')}\n  key_file: {certificates.path('server-ec-key.pem')}\n"
                     f"  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: {certificates.path('ca.pem')}\n")
    server = Server([options.promgate, "serve", "--receive", "--listen", f"127.0.0.1:{port}", "--max-body-size", "128M", "--web-config", file], port,
                    os.path.join(options.work, "broken.log"))
    if not server.wait():
        sys.exit("promgate did not start")
    contexts = [context(certificates, client, version, version) for version in ["TLS12", "TLS13"] for client in [None, "dns"]]

    def is_well(what):
        report(ask(port, contexts[3]).endswith("HTTP/1.1 200"), f"{what}: nobody is served afterwards")

    for _ in range(options.broken // 4):
        answer = Client(port, rng.choice(contexts), 20).talk(in_pieces(rng), REQUEST)
        report(answer.endswith(b"Healthy.\n"), f"in pieces: {answer}")
    for number in range(options.broken):
        send, broken, kind = damaged(rng)
        answer = Client(port, rng.choice(contexts), 0.3).talk(send, REQUEST)
        # An alert, or nothing of it, may be passed over; what is answered is the answer.
        report(answer == b"" or answer.endswith(b"Healthy.\n"), f"{kind}: {answer}")
        report(not answer or kind in ["alert", "empty", "early", "put in", "double"], f"{kind} was taken")
        if number % 50 == 49:
            is_well(kind)
    for kind, letter, version in [("keys", "K", "-tls1_3"), ("renegotiation", "R", "-tls1_2")]:
        process = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        try:
            for _ in range(200):
                process.stdin.write(f"{letter}\n".encode())
                process.stdin.flush()
                time.sleep(0.002)
            status = process.wait(10)
        except BrokenPipeError:
            status = process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            status = "still there"
        report(status != "still there", f"{kind} without end are followed")
        is_well(kind)
    great(options, port, contexts[2], report)
    idle(options, server, port, contexts[2], report)
    flat(options, server, port, contexts, report)
    report(server.stop() == 0, "promgate ended badly")


def great(options, port, made, report):
    """Large bodies, and a large answer that is read slowly."""
    # Go's library reads forms of up to 10 MB; what follows is no part of them, and here the form is refused.
    for size, status, wanted in [(9 << 20, 200, b'"2"'), (64 << 20, 400, b"bad_data")]:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=made, timeout=60)
        body = b"query=1%2B1&x=" + b"a" * size
        connection.request("POST", "/api/v1/query", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        text = answer.read()
        report(answer.status == status and wanted in text, f"{size >> 20} MiB: {answer.status} {text[:100]}")
    steps = 11000
    path = "/api/v1/query_range?start=0&end={}&step=1&query={}".format(steps - 1, "%20or%20".join(f"label_replace(vector({i}),%22a%22,%22{i}%22,%22%22,%22%22)" for i in range(300)))
    sizes = []
    for pause in [0, 0.01]:
        connection.request("GET", path)
        answer, size = connection.getresponse(), 0
        while part := answer.read(1 << 20):
            size += len(part)
            time.sleep(pause)
        sizes.append(size)
    report(sizes[0] == sizes[1] > 32 << 20, f"large answers: {sizes} bytes")
    connection.close()


def idle(options, server, port, made, report):
    """Clients that ask for much and read nothing: what waits for them is bounded."""
    path = "/api/v1/query_range?start=0&end=10999&step=1&query=vector(1)%20or%20label_replace(vector(2),%22a%22,%22b%22,%22%22,%22%22)"
    before = server.memory()
    waiting = []
    for _ in range(100):
        wire = socket.create_connection(("127.0.0.1", port), 10)
        tls = made.wrap_socket(wire)
        tls.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode() * 50)
        waiting.append(tls)
    time.sleep(2)
    grown = (server.memory() - before) >> 10
    for tls in waiting:
        tls.close()
    report(grown < 200, f"100 clients that do not read: {grown} MiB more")
    print(f"100 clients that do not read take {grown} MiB")


def flat(options, server, port, contexts, report):
    """Many handshakes, whole and left in the middle."""
    def some(count):
        def work(number):
            for turn in range(count // 4):
                if turn % 10 == 0:
                    wire = socket.create_connection(("127.0.0.1", port), 10)
                    wire.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(number + turn % 200))
                    wire.close()
                else:
                    ask(port, contexts[(turn + number) % 4])
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    some(max(400, options.handshakes // 5))
    before = server.memory()
    began = time.monotonic()
    some(options.handshakes)
    grown = server.memory() - before
    print(f"{options.handshakes} handshakes: {grown} KiB more after {time.monotonic() - began:.0f} s")
    report(grown < 4096, f"{options.handshakes} handshakes: {grown} KiB more")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["promgate", "peers", "work"]:
        ap.add_argument(name)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--cases", type=int, default=600, help="clients beside Prometheus")
    ap.add_argument("--broken", type=int, default=400, help="connections that are broken")
    ap.add_argument("--handshakes", type=int, default=2000, help="handshakes over which memory must stay flat")
    ap.add_argument("--port", type=int, default=21450, help="the first of three ports")
    ap.add_argument("--show", type=int, default=20, help="how many differences to print")
    options = ap.parse_args()
    os.makedirs(options.work, exist_ok=True)
    certificates = Certificates(os.path.join(os.path.abspath(options.work), "certificates"))
    passed, failed = 0, 0

    def report(is_right, text):
        nonlocal passed, failed
        passed, failed = passed + bool(is_right), failed + (not is_right)
        if not is_right and failed <= options.show:
            print(re.sub("-----BEGIN[^:]*-----END", "…", text), flush=True)

    if options.cases:
        compare(options, certificates, report)
    if options.broken:
        break_things(options, certificates, report)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
