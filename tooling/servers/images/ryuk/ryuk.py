"""As testcontainers/ryuk: removes the containers, networks and volumes of test runs that are gone.

Listens on 8080. A client sends lines `label=KEY=VALUE[&label=...]`, each answered by ACK. When no client has been
connected for RYUK_RECONNECTION_TIMEOUT (10s), what carries those labels is removed through the Docker socket, and this
process ends.
"""
import http.client
import json
import os
import re
import socket
import socketserver
import threading
import time
import urllib.parse


def seconds(text, default):
    match = re.fullmatch(r"(\d+)(ms|s|m)?", text or "")
    return int(match[1]) * {"ms": 0.001, "m": 60}.get(match[2], 1) if match else default


CONNECTION_TIMEOUT = seconds(os.getenv("RYUK_CONNECTION_TIMEOUT"), 60)
RECONNECTION_TIMEOUT = seconds(os.getenv("RYUK_RECONNECTION_TIMEOUT"), 10)


class Docker(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")


def docker(method, path, **query):
    connection = Docker("docker", timeout=60)
    connection.request(method, f"{path}?{urllib.parse.urlencode(query)}")
    response = connection.getresponse()
    body = response.read()
    return json.loads(body) if response.status == 200 and body else None


class Clients:
    """Who is connected, since when nobody is, and the labels that they named."""

    def __init__(self):
        self.lock = threading.Lock()
        self.labels = set()
        self.connected = 0
        self.ever = False
        self.since = time.monotonic()

    def change(self, by):
        with self.lock:
            self.connected += by
            self.ever = True
            self.since = time.monotonic()

    def gone(self):
        with self.lock:
            limit = RECONNECTION_TIMEOUT if self.ever else CONNECTION_TIMEOUT
            return self.connected == 0 and time.monotonic() - self.since > limit


clients = Clients()


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        clients.change(+1)
        try:
            for line in self.rfile:
                pairs = urllib.parse.parse_qsl(line.decode().strip())
                labels = tuple(sorted(value for key, value in pairs if key == "label"))
                if labels:
                    with clients.lock:
                        clients.labels.add(labels)
                    self.wfile.write(b"ACK\n")
        except OSError:
            pass  # a killed client resets the connection
        finally:
            clients.change(-1)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True


def remove(labels):
    filters = json.dumps({"label": list(labels)})
    for container in docker("GET", "/containers/json", all=1, filters=filters) or []:
        # Itself carries the labels too.
        if container["Labels"].get("org.testcontainers.ryuk") != "true":
            docker("DELETE", f"/containers/{container['Id']}", force=1, v=1)
    for network in docker("GET", "/networks", filters=filters) or []:
        docker("DELETE", f"/networks/{network['Id']}")
    for volume in (docker("GET", "/volumes", filters=filters) or {}).get("Volumes") or []:
        docker("DELETE", f"/volumes/{volume['Name']}", force=1)


server = Server(("0.0.0.0", 8080), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("Started!")
while not clients.gone():
    time.sleep(0.2)
for named in clients.labels:
    remove(named)
print("Removed what was left")
