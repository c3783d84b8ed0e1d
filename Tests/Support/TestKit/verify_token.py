#!/usr/bin/env python3
"""Verifies a token with joserfc, which shares no code with what is tested, and prints its header and claims as JSON.

Reads from standard input a JSON object {"jwks": {...}, "token": "..."}; ends with status 1 if the token is not good.
"""

import json
import sys

from joserfc import jwt
from joserfc.jwk import KeySet

given = json.load(sys.stdin)
token = jwt.decode(given["token"], KeySet.import_key_set(given["jwks"]), algorithms=["RS256"])
jwt.JWTClaimsRegistry(exp={"essential": True}).validate(token.claims)
print(json.dumps({"header": token.header, "claims": token.claims}))
