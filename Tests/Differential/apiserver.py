"""A Kubernetes API server for the checks of this folder: kuberig with its etcd, on loopback, and its HTTP API.

The server is built from Debian's Go libraries into a folder with bin/kuberig and bin/etcd; without it the checks that need
it are skipped. Standard library only.
"""
import base64
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time


class APIServer:
    """Starts a server that forgets everything when it ends."""

    def __init__(self, folder, work, port):
        data = os.path.join(work, "apiserver")
        shutil.rmtree(data, ignore_errors=True)
        os.makedirs(data)
        self.port, self.kubeconfig = port, os.path.join(data, "admin.kubeconfig")
        log = open(os.path.join(work, "apiserver.log"), "w")
        program = lambda name: os.path.join(folder, "bin", name)
        self.process = subprocess.Popen(
            [program("kuberig"), "--dir", data, "--etcd", program("etcd"), "--port", str(port), "--etcd-port", str(port + 1)],
            stdout=log, stderr=log)
        self.context = self.connection = None
        for _ in range(300):
            if self.process.poll() is not None:
                sys.exit(f"the API server ended early: see {log.name}")
            try:
                if self.request("GET", "/readyz", raw=True)[1] == b"ok":
                    return
            except (OSError, ValueError, http.client.HTTPException):
                self.context = None
            time.sleep(0.1)
        sys.exit(f"the API server does not become ready: see {log.name}")

    @staticmethod
    def is_there(folder):
        return all(os.path.exists(os.path.join(folder, "bin", name)) for name in ("kuberig", "etcd"))

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def credentials(self):
        text = open(self.kubeconfig).read()

        def field(name):
            found = re.search(name + r": ?['\"]?([A-Za-z0-9+/=]+)", text)
            if found is None:
                raise ValueError(name)
            return base64.b64decode(found.group(1))

        certificate = self.kubeconfig + ".pem"
        with open(certificate, "wb") as file:
            file.write(field("client-certificate-data") + b"\n" + field("client-key-data"))
        self.context = ssl.create_default_context(cadata=field("certificate-authority-data").decode())
        self.context.load_cert_chain(certificate)

    def request(self, method, path, body=None, content="application/json", raw=False):
        """Status and answer; the connection is kept."""
        if self.context is None:
            self.credentials()
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=20)
        payload = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body, ensure_ascii=False)
        if isinstance(payload, str):
            payload = payload.encode()
        for attempt in range(2):
            try:
                self.connection.request(method, path, body=payload, headers={"Content-Type": content, "Accept": "application/json"})
                answer = self.connection.getresponse()
                data = answer.read()
                return answer.status, data if raw else json.loads(data)
            except (http.client.HTTPException, ConnectionError):
                self.connection.close()
                if attempt:
                    raise

    def define(self, definition):
        """Creates a CustomResourceDefinition and waits until it is served."""
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        status, answer = self.request("POST", path, definition)
        if status != 201:
            sys.exit(f"{definition['metadata']['name']} is refused: {answer.get('message')}")
        for _ in range(100):
            made = self.request("GET", f"{path}/{definition['metadata']['name']}")[1]
            conditions = {one["type"]: one["status"] for one in made.get("status", {}).get("conditions") or []}
            if conditions.get("Established") == "True":
                if conditions.get("NonStructuralSchema") == "True":
                    sys.exit(f"{definition['metadata']['name']} is not structural")
                return made
            time.sleep(0.05)
        sys.exit(f"{definition['metadata']['name']} is not established")

    def create(self, group, plural, body, validation, content="application/json"):
        """What the server would answer to a new resource: nothing is kept."""
        path = f"/apis/{group}/namespaces/default/{plural}?dryRun=All&fieldValidation={validation}"
        return self.request("POST", path, body, content)


def lint(promgate, files, work):
    """`promgate lint` over texts by their file names: the findings of each, by name."""
    found = {name: [] for name in files}
    names = sorted(files)
    for start in range(0, len(names), 2000):
        folder = os.path.join(work, "linted")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for name in names[start:start + 2000]:
            with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
                file.write(files[name])
        run = subprocess.run([promgate, "lint", folder, "--format", "json"], capture_output=True, text=True)
        if run.returncode not in (0, 1):
            sys.exit(f"promgate lint ended with {run.returncode}: {run.stderr[:500]}")
        for finding in json.loads(run.stdout)["findings"]:
            found[os.path.basename(finding["range"]["file"])].append(finding)
    return found
