#!/usr/bin/env python3
"""An AWS Lambda for Amazon Connect: asks Tiercel where a call goes. Connect cannot ask by itself.

Call it from a flow with the response validation STRING_MAP and a timeout of 3 seconds. Then use
`$.External.queue`, set the routing priority to `$.External.priority` (1 is first) or the routing age
to `$.External.age_boost_seconds`, one of the two. The environment has TIERCEL, CLIENT_ID and
CLIENT_SECRET. Needs nothing but Python 3. Run by hand, it answers an event that comes in on its input.
"""

import base64
import json
import os
import sys
import urllib.parse
import urllib.request

TIMEOUT = float(os.environ.get("ROUTE_TIMEOUT", "2"))  # seconds: a caller hears every one of them

# Where no answer comes: the keys that the flow reads, as for a caller nobody knows.
DEFAULT = {"matched": "false", "tier": "", "queue": "standard", "priority": "5", "stale": "true",
           "age_boost_seconds": "0", "reroute_to": "", "preferred_agent": "", "language": "en"}


def lambda_handler(event, _context):
    contact = event["Details"]["ContactData"]
    ends = {"caller": contact.get("CustomerEndpoint"), "called": contact.get("SystemEndpoint")}
    asked = {name: end["Address"] for name, end in ends.items() if end}
    asked |= {"dialect": "amazon_connect", "budget_ms": "300"}
    credential = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}".encode()
    request = urllib.request.Request(
        f"{os.environ['TIERCEL']}/v1/routing/lookup?{urllib.parse.urlencode(asked)}",
        headers={"Authorization": "Basic " + base64.b64encode(credential).decode()},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return DEFAULT


if __name__ == "__main__":
    print(json.dumps(lambda_handler(json.load(sys.stdin), None)))
