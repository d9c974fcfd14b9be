#!/usr/bin/env python3
"""An Asterisk AGI script: asks Tiercel who calls, and tells the dialplan where the call goes.

Put it into /var/lib/asterisk/agi-bin and call it as extensions.conf beside it does. It sets
TIERCEL_QUEUE, TIERCEL_TIER, TIERCEL_AGENT, TIERCEL_REROUTE and QUEUE_PRIO; where the server does
not answer in time it sets nothing, and the dialplan goes on with its own defaults.

Needs Python 3 and nothing else. The environment of Asterisk has TIERCEL, CLIENT_ID and CLIENT_SECRET.
"""

import base64
import json
import os
import sys
import urllib.parse
import urllib.request

SERVER = os.environ.get("TIERCEL", "http://127.0.0.1:8080")
TIMEOUT = float(os.environ.get("ROUTE_TIMEOUT", "1"))  # seconds: a caller hears every one of them


def get(url, headers, form=None):
    request = urllib.request.Request(url, form, headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return json.load(answer)


def look_up(caller, called):
    credential = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}"
    basic = base64.b64encode(credential.encode()).decode()
    form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
    token = get(f"{SERVER}/oauth/token", {"Authorization": f"Basic {basic}"}, form)["access_token"]
    asked = urllib.parse.urlencode({"caller": caller, "called": called})
    return get(f"{SERVER}/v1/routing/lookup?{asked}", {"Authorization": f"Bearer {token}"})


def call_environment():
    """What Asterisk says of the call: `agi_name: value` lines, ended by an empty one."""
    found = {}
    for line in sys.stdin:
        name, _, value = line.strip().partition(": ")
        if not name:
            break
        found[name] = value
    return found


def tell(command):
    print(command, flush=True)
    sys.stdin.readline()  # 200 result=1


def main():
    call = call_environment()
    try:
        route = look_up(call.get("agi_callerid", ""), call.get("agi_dnid", ""))
    except (OSError, ValueError, KeyError) as failure:
        tell(f'VERBOSE "Tiercel does not answer: {type(failure).__name__}" 1')
        return
    tell(f'SET VARIABLE TIERCEL_QUEUE "{route["queue"]}"')
    tell(f'SET VARIABLE TIERCEL_TIER "{route["tier"]}"')
    tell(f'SET VARIABLE TIERCEL_AGENT "{route["preferred_agent"]}"')
    tell(f'SET VARIABLE TIERCEL_REROUTE "{route["reroute_to"]}"')
    # Tiercel counts from 1 = first; Asterisk serves the highest number first.
    tell(f'SET VARIABLE QUEUE_PRIO "{max(0, 10 - route["priority"])}"')


if __name__ == "__main__":
    main()
