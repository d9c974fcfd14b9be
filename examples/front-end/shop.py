#!/usr/bin/env python3
"""A shop's server, as small as it can be: serves the page and hands out its token.

    shop.py [ADDRESS:PORT]             127.0.0.1:8090 where absent

The page gets a token that reads one customer and ends after five minutes. Which customer that is,
the shop decides by its own login, never by what the page asks for; here it is the customer of the
environment.

Needs Python 3 and nothing else. From the environment: TIERCEL (http://127.0.0.1:8080 where absent;
the page must reach it under the same address, and Tiercel must allow the page's origin),
CLIENT_ID and CLIENT_SECRET of a client with the scope `customers:delegate`, CUSTOMER
(erp1:C-1001 where absent) and CURRENCY, the base currency of the company (EUR where absent).
"""

import json
import os
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TIERCEL = os.environ.get("TIERCEL", "http://127.0.0.1:8080")
CUSTOMER = os.environ.get("CUSTOMER", "erp1:C-1001")
CURRENCY = os.environ.get("CURRENCY", "EUR")
PAGE = Path(__file__).parent
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/card.css": ("card.css", "text/css; charset=utf-8"),
    "/card.js": ("card.js", "text/javascript; charset=utf-8"),
}
# Nothing but the shop's own files is loaded, and nobody else is asked than Tiercel.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
    f"connect-src 'self' {TIERCEL}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def session():
    """Who is logged in, and the token for the page."""
    credential = f"{os.environ['CLIENT_ID']}.{os.environ['CLIENT_SECRET']}"
    asked = json.dumps({"customer": CUSTOMER, "expires_in": 300}).encode()
    headers = {"X-Api-Key": credential, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{TIERCEL}/v1/customer-tokens", asked, headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        made = json.load(answer)
    return {
        "tiercel": TIERCEL,
        "customer": made["customer"],
        "token": made["access_token"],
        "currency": CURRENCY,
    }


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/session":
            try:
                self.answer(200, "application/json", json.dumps(session()).encode())
            except (OSError, ValueError, KeyError) as failure:
                self.log_error("Tiercel gives no token: %s", type(failure).__name__)
                self.answer(503, "text/plain", b"no session")
        elif self.path in FILES:
            name, media = FILES[self.path]
            self.answer(200, media, (PAGE / name).read_bytes())
        else:
            self.answer(404, "text/plain", b"not found")

    def answer(self, status, media, body):
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_):
        """Who looks at their standing does not belong into logs."""


def main():
    host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8090").rpartition(":")
    ThreadingHTTPServer((host, int(port)), Shop).serve_forever()


if __name__ == "__main__":
    main()
