"""Follows the live events of a hub and proves that none is missing. Python 3.9 or later, standard library only.

    python3 stream.py http://127.0.0.1:5080 [--after TOKEN] [--query lanes=raw] [--events N] [--reconnect-every N]

Writes one event per line to standard output. --events ends after so many events, --reconnect-every drops the connection after so many messages.
"""
import argparse
import json
import sys
import time
import urllib.error
import urllib.request

SILENCE_SECONDS = 45  # The hub sends its position every 15 s.


class Gap(Exception):
    pass


class Client:
    def __init__(self, options):
        self.options = options
        self.token = options.after  # The id of the last message: where to go on.
        self.received = 0

    def follow(self):
        request = urllib.request.Request(f"{self.options.hub.rstrip('/')}/api/events/live?{self.options.query}")
        if self.token:
            request.add_header("Last-Event-ID", self.token)
        with urllib.request.urlopen(request, timeout=SILENCE_SECONDS) as response:
            fields, messages = {}, 0
            for line in response:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                    continue
                if "data" in fields:
                    self.take(fields["event"], fields.get("id"), json.loads(fields["data"]))
                    messages += 1
                fields = {}
                if self.received >= self.options.events or messages >= self.options.reconnect_every:
                    return

    def take(self, event, token, message):
        if event == "error":
            raise OSError(message["error"])
        if event == "reset":
            print(f"The hub has another history since the last connection. It goes on at {message['newest']}; query from {message['oldest']} on for what is before.", file=sys.stderr)
        if event == "events":
            self.check(message["prev"])
            for one in message["events"]:
                print(json.dumps(one, separators=(",", ":"), ensure_ascii=False))
            sys.stdout.flush()
            self.received += len(message["events"])
        self.token = token or self.token  # Only now: what was not taken is sent again.

    def check(self, prev):
        """A client that stands at prev has missed nothing, whatever its filter selects."""
        if self.token and int(self.token.split(".")[1]) != prev:
            raise Gap(f"gap: this client stands at {self.token.split('.')[1]}, the hub goes on after {prev}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hub")
    parser.add_argument("--after")
    parser.add_argument("--query", default="")
    parser.add_argument("--events", type=int, default=sys.maxsize)
    parser.add_argument("--reconnect-every", type=int, default=sys.maxsize)
    client = Client(parser.parse_args())
    while client.received < client.options.events:
        try:
            client.follow()
        except Gap as gap:
            sys.exit(str(gap))
        except urllib.error.HTTPError as error:
            if error.code == 400:
                sys.exit(error.read().decode())
            print(f"Reconnecting: {error}", file=sys.stderr)
            time.sleep(1)
        except OSError as error:
            print(f"Reconnecting: {error}", file=sys.stderr)
            time.sleep(1)


if __name__ == "__main__":
    main()
