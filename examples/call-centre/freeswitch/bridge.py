#!/usr/bin/env python3
"""Answers FreeSWITCH's mod_xml_curl with a dialplan made of Tiercel's routing look-up.

    bridge.py [ADDRESS:PORT]           127.0.0.1:8090 where absent

FreeSWITCH posts the call as a form; the answer is an XML document that sets the caller's standing
and transfers to the queue. A caller nobody knows, and every failure, is answered with "not found":
FreeSWITCH then goes on with its dialplan on disk.

Needs Python 3 and nothing else. The server and the credential come from the environment:
TIERCEL (http://127.0.0.1:8080 where absent), CLIENT_ID and CLIENT_SECRET.
"""

import base64
import json
import os
import sys
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVER = os.environ.get("TIERCEL", "http://127.0.0.1:8080")
TIMEOUT = float(os.environ.get("ROUTE_TIMEOUT", "1"))  # seconds: a caller hears every one of them
token = {"text": "", "until": 0.0}


def fetch(url, headers, form=None):
    request = urllib.request.Request(url, form, headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return json.load(answer)


def bearer():
    """The token at hand, renewed a minute before it ends."""
    if time.monotonic() > token["until"]:
        credential = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}"
        basic = base64.b64encode(credential.encode()).decode()
        form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
        fresh = fetch(f"{SERVER}/oauth/token", {"Authorization": f"Basic {basic}"}, form)
        token["text"] = fresh["access_token"]
        token["until"] = time.monotonic() + fresh["expires_in"] - 60
    return {"Authorization": f"Bearer {token['text']}"}


def look_up(call):
    asked = {
        "caller": call.get("Caller-Caller-ID-Number", ""),
        "called": call.get("Caller-Destination-Number", ""),
    }
    return fetch(f"{SERVER}/v1/routing/lookup?{urllib.parse.urlencode(asked)}", bearer())


def document(section):
    root = xml.Element("document", type="freeswitch/xml")
    return root, xml.SubElement(root, "section", name=section)


def not_found():
    root, section = document("result")
    xml.SubElement(section, "result", status="not found")
    return root


def dialplan(call, route):
    root, section = document("dialplan")
    context = xml.SubElement(section, "context", name=call.get("Caller-Context", "public"))
    extension = xml.SubElement(context, "extension", name="tiercel")
    condition = xml.SubElement(extension, "condition")

    def action(application, data):
        xml.SubElement(condition, "action", application=application, data=data)

    # mod_callcenter counts in seconds waited, and so does Tiercel's advantage.
    action("set", f"cc_base_score={route['advantage_seconds']}")
    action("set", f"tiercel_tier={route['tier']}")
    action("set", f"tiercel_agent={route['preferred_agent']}")
    action("answer", "")
    action("callcenter", f"{route['reroute_to'] or route['queue']}@default")
    return root


class Bridge(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        call = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        answer = not_found()
        try:
            route = look_up(call)
            if route["matched"]:
                answer = dialplan(call, route)
        except (OSError, ValueError, KeyError) as failure:
            self.log_error("Tiercel does not answer: %s", type(failure).__name__)
        xml.indent(answer)
        body = xml.tostring(answer, encoding="utf-8", xml_declaration=True) + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_):
        """Numbers of callers do not belong into logs."""


def main():
    host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8090").rpartition(":")
    ThreadingHTTPServer((host, int(port)), Bridge).serve_forever()


if __name__ == "__main__":
    main()
