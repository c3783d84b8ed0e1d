#!/usr/bin/env python3
"""Makes the key sets and tokens of the SharedAuth tests, independently of the code under test.

Prints one JSON object: `jwks` (name -> text of a JWK Set), `tokens` (name -> token), `unknownKeyIDs` (tokens).
Well-formed tokens are signed by joserfc, what joserfc would refuse to write by hand with cryptography.
Usage: make_tokens.py SECONDS, the time of day (since 1970) that the tokens' dates are relative to.
"""

import base64
import functools
import hashlib
import hmac
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

NOW = int(sys.argv[1])
ALL = ["RS256", "RS384", "RS512", "PS256", "PS512", "ES256"]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def make_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def jose(key):
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return RSAKey.import_key(pem)


def jwk(key, kid=None, **members):
    public = key.public_key().public_numbers()
    made = {"kty": "RSA", "n": number(public.n), "e": number(public.e)}
    if kid is not None:
        made["kid"] = kid
    return {**made, **members}


def full_jwk(key, kid):
    return jwk(key, kid, use="sig", alg="RS256")


A, B, STRANGER, WEAK = make_key(), make_key(), make_key(), make_key(1024)
EC = ec.generate_private_key(ec.SECP256R1())
HEADER = {"alg": "RS256", "typ": "JWT", "kid": "key-a"}
CLAIMS = {
    "sub": "reporting-client",
    "client_id": "reporting-client",
    "auth_source": "none",
    "grant_type": "client_credentials",
    "authorities": ["ROLE_READ_NON_ASSOCIATIONS", "ROLE_SAR_DATA_ACCESS"],
    "scope": ["read"],
    "jti": "1f8d8a52-9d0e-4f5b-8f0e-0c6f6f3a0002",
    "iss": "http://localhost:9090/auth/issuer",
    "exp": NOW + 3600,
}
tokens = {}


def joserfc_token(claims=CLAIMS, key=A, default_type="JWT", **header):
    header = {name: value for name, value in {**HEADER, **header}.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=ALL, strict_check_header=False)
    return jwt.encode(header, claims, jose(key), registry=registry, default_type=default_type)


def changed(**claims):
    return {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}


def sign(key, data, algorithm=hashes.SHA256()):
    return key.sign(data, padding.PKCS1v15(), algorithm)


def by_hand(header=HEADER, payload=CLAIMS, key=A):
    """A token with a good signature of whatever header and payload: dict, text or bytes."""
    def encoded(part):
        if isinstance(part, dict):
            part = json.dumps(part)
        return b64(part.encode() if isinstance(part, str) else part)
    data = encoded(header) + "." + encoded(payload)
    return data + "." + b64(sign(key, data.encode()))


def text(**members):
    return json.dumps(changed(**members))


# Good ones, and the claims of docs/contract/platform.md §1.4
tokens["good"] = joserfc_token()
tokens["signedByB"] = joserfc_token(key=B, kid="key-b")
tokens["signedByBWithoutKeyID"] = joserfc_token(key=B, kid=None)
tokens["signedByBNamedA"] = joserfc_token(key=B)
tokens["withoutKeyID"] = joserfc_token(kid=None)
tokens["user"] = joserfc_token(changed(
    sub="STAFF_USER1", user_name="STAFF_USER1", client_id="front-end-client", auth_source="nomis",
    authorities=["ROLE_PRISON", "ROLE_TRANSFER_RESTRICTED_PATIENT"], scope=["read", "write"], name="Sam Staff"))
tokens["unprefixedRole"] = joserfc_token(changed(authorities=["READ_NON_ASSOCIATIONS"]))
tokens["scopeText"] = joserfc_token(changed(scope="read write"))
tokens["scopeList"] = joserfc_token(changed(scope=["read", "write"]))
tokens["scp"] = joserfc_token(changed(scope=None, scp=["read", "write"]))
tokens["scopeNumber"] = joserfc_token(changed(scope=5))
tokens["noAuthorities"] = joserfc_token(changed(authorities=None))
tokens["nullUserName"] = by_hand(payload={**CLAIMS, "user_name": None})
tokens["emptyAudience"] = joserfc_token(changed(aud=[]))
tokens["certificateBound"] = joserfc_token(changed(cnf={"x5t#S256": "abc"}))

# Times
for seconds in (59, 60, 61):
    tokens[f"expired{seconds}"] = joserfc_token(changed(exp=NOW - seconds))
    tokens[f"early{seconds}"] = joserfc_token(changed(nbf=NOW + seconds))
tokens["expiresIn10"] = joserfc_token(changed(exp=NOW + 10))
tokens["expiryFraction"] = by_hand(payload=text(exp=NOW - 59.5))
tokens["expiryFractionOver"] = by_hand(payload=text(exp=NOW - 60.5))
tokens["withoutExpiry"] = joserfc_token(changed(exp=None))
for name, value in {
    "Null": "null", "Text": f'"{NOW + 60}"', "Huge": "1e300", "Infinite": "1e400", "FarPast": "-1e300",
    "Int64Max": "9223372036854775807", "Int64Over": "9223372036854775808", "Negative": "-1", "Object": "{}",
}.items():
    tokens["expiry" + name] = by_hand(payload=text(exp=12345).replace("12345", value))
    tokens["notBefore" + name] = by_hand(payload=text(nbf=12345).replace("12345", value))

# Algorithms (RFC 8725 §3.1)
unsigned = b64(json.dumps({"alg": "none", "kid": "key-a"}).encode()) + "." + b64(json.dumps(CLAIMS).encode())
tokens["noneUnsigned"] = unsigned + "."
tokens["noneSigned"] = by_hand(header={**HEADER, "alg": "none"})
for spelling in ("None", "NONE", "rs256", "RS256 ", "RS25", "RS256\u0000", ""):
    tokens["alg" + repr(spelling)] = by_hand(header={**HEADER, "alg": spelling})
tokens["algNumber"] = by_hand(header={**HEADER, "alg": 256})
tokens["algMissing"] = by_hand(header={"kid": "key-a"})
for algorithm in ("RS384", "RS512", "PS256", "PS512"):
    tokens[algorithm] = joserfc_token(alg=algorithm)
ec_pem = EC.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
tokens["ES256"] = jwt.encode({**HEADER, "alg": "ES256"}, CLAIMS, ECKey.import_key(ec_pem), algorithms=ALL)
secrets = {
    "PEM": A.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    "DER": A.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    "Modulus": number(A.public_key().public_numbers().n).encode(),
}
for name, secret in secrets.items():
    data = b64(json.dumps({**HEADER, "alg": "HS256"}).encode()) + "." + b64(json.dumps(CLAIMS).encode())
    tokens["HS256With" + name] = data + "." + b64(hmac.new(secret, data.encode(), hashlib.sha256).digest())
    data = b64(json.dumps(HEADER).encode()) + "." + b64(json.dumps(CLAIMS).encode())
    tokens["RS256With" + name] = data + "." + b64(hmac.new(secret, data.encode(), hashlib.sha256).digest())
tokens["RS512NamedRS256"] = (lambda data: data + "." + b64(sign(A, data.encode(), hashes.SHA512())))(
    b64(json.dumps(HEADER).encode()) + "." + b64(json.dumps(CLAIMS).encode()))

# Spellings (RFC 8725 §2.4)
alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
good = tokens["good"]
head, body, signature = good.split(".")
assert "-" in signature or "_" in signature
assert len(signature) % 4 == 2
tokens["standardAlphabet"] = ".".join([head, body, signature.replace("-", "+").replace("_", "/")])
tokens["padded"] = good + "=="
tokens["trailingBits"] = good[:-1] + alphabet[alphabet.index(good[-1]) ^ 1]
tokens["oneCharacterMore"] = good + "AAA"
for blanks in range(3):
    header = json.dumps(HEADER) + " " * blanks
    if len(header) % 3:
        odd = by_hand(header=header).split(".")
        odd[0] = odd[0][:-1] + alphabet[alphabet.index(odd[0][-1]) ^ 1]
        data = odd[0] + "." + odd[1]
        tokens["headerTrailingBits"] = data + "." + b64(sign(A, data.encode()))
tokens["fourParts"] = good + "." + signature
tokens["twoParts"] = head + "." + body
tokens["onePart"] = head
tokens["leadingDot"] = "." + good
tokens["withoutHeader"] = "." + body + "." + signature
tokens["withoutPayload"] = head + ".." + b64(sign(A, (head + ".").encode()))
tokens["withoutSignature"] = head + "." + body + "."
tokens["dots"] = "..."
tokens["tilde"] = head + "~." + body + "." + signature
tokens["a.b"] = "a.b"

# What was tampered with
raw = base64.urlsafe_b64decode(signature + "==")
tokens["alteredPayload"] = ".".join([head, b64(text(authorities=["ROLE_ADMIN"]).encode()), signature])
tokens["alteredSignature"] = ".".join([head, body, b64(raw[:100] + bytes([raw[100] ^ 1]) + raw[101:])])
tokens["shorterSignature"] = ".".join([head, body, b64(raw[:-1])])
tokens["longerSignature"] = ".".join([head, body, b64(b"\0" + raw)])
tokens["zeroSignature"] = ".".join([head, body, b64(bytes(256))])
tokens["oneSignature"] = ".".join([head, body, b64(bytes(255) + b"\1")])
tokens["overModulusSignature"] = ".".join([head, body, b64(bytes([255]) * 256)])
tokens["otherPayload"] = ".".join([head, tokens["user"].split(".")[1], signature])

# Names and places of keys (RFC 8725 §3.10, §2.10)
for name, kid in {"unknownKeyID": "key-z", "pathKeyID": "../../../dev/null", "queryKeyID": "' OR '1'='1",
                  "emptyKeyID": ""}.items():
    tokens[name] = joserfc_token(kid=kid)
tokens["numberKeyID"] = by_hand(header={**HEADER, "kid": 1})
own = jwk(STRANGER)
tokens["strangerNamedA"] = joserfc_token(key=STRANGER)
tokens["strangerWithoutKeyID"] = joserfc_token(key=STRANGER, kid=None)
tokens["jwk"] = by_hand(header={"alg": "RS256", "jwk": own}, key=STRANGER)
tokens["jwkNamedA"] = by_hand(header={**HEADER, "jwk": {**own, "kid": "key-a"}}, key=STRANGER)
tokens["jku"] = by_hand(header={**HEADER, "jku": "http://127.0.0.1:1/jwks.json"}, key=STRANGER)
tokens["x5u"] = by_hand(header={**HEADER, "x5u": "http://127.0.0.1:1/key.pem"}, key=STRANGER)
tokens["x5c"] = by_hand(header={**HEADER, "x5c": [b64(b"certificate")]}, key=STRANGER)
tokens["goodWithForeignJWK"] = by_hand(header={**HEADER, "jwk": own})
tokens["signedByWeak"] = by_hand(header={**HEADER, "kid": "weak"}, key=WEAK)

# Header extensions and types
tokens["crit"] = by_hand(header={**HEADER, "crit": ["x-unknown"], "x-unknown": 1})
tokens["critKnownName"] = by_hand(header={**HEADER, "crit": ["exp"], "exp": NOW + 3600})
tokens["critEmpty"] = by_hand(header={**HEADER, "crit": []})
tokens["critNull"] = by_hand(header={**HEADER, "crit": None})
tokens["unencodedPayload"] = by_hand(header={**HEADER, "crit": ["b64"], "b64": False})
tokens["withoutType"] = joserfc_token(typ=None, default_type=None)
for name, value in {"Empty": "", "Blank": "  ", "Lower": "jwt", "Mixed": "Jwt", "AccessToken": "at+jwt",
                    "Other": "JOSE", "Number": 5, "Long": "JWTX"}.items():
    tokens["type" + name] = by_hand(header={**HEADER, "typ": value})

# JSON that two readers could read differently, or that is none
tokens["duplicateAlg"] = by_hand(header='{"alg":"none","kid":"key-a","alg":"RS256"}')
tokens["duplicateClaim"] = by_hand(payload=text()[:-1] + ', "client_id": "other"}')
tokens["duplicateEscaped"] = by_hand(payload=text()[:-1] + ', "client\\u005fid": "other"}')
tokens["duplicateNested"] = by_hand(payload=text()[:-1] + ', "x": {"a": 1, "a": 2}}')
tokens["headerArray"] = by_hand(header='["RS256"]')
tokens["headerNotJSON"] = by_hand(header="alg=RS256")
tokens["headerTail"] = by_hand(header=json.dumps(HEADER) + "{}")
tokens["payloadArray"] = by_hand(payload=json.dumps([CLAIMS]))
tokens["payloadText"] = by_hand(payload='"client_id"')
tokens["payloadNotJSON"] = by_hand(payload="client_id=x")
tokens["payloadTail"] = by_hand(payload=text() + " x")
tokens["payloadBOM"] = by_hand(payload=b"\xef\xbb\xbf" + text().encode())
tokens["payloadLatin1"] = by_hand(payload=text(name="XX").encode().replace(b"XX", b"\xe9"))
tokens["payloadOverlong"] = by_hand(payload=text(name="XX").encode().replace(b"XX", b"\xc0\xaf"))
tokens["payloadSurrogate"] = by_hand(payload=text(name="XX").replace("XX", "\\ud800"))
tokens["payloadComment"] = by_hand(payload=text().replace("{", "{/* */", 1))
tokens["payloadDeep"] = by_hand(payload=text()[:-1] + ', "x": ' + "[" * 5000 + "]" * 5000 + "}")

# Claims of the wrong shape
tokens["noClientID"] = joserfc_token(changed(client_id=None))
tokens["clientIDNumber"] = by_hand(payload=text(client_id=5))
tokens["clientIDNull"] = by_hand(payload={**CLAIMS, "client_id": None})
tokens["userNameNumber"] = by_hand(payload=text(user_name=5))
tokens["subjectNumber"] = by_hand(payload=text(sub=5))
tokens["authoritiesText"] = joserfc_token(changed(authorities="ROLE_READ_NON_ASSOCIATIONS"))
tokens["authoritiesMixed"] = joserfc_token(changed(authorities=["ROLE_X", 5]))
tokens["authoritiesNested"] = joserfc_token(changed(authorities=[["ROLE_X"]]))
tokens["scopeMixed"] = joserfc_token(changed(scope=["read", 5]))
tokens["keyBound"] = joserfc_token(changed(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}))

tokens["tooLong"] = joserfc_token(changed(padding="x" * 16000))
tokens["long"] = joserfc_token(changed(authorities=[f"ROLE_NUMBER_{n:04}" for n in range(400)]))

# Key sets
junk = [
    {"kty": "EC", "crv": "P-256", "kid": "ec", "x": "AA", "y": "AA"},
    {"kty": "OKP", "crv": "Ed25519", "kid": "okp", "x": "AA"},
    {"kty": "oct", "kid": "key-a", "k": number(A.public_key().public_numbers().n)},
    {"kty": "quantum", "kid": "future"},
    {"kid": "no-type"}, "text", 5, None, [],
    jwk(STRANGER, "encryption", use="enc"),
    jwk(STRANGER, "rs512", alg="RS512"),
    jwk(STRANGER, "ps256", alg="PS256"),
    jwk(STRANGER, 7),
    jwk(WEAK, "weak"),
    {**jwk(STRANGER, "even"), "n": number(A.public_key().public_numbers().n + 1)},
    {**jwk(STRANGER, "e1"), "e": "AQ"}, {**jwk(STRANGER, "e2"), "e": "Ag"}, {**jwk(STRANGER, "e0"), "e": "AA"},
    {**jwk(STRANGER, "long-e"), "e": b64(b"\1" * 5)},
    {**jwk(STRANGER, "padded"), "e": "AQAB=="}, {**jwk(STRANGER, "no-n"), "n": ""},
    {"kty": "RSA", "kid": "no-numbers"}, {**jwk(STRANGER, "number-n"), "n": 5},
    {**jwk(STRANGER, "huge"), "n": b64(b"\xff" * 2049)},
]
jwks = {
    "a": {"keys": [full_jwk(A, "key-a")]},
    "aAndB": {"keys": [full_jwk(A, "key-a"), full_jwk(B, "key-b")]},
    "b": {"keys": [full_jwk(B, "key-b")]},
    "bNamedA": {"keys": [full_jwk(B, "key-a")]},
    "withoutAlg": {"keys": [jwk(A, "key-a")]},
    "withoutKeyID": {"keys": [jwk(A)]},
    "junkAndA": {"keys": junk + [full_jwk(A, "key-a")]},
    "junk": {"keys": junk},
    "empty": {"keys": []},
    "leadingZero": {"keys": [{**jwk(A, "key-a"),
                              "n": b64(b"\0" + A.public_key().public_numbers().n.to_bytes(256, "big"))}]},
    "notASet": {"error": "not found"},
}
print(json.dumps({
    "jwks": {name: json.dumps(value) for name, value in jwks.items()},
    "junkCount": len(junk),
    "tokens": tokens,
    "unknownKeyIDs": [joserfc_token(kid=f"unknown-{n}") for n in range(100)],
}))
