"""Plays the journeys of both front ends on a running all-in-one profile, call by call, each with what the front end was started
with: its part of endpoints.env (docs/contract/upstreams.md §5).

    front_end_journeys.py ENDPOINTS patients|afterwards|non-associations

Prints a line for each step, and ends with 1 and what was wrong at the first one that is not as the front end needs it."""
import base64
import datetime
import html
import http.client
import json
import re
import sys
import urllib.parse

from front_end_client import Client

TITLES = {"patients": "The restricted patients front end", "afterwards": "The restricted patients front end",
          "non-associations": "The non-associations front end"}


def part(path, title):
    """The variables of one part of endpoints.env."""
    with open(path, encoding="utf-8") as file:
        text = file.read().split(f"\n# {title}", 1)[1].split("\n\n", 1)[0]
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.M))


def check(step, holds, found):
    if not holds:
        sys.exit(f"{step}: {found}")
    print(step)


def fetch(method, url, form=None, headers=None):
    """One request of a browser or of passport: the answer and its text. Redirects are not followed."""
    url = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    fields = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    target = url.path + (f"?{url.query}" if url.query else "")
    connection.request(method, target, urllib.parse.urlencode(form) if form else None, {**fields, **(headers or {})})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def basic(client, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def sign_in(settings, username, client, secret):
    """docs/contract/upstreams.md §5, steps 2 to 6. Returns the user's token."""
    callback = f"{settings['INGRESS_URL']}/sign-in/callback"
    state = "a state/of the session+"
    query = urllib.parse.urlencode(
        {"response_type": "code", "redirect_uri": callback, "state": state, "client_id": client})
    page_url = f"{settings['HMPPS_AUTH_EXTERNAL_URL']}/oauth/authorize?{query}"
    answer, page = fetch("GET", page_url)
    check("a sign-in page", answer.status == 200 and f'value="{username}"' in page, page)
    action = urllib.parse.urljoin(page_url, re.search(r'action="([^"]+)"', page).group(1).replace("&amp;", "&"))
    answer, _ = fetch("POST", action, {"username": username, "lifetime": "3600"})
    back = urllib.parse.urlsplit(answer.headers["Location"])
    given = dict(urllib.parse.parse_qsl(back.query))
    check("back to the front end, with the state unchanged",
          answer.status == 302 and back.geturl().startswith(callback) and given["state"] == state, back)
    answer, text = fetch(
        "POST", f"{settings['HMPPS_AUTH_URL']}/oauth/token",
        {"grant_type": "authorization_code", "redirect_uri": callback, "client_id": client, "client_secret": secret,
         "code": given["code"]}, {**basic(client, secret), "User-Agent": "Node-oauth"})
    token = json.loads(text)
    check("a token, with the user's name and source beside it",
          answer.status == 200 and token["user_name"] == username and token["auth_source"] == "nomis"
          and token["expires_in"] > 60, text)
    check("the token says who may do what", "ROLE_PRISON" in claims(token["access_token"])["authorities"], text)
    status, verified = Client(settings["TOKEN_VERIFICATION_API_URL"]).call(
        "POST", "/token/verify", token["access_token"])
    check("the token is good", status == 200 and verified == {"active": True}, verified)
    return token["access_token"]


def system_token(settings, username, client, secret):
    _, text = fetch("POST", f"{settings['HMPPS_AUTH_URL']}/oauth/token",
                    {"grant_type": "client_credentials", "username": username}, basic(client, secret))
    return json.loads(text)["access_token"]


def page_furniture(settings, token, system, name, caseload):
    """What every page asks for besides its own."""
    components = Client(settings["COMPONENT_API_URL"])
    status, answer = components.call("GET", "/components?component=header&component=footer", system,
                                     headers={"x-user-token": token})
    header = answer["header"]["html"]
    check("a header with the user, the caseload and the ways out",
          status == 200 and all(part in header for part in (name, html.escape(caseload), "Sign out", "Manage your details")), answer)
    check("what it says of the user besides", answer["meta"]["activeCaseLoad"]["description"] == caseload, answer)
    check("the components' ping", components.call("GET", "/ping")[0] == 200, components.calls)
    for variable in ("DPS_URL", "NEW_DPS_URL"):
        answer, text = fetch("GET", f"{settings[variable]}/")
        check(f"{variable} is a page", answer.status == 200 and settings["INGRESS_URL"] in text, text[:300])
    for end in ("", "/add-case-note"):
        answer, text = fetch("GET", f"{settings['PRISONER_PROFILE_URL']}/prisoner/A1234BC{end}")
        check(f"/prisoner/A1234BC{end} is a page", answer.status == 200 and "Archer" in text, text[:300])
    answer, _ = fetch("GET", f"{settings['DPS_URL']}/favicon.ico")
    check("an icon", answer.status == 200, answer.status)


def is_past(prisoner, name):
    """As JavaScript compares a member with now: null is the beginning of 1970, one that is not there is never less."""
    if name not in prisoner:
        return False
    date = prisoner[name]
    return date is None or datetime.date.fromisoformat(date) < datetime.date.today()


def status_of(prisoner):
    """Whether the restricted patients front end offers to move somebody (docs/contract/restricted-patients.md §13)."""
    if prisoner["recall"]:
        return "past SED" if is_past(prisoner, "sentenceExpiryDate") else "eligible"
    if not prisoner["indeterminateSentence"] and is_past(prisoner, "conditionalReleaseDate"):
        return "past CRD"
    return "eligible"


class Patients:
    """The restricted patients front end, in the session of somebody who has signed in."""

    def __init__(self, settings):
        self.settings = settings
        self.token = sign_in(settings, "RP_LEEDS_USER", settings["AUTH_CODE_CLIENT_ID"],
                             settings["AUTH_CODE_CLIENT_SECRET"])
        self.system = system_token(settings, "RP_LEEDS_USER", settings["CLIENT_CREDS_CLIENT_ID"],
                                   settings["CLIENT_CREDS_CLIENT_SECRET"])
        self.search = Client(settings["PRISONER_SEARCH_API_URL"])
        self.prison = Client(settings["PRISON_API_URL"])
        self.api = Client(settings["RESTRICTED_PATIENT_API_URL"])
        _, self.user = Client(settings["MANAGE_USERS_API_URL"]).call("GET", "/users/me", self.token)
        check("who works at Leeds", self.user["activeCaseLoadId"] == "LEI", self.user)

    def find(self, words):
        """The prisoners of the active caseload of whom the words are the names or the number."""
        names = {"prisonerIdentifier": words} if any(c.isdigit() for c in words) else {"lastName": words}
        status, found = self.search.call(
            "POST", "/prisoner-search/match-prisoners", self.system,
            {**names, "prisonIds": [self.user["activeCaseLoadId"]], "includeAliases": False})
        check(f"a search for {words}", status == 200, found)
        return found

    def patients(self):
        status, found = self.search.call(
            "POST", "/restricted-patient-search/match-restricted-patients?size=3000", self.token,
            {"supportingPrisonIds": [self.user["activeCaseLoadId"]]})
        check("a search for restricted patients", status == 200, found)
        return {prisoner["prisonerNumber"]: prisoner for prisoner in found["content"]}

    def offender(self, number):
        status, offender = self.prison.call("GET", f"/api/offenders/{number}", self.system)
        image, _ = self.prison.call("GET", f"/api/bookings/offenderNo/{number}/image/data", self.system)
        check(f"{number} with a photograph", (status, image) == (200, 200), offender)
        return offender


def patients(settings):
    front = Patients(settings)
    page_furniture(settings, front.token, front.system, "Lena Lloyd", "Leeds (HMP)")
    expected = {"TODD": "eligible", "ELLIS": "eligible", "YATES": "eligible", "VAUGHAN": "past CRD", "WEBB": "past SED"}
    for name, status in expected.items():
        found = front.find(name)
        check(f"{name}: {status}", [status_of(prisoner) for prisoner in found] == [status], found)
    number = front.find("TODD")[0]["prisonerNumber"]
    offender = front.offender(number)
    check("where the prisoner is", offender["assignedLivingUnit"]["agencyId"] == "LEI", offender)
    hospitals = []
    for kind in ("HOSPITAL", "HSHOSP"):
        hospitals += front.prison.call("GET", f"/api/agencies/type/{kind}?active=true", front.system)[1]
    check("hospitals to choose from", "HAZLWD" in [agency["agencyId"] for agency in hospitals], hospitals)
    check("the chosen one", front.prison.call("GET", "/api/agencies/HAZLWD", front.system)[0] == 200, hospitals)
    status, answer = front.api.call(
        "POST", "/discharge-to-hospital", front.token,
        {"offenderNo": number, "fromLocationId": "LEI", "hospitalLocationCode": "HAZLWD"})
    check("moved to a hospital", status // 100 == 2, answer)
    patient = front.patients()[number]
    check("viewed among the patients, with hospital, date and prison",
          patient["dischargedHospitalDescription"] == "Hazelwood House" and patient["supportingPrisonId"] == "LEI"
          and patient["dischargeDate"] == datetime.date.today().isoformat() and patient["restrictedPatient"] is True,
          patient)
    check("no more in a prison", front.offender(number)["agencyId"] == "OUT", number)
    found = front.find(number)
    check("found in the supporting prison, as a patient", [p["restrictedPatient"] for p in found] == [True], found)
    prisons = front.prison.call("GET", "/api/agencies/type/INST?active=true", front.system)[1]
    check("prisons to choose from", "MDI" in [agency["agencyId"] for agency in prisons], prisons)
    status, answer = front.api.call("POST", "/change-supporting-prison", front.token,
                                    {"offenderNo": number, "supportingPrisonId": "MDI"})
    check("the supporting prison changed", status // 100 == 2, answer)
    check("no more among those of Leeds", number not in front.patients(), number)
    status, answer = front.api.call("GET", f"/restricted-patient/prison-number/{number}", front.token)
    check("what is to be removed", answer["hospitalLocation"]["description"] == "Hazelwood House"
          and answer["supportingPrison"]["agencyId"] == "MDI", answer)
    status, answer = front.api.call("DELETE", f"/restricted-patient/prison-number/{number}", front.system)
    check("removed", status == 200, answer)
    status, answer = front.api.call("GET", f"/restricted-patient/prison-number/{number}", front.token)
    check("not there any more", status == 404, answer)
    # Somebody who was released to a hospital elsewhere, to be added; and one more, who is still there after a restart.
    found = front.find("ELLIS")[0]
    status, answer = front.api.call(
        "POST", "/discharge-to-hospital", front.token,
        {"offenderNo": found["prisonerNumber"], "fromLocationId": "LEI", "hospitalLocationCode": "STANSD"})
    check("another moved to a hospital", status // 100 == 2, answer)
    status, found = front.search.call(
        "POST", "/prisoner-search/match-prisoners", front.system,
        {"prisonerIdentifier": "Q5679RS", "prisonIds": ["OUT"], "includeAliases": False})
    check("who may be added", [(p["lastMovementTypeCode"], p["lastMovementReasonCode"], p["restrictedPatient"],
                                status_of(p)) for p in found] == [("REL", "HP", False, "eligible")], found)
    status, answer = front.api.call("POST", "/migrate-in-restricted-patient", front.token,
                                    {"offenderNo": "Q5679RS", "hospitalLocationCode": "HAZLWD"})
    check("added", status // 100 == 2 and "Q5679RS" in front.patients(), answer)
    answer, _ = fetch("GET", f"{settings['HMPPS_AUTH_EXTERNAL_URL']}/sign-out?" + urllib.parse.urlencode(
        {"client_id": settings["AUTH_CODE_CLIENT_ID"], "redirect_uri": settings["INGRESS_URL"]}))
    check("signed out", answer.headers["Location"] == settings["INGRESS_URL"], answer.headers)


def afterwards(settings):
    """After a restart: the removed prisoner is outside, the patients are in their hospitals, a merged number is nobody."""
    front = Patients(settings)
    found = front.patients()
    check("the patients are there", {"E5678FG", "Q5679RS"} <= set(found), found)
    check("in hospital", found["E5678FG"]["dischargedHospitalId"] == "STANSD"
          and front.offender("E5678FG")["agencyId"] == "OUT", found)
    status, removed = front.search.call("GET", "/prisoner/T7801VW", front.system)
    check("who was removed is outside, and no patient",
          removed["prisonId"] == "OUT" and removed["lastMovementReasonCode"] == "CR"
          and removed["restrictedPatient"] is False, removed)
    check("who was merged is known no more", front.search.call("GET", "/prisoner/B2345CD", front.system)[0] == 404, "")
    answer, text = fetch("GET", f"{settings['DPS_URL']}/")
    check("on the page neither", "B2345CD" not in text and "C3456DE" in text, text[:300])


def non_associations(settings):
    token = sign_in(settings, "STAFF_USER1", settings["API_CLIENT_ID"], settings["API_CLIENT_SECRET"])
    system = system_token(settings, "STAFF_USER1", settings["SYSTEM_CLIENT_ID"], settings["SYSTEM_CLIENT_SECRET"])
    page_furniture(settings, token, system, "Sam Staff", "Moorland (HMP & YOI)")
    api = Client(settings["HMPPS_NON_ASSOCIATIONS_API_URL"])
    search = Client(settings["OFFENDER_SEARCH_API_URL"])
    prison = Client(settings["HMPPS_PRISON_API_URL"])
    check("every service is up",
          [client.call("GET", "/health/ping")[0] for client in (api, search, prison)] == [200, 200, 200], "")
    _, user = Client(settings["MANAGE_USERS_API_URL"]).call("GET", "/users/me", token)
    _, caseloads = Client(settings["NOMIS_USER_ROLES_API_URL"]).call("GET", "/me/caseloads", token)
    check("where the user works", user["activeCaseLoadId"] == caseloads["activeCaseload"]["id"] == "MDI", caseloads)

    def listed(number, is_open):
        choice = f"includeOpen={'true' if is_open else 'false'}&includeClosed={'false' if is_open else 'true'}"
        status, answer = api.call(
            "GET", f"/prisoner/{number}/non-associations?{choice}&includeOtherPrisons=true&sortBy=WHEN_CREATED"
            "&sortDirection=DESC", system)
        check(f"the {'open' if is_open else 'closed'} ones of {number}", status == 200, answer)
        return answer

    _, prisoner = search.call("GET", "/prisoner/R4001MV", system)
    check("the prisoner of the page", prisoner["prisonName"] == "Moorland (HMP & YOI)", prisoner)
    check("none yet", listed("R4001MV", True)["nonAssociations"] == [], "")
    _, both = search.call("GET", "/prison/MDI/prisoners?term=&size=20&page=0&sort=lastName,ASC", system)
    _, rest = search.call("GET", "/prison/MDI/prisoners?term=&size=20&page=1&sort=lastName,ASC", system)
    check("a search of more than a page", len(both["content"]) == 20 and both["totalElements"] >= 25
          and len(rest["content"]) == both["totalElements"] - 20, both["totalElements"])
    _, found = search.call("GET", "/prison/MDI/prisoners?term=barlow&size=20&page=0&sort=lastName,ASC", system)
    other = found["content"][0]["prisonerNumber"]
    _, everywhere = search.call("POST", "/global-search?size=20&page=0", system,
                                {"lastName": "barlow", "location": "ALL", "includeAliases": False})
    check("the other prisoner, here and everywhere", everywhere["content"][0]["prisonerNumber"] == other, everywhere)
    page = ["R4001MV"] + [prisoner["prisonerNumber"] for prisoner in both["content"]
                          if prisoner["prisonerNumber"] != "R4001MV"]
    status, answer = api.call("POST", "/non-associations/between?includeOpen=true&includeClosed=false", system, page)
    check("none between the prisoner and the page", status == 200
          and not any("R4001MV" in (row["firstPrisonerNumber"], row["secondPrisonerNumber"]) for row in answer), answer)
    photograph = prison.call("GET", f"/api/bookings/offenderNo/{other}/image/data?fullSizeImage=false", system)
    check("a photograph", photograph[0] == 200, photograph[0])
    form = {"firstPrisonerNumber": "R4001MV", "firstPrisonerRole": "VICTIM", "secondPrisonerNumber": other,
            "secondPrisonerRole": "PERPETRATOR", "reason": "THREAT", "restrictionType": "CELL", "comment": "On the wing"}
    status, added = api.call("POST", "/non-associations", system, form)
    check("added", status == 201 and added["updatedBy"] == "STAFF_USER1", added)
    status, answer = api.call("POST", "/non-associations", system, form)
    check("a duplicate", status == 409 and answer["errorCode"] == 101, answer)
    status, answer = api.call("POST", "/non-associations/between?includeOpen=true&includeClosed=false", system,
                              ["R4001MV", other])
    check("the open one to link to", [row["id"] for row in answer] == [added["id"]], answer)
    row = listed("R4001MV", True)["nonAssociations"][0]
    check("in the list, with the other's name", row["otherPrisonerDetails"]["lastName"] == "BARLOW", row)
    author = prison.call("GET", f"/api/users/{row['updatedBy']}", system)[1]
    check("by whom", author["lastName"] == "Staff", author)
    status, answer = api.call(
        "PATCH", f"/non-associations/{added['id']}", system,
        {"firstPrisonerRole": "PERPETRATOR", "secondPrisonerRole": "VICTIM", "reason": "VIOLENCE",
         "restrictionType": "WING", "comment": "In the gym"})
    check("updated", status == 200 and (answer["reason"], answer["comment"]) == ("VIOLENCE", "In the gym"), answer)
    status, answer = api.call("GET", f"/non-associations/{added['id']}", system)
    check("viewed", status == 200 and answer["restrictionType"] == "WING" and answer["isOpen"] is True, answer)
    status, answer = api.call("PUT", f"/non-associations/{added['id']}/close", system, {"closedReason": "Mediation held"})
    check("closed", status == 200 and answer["closedBy"] == "STAFF_USER1", answer)
    check("no more among the open ones", listed("R4001MV", True)["nonAssociations"] == [], "")
    check("among the closed ones", [row["id"] for row in listed("R4001MV", False)["nonAssociations"]] == [added["id"]], "")
    details = urllib.parse.urlencode({"client_id": settings["API_CLIENT_ID"], "redirect_uri": settings["INGRESS_URL"]})
    answer, text = fetch("GET", f"{settings['HMPPS_AUTH_EXTERNAL_URL']}/account-details?{details}")
    check("account details, with a way back", answer.status == 200 and settings["INGRESS_URL"] in text, text)


def main():
    endpoints, journey = sys.argv[1:]
    settings = part(endpoints, TITLES[journey])
    {"patients": patients, "afterwards": afterwards, "non-associations": non_associations}[journey](settings)


main()
