#!/usr/bin/env python3
"""Prices the lines of a quote: what an ERP does between entering a quote and printing it.

    quote.py CUSTOMER LINES.csv        CUSTOMER is system:id, e.g. erp1:C-1001

The file has the columns line,sku,quantity,list_price (empty: the product's). Prints one line of
text per line of the quote and the total; exits with 3 where a line needs a person.

Needs Python 3 and nothing else. The server and the credential come from the environment:
TIERCEL (http://127.0.0.1:8080 where absent), CLIENT_ID and CLIENT_SECRET.
"""

import base64
import csv
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SERVER = os.environ.get("TIERCEL", "http://127.0.0.1:8080")
TIMEOUT = 5  # seconds; a quote screen does not wait longer
TRIES = 4


def send(request):
    """Sends a request; repeats it while the server says that it processed nothing."""
    for attempt in range(1, TRIES + 1):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            if refused.code in (429, 503) and attempt < TRIES:
                time.sleep(int(refused.headers.get("Retry-After") or 1))
                continue
            sys.exit(f"{refused.code}: {refused.read().decode()}")
        except urllib.error.URLError as failure:
            sys.exit(f"{SERVER} does not answer: {failure.reason}")


def token():
    """A bearer token, good for 15 minutes: a long-lived client keeps it and asks again in time."""
    credential = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}"
    form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
    basic = base64.b64encode(credential.encode()).decode()
    request = urllib.request.Request(
        f"{SERVER}/oauth/token", form, {"Authorization": f"Basic {basic}"}
    )
    return send(request)["access_token"]


def decide(customer, lines):
    """All lines in one request: one customer, one moment, one version of the rules."""
    system, _, number = customer.partition(":")
    question = {
        "customer": {"external": {"system": system, "id": number}},
        "currency": "EUR",
        "explain": "none",
        "lines": [
            {
                "line_id": line["line"],
                "sku": line["sku"],
                "quantity": line["quantity"],
                **({"list_unit_price": line["list_price"]} if line["list_price"] else {}),
            }
            for line in lines
        ],
    }
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    body = json.dumps(question).encode()
    # An unknown customer is a mistake in the ERP's master data: strict says so with a 404.
    url = f"{SERVER}/v1/decisions/discount?strict=true"
    return send(urllib.request.Request(url, body, headers))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[2], newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    answer = decide(sys.argv[1], lines)
    needs_a_person = False
    for asked, priced in zip(lines, answer["lines"]):
        shown = f"{priced['line_id']:>4}  {asked['sku']:<8} {asked['quantity']:>6}"
        if "error" in priced:
            needs_a_person = True
            print(f"{shown}  no price: {priced['error']['code']}")
            continue
        # Amounts are texts and stay texts: they are exact, and a float is not.
        shown += f"  {priced['list_unit_price']:>9} {priced['net_unit_price']:>9} {priced['net_amount']:>10}"
        if priced["approval"]["required"]:
            needs_a_person = True
            shown += "  approval: " + ", ".join(it["code"] for it in priced["approval"]["reasons"])
        print(shown)
    print(f"total {answer['totals']['net']} {answer['currency']}, tier {answer['tier']['code']}")
    sys.exit(3 if needs_a_person else 0)


if __name__ == "__main__":
    main()
