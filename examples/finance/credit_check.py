#!/usr/bin/env python3
"""Checks an order against a customer's credit before it is released.

    credit_check.py CUSTOMER AMOUNT    CUSTOMER is system:id, e.g. erp1:C-1001; AMOUNT in base currency

Prints the decision with its reasons. Exits with 0: release; 3: hold, a person decides; 1: no answer.

Needs Python 3 and nothing else. The server and the credential come from the environment:
TIERCEL (http://127.0.0.1:8080 where absent), CLIENT_ID and CLIENT_SECRET.
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from decimal import Decimal

SERVER = os.environ.get("TIERCEL", "http://127.0.0.1:8080")
TIMEOUT = 5  # seconds


def send(request):
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        sys.exit(f"{refused.code}: {refused.read().decode()}")
    except urllib.error.URLError as failure:
        sys.exit(f"{SERVER} does not answer: {failure.reason}")


def token():
    credential = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}"
    form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
    basic = base64.b64encode(credential.encode()).decode()
    request = urllib.request.Request(
        f"{SERVER}/oauth/token", form, {"Authorization": f"Basic {basic}"}
    )
    return send(request)["access_token"]


def credit_terms(customer):
    # A strict look-up: credit is never given on the terms of a customer nobody knows.
    path = "/".join(urllib.parse.quote(part, safe="") for part in customer.split(":", 1))
    url = f"{SERVER}/v1/customers/by-external/{path}/credit-terms?strict=true"
    return send(urllib.request.Request(url, headers={"Authorization": f"Bearer {token()}"}))


def reasons_to_hold(terms, amount):
    """Why the order waits; empty where it may go."""
    reasons = [
        f"{it['code']}: {it['actual']} (allowed {it['threshold']})"
        for it in terms["hold"]["reasons"]
    ]
    # No invoice known is not the same as nothing owed: then the whole limit is compared.
    exposure = terms["exposure"]
    free = exposure["available"] if exposure["known"] else terms["limit"]["amount"]
    if terms["payment_term"]["kind"] == "prepayment":
        reasons.append("prepayment: release when the money is there")
    elif amount > Decimal(free):
        reasons.append(f"over the limit: {amount} asked, {free} free")
    return reasons


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    amount = Decimal(sys.argv[2])
    terms = credit_terms(sys.argv[1])
    reasons = reasons_to_hold(terms, amount)
    print(f"{'hold' if reasons else 'release'}: {amount} {terms['currency']}, {terms['payment_term']['text']}")
    for reason in reasons:
        print(f"  {reason}")
    sys.exit(3 if reasons else 0)


if __name__ == "__main__":
    main()
