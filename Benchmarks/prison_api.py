"""A double of prison API that can be made to hang, for the benchmarks: everybody has an active booking, and a discharge
succeeds. Where a call hangs, it is kept without an answer until its caller goes away."""
import asyncio
import json
import threading

AGENCIES = {
    "INST": [("MDI", "Moorland (HMP & YOI)"), ("LEI", "Leeds (HMP)")],
    "HOSPITAL": [],
    "HSHOSP": [("HAZLWD", "Hazelwood House")],
}


class PrisonAPI:
    """A server on a thread of its own. A context manager."""

    def __enter__(self):
        self.hangs = False
        self.bookings = 0
        self.discharges = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        server = self.run(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *error):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def run(self, coroutine):
        """Runs a coroutine beside the server, and waits for it."""
        return self.start(coroutine).result()

    def start(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, target, _ = head.split(" ", 2)
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
                await reader.readexactly(int(fields.get("content-length", 0)))
                status, body = self.answer(method, target.split("?")[0].split("/")[1:])
                # Bookings are answered always, so that discharges get as far as the change itself.
                if self.hangs and "bookings" not in target:
                    await reader.read()
                    return
                text = json.dumps(body).encode()
                writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(text)}\r\n\r\n".encode() + text)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, method, path):
        match (method, path):
            case ("GET", ["health", "ping"]):
                return "200 OK", {"status": "UP"}
            case ("GET", ["api", "bookings", "offenderNo", number]):
                self.bookings += 1
                return "200 OK", {"offenderNo": number, "bookingId": 1, "activeFlag": True}
            case ("GET", ["api", "agencies", "type", kind]):
                return "200 OK", [{"agencyId": code, "description": name, "agencyType": kind, "active": True}
                                  for code, name in AGENCIES.get(kind, [])]
            case ("PUT", ["api", "offenders", number, "discharge-to-hospital"]):
                self.discharges += 1
                return "200 OK", {"offenderNo": number}
        return "404 Not Found", {"status": 404}
