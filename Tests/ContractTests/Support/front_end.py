"""Plays the restricted patients front end (docs/contract/restricted-patients.md §13, docs/contract/upstreams.md §6) against an API.

Arguments: the base URL with its path, a user's token, a system token that was issued with the user's name. Prints a JSON
list: of each call what it was, the status of the last try, how often it was tried, and the parsed body."""
import json
import sys

from front_end_client import Client


def main():
    base, user, system = sys.argv[1:]
    client = Client(base)
    patient = "/restricted-patient/prison-number/A12345"
    client.call("GET", "/health/ping")
    client.call("POST", "/discharge-to-hospital", user,
                {"offenderNo": "A12345", "fromLocationId": "MDI", "hospitalLocationCode": "HAZLWD"})
    client.call("GET", patient, user)
    client.call("POST", "/change-supporting-prison", user, {"offenderNo": "A12345", "supportingPrisonId": "HDI"})
    client.call("DELETE", patient, system)
    client.call("GET", patient, user)
    client.call("POST", "/migrate-in-restricted-patient", user,
                {"offenderNo": "A12345", "hospitalLocationCode": "HAZLWD"})
    client.call("POST", "/migrate-in-restricted-patient", user,
                {"offenderNo": "A12345", "hospitalLocationCode": "HAZLWD"})
    client.call("DELETE", patient, system)
    print(json.dumps({"calls": client.calls, "connections": len(client.sockets)}))


main()
