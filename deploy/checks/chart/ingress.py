import json
import re
import unittest

from rendered import HOSTED, KEYS, NAMESPACE, environment_of, every, names, pods, render, run_helm, services, the

NGINX = "nginx.ingress.kubernetes.io/"
DNS = "external-dns.alpha.kubernetes.io/"
# docs/contract/adoption.md §2.1, with the addresses of allowlists.yaml.
HOSTS = {
    ("non-associations", "dev"): "non-associations-api-dev.hmpps.service.justice.gov.uk",
    ("non-associations", "preprod"): "non-associations-api-preprod.hmpps.service.justice.gov.uk",
    ("non-associations", "prod"): "non-associations-api.hmpps.service.justice.gov.uk",
    ("restricted-patients", "dev"): "restricted-patients-api-dev.prison.service.justice.gov.uk",
    ("restricted-patients", "preprod"): "restricted-patients-api-preprod.prison.service.justice.gov.uk",
    ("restricted-patients", "prod"): "restricted-patients-api.prison.service.justice.gov.uk",
}
CLASSES = {
    ("non-associations", "dev"): "default",
    ("non-associations", "preprod"): "default",
    ("non-associations", "prod"): "default",
    ("restricted-patients", "dev"): "modsec-non-prod",
    ("restricted-patients", "preprod"): "modsec",
    ("restricted-patients", "prod"): "modsec",
}
STAFF = "203.0.113.0/24,192.0.2.128/32"
INTERNAL = "192.0.2.0/28,198.51.100.7/32"
CALLERS = {
    ("non-associations", "dev"): None,
    ("non-associations", "preprod"): STAFF,
    ("non-associations", "prod"): STAFF,
    ("restricted-patients", "dev"): INTERNAL,
    ("restricted-patients", "preprod"): INTERNAL,
    ("restricted-patients", "prod"): INTERNAL,
}


def ingresses():
    """Each service's, as it is with and without the other."""
    for environment, hosted, documents in every():
        for service in services(hosted):
            yield service, environment, the(documents, "Ingress", f"gateway-{service}"), documents


class Ingress(unittest.TestCase):
    """docs/contract/adoption.md §8 row AD-14"""

    def test_ad_14_hosts_certificates_and_classes_are_those_of_the_service_replaced(self):
        for service, environment, ingress, _ in ingresses():
            with self.subTest(service, environment=environment):
                spec = ingress["spec"]
                hosts = [HOSTS[service, environment]]
                self.assertEqual([rule["host"] for rule in spec["rules"]], hosts)
                self.assertEqual(spec["tls"], [{"hosts": hosts, "secretName": f"hmpps-{service}-api-cert"}])
                self.assertEqual(spec["ingressClassName"], CLASSES[service, environment])
        for hosted, settings in HOSTED.items():
            expected = {f"gateway-{service}" for service in services(hosted)}
            self.assertEqual(names(render("prod", *settings), "Ingress"), expected)

    def test_ad_14_health_has_a_path_of_its_own(self):
        for _, _, ingress, _ in ingresses():
            for rule in ingress["spec"]["rules"]:
                paths = rule["http"]["paths"]
                self.assertEqual([path["path"] for path in paths], ["/", "/health"])
                for path in paths:
                    self.assertEqual(path["pathType"], "ImplementationSpecific")
                    self.assertEqual(path["backend"]["service"], {"name": "gateway", "port": {"name": "http"}})

    def test_ad_14_only_the_groups_of_the_service_replaced_may_call(self):
        for service, environment, ingress, _ in ingresses():
            with self.subTest(service, environment=environment):
                given = ingress["metadata"]["annotations"].get(NGINX + "whitelist-source-range")
                self.assertEqual(given, CALLERS[service, environment])

    def test_ad_14_the_firewall_is_on_before_restricted_patients(self):
        for service, _, ingress, _ in ingresses():
            annotations = ingress["metadata"]["annotations"]
            if service == "non-associations":
                self.assertNotIn(NGINX + "enable-modsecurity", annotations)
                self.assertNotIn(NGINX + "modsecurity-snippet", annotations)
                continue
            self.assertEqual(annotations[NGINX + "enable-modsecurity"], "true")
            rules = annotations[NGINX + "modsecurity-snippet"]
            self.assertIn("SecRuleEngine On\n", rules)
            methods = re.search(r"setvar:tx\.allowed_methods=([A-Z ]+)\"", rules)[1]
            self.assertEqual(methods, "GET HEAD POST OPTIONS PUT PATCH DELETE")
            self.assertEqual(re.search(r"setvar:tx\.paranoia_level=(\d)", rules)[1], "3")
            for rule in ["949110", "959100"]:
                self.assertRegex(rules, rf'SecRuleUpdateActionById {rule} "[^"]*\bdeny,status:406\b')
            self.assertRegex(rules, r'"@contains detectify" "[^"]*\bdeny,status:418\b')
            self.assertIn(f"tag:github_team=syscon-devs,tag:namespace={NAMESPACE}", rules)
            # The controller puts the rules in single quotes.
            self.assertNotIn("'", rules)

    def test_ad_14_nobody_outside_may_ask_for_retry_all_without_a_token(self):
        for service, _, ingress, _ in ingresses():
            snippet = ingress["metadata"]["annotations"].get(NGINX + "server-snippet", "")
            block = re.search(r"location /queue-admin/retry-all-dlqs \{([^}]*)\}", snippet)
            if service == "restricted-patients":
                self.assertEqual(snippet, "")
            else:
                self.assertIn("server_tokens off;", snippet)
                self.assertEqual(block[1].split(), ["deny", "all;", "return", "401;"])

    def test_ad_14_dns_can_shift_weight_between_old_and_new(self):
        for service, _, ingress, _ in ingresses():
            annotations = ingress["metadata"]["annotations"]
            self.assertEqual(annotations[DNS + "set-identifier"], f"gateway-{service}-{NAMESPACE}-green")
            self.assertEqual(annotations[DNS + "aws-weight"], "100")
            self.assertEqual(annotations[NGINX + "custom-http-errors"], "418")
        for service, key in KEYS.items():
            documents = render("prod", f"{key}.ingress.weight=0", f"{key}.ingress.identifier=blue")
            annotations = the(documents, "Ingress", f"gateway-{service}")["metadata"]["annotations"]
            self.assertEqual((annotations[DNS + "set-identifier"], annotations[DNS + "aws-weight"]), ("blue", "0"))

    def test_every_name_of_a_service_shows_that_service(self):
        for service, _, ingress, documents in ingresses():
            hosts = [rule["host"] for rule in ingress["spec"]["rules"]]
            setting = f"{service.replace('-', '_').upper()}_HOSTS"
            answered = environment_of(pods(documents)[0])[setting]["value"].split(",")
            inside = f"hmpps-{service}-api"
            in_cluster = [inside + end for end in ["", f".{NAMESPACE}", f".{NAMESPACE}.svc"]]
            self.assertEqual(answered, [*hosts, *in_cluster, f"{inside}.{NAMESPACE}.svc.cluster.local"])
            # Whatever Host field a caller sends, this ingress shows its own service.
            self.assertIn(ingress["metadata"]["annotations"][NGINX + "upstream-vhost"], hosts)


    def test_a_former_name_may_lead_there_too(self):
        former = "restricted-patients-api.hmpps.service.justice.gov.uk"
        hosts = [HOSTS["restricted-patients", "prod"], former]
        documents = render("prod", f"restrictedPatients.ingress.hosts:={json.dumps(hosts)}")
        spec = the(documents, "Ingress", "gateway-restricted-patients")["spec"]
        self.assertEqual([rule["host"] for rule in spec["rules"]], hosts)
        self.assertEqual(spec["tls"][0]["hosts"], hosts)
        answered = environment_of(pods(documents)[0])["RESTRICTED_PATIENTS_HOSTS"]["value"].split(",")
        self.assertEqual(answered[:2], hosts)


class AllowList(unittest.TestCase):
    """docs/contract/adoption.md §8 row AD-15"""

    def refusal(self, environment: str, *settings: str, allowlists: bool = True) -> str:
        done = run_helm(environment, *settings, allowlists=allowlists)
        self.assertNotEqual(done.returncode, 0, done.stdout[:200])
        return done.stderr

    def test_ad_15_without_groups_nothing_is_rendered_in_preprod_and_prod(self):
        for environment in ["preprod", "prod"]:
            for key in KEYS.values():
                for value in ["null", '{"groups":null}', '{"groups":[]}']:
                    with self.subTest(environment, key=key, value=value):
                        refusal = self.refusal(environment, f"{key}.ingress.allowlist:={value}")
                        self.assertIn(f"{key}.ingress.allowlist", refusal)

    def test_ad_15_without_the_addresses_of_its_groups_nothing_is_rendered(self):
        for environment in ["preprod", "prod"]:
            self.assertIn("allowlist_groups", self.refusal(environment, allowlists=False))
        unknown = 'nonAssociations.ingress.allowlist:={"groups":["nobody"]}'
        self.assertIn("nobody", self.refusal("prod", unknown))
        self.assertIn("nobody", self.refusal("dev", unknown))

    def test_groups_are_taken_where_the_pipeline_puts_them(self):
        groups = 'allowlist_groups:={"nobody":{"a":"10.1.2.3/32"}}'
        documents = render("prod", groups, 'nonAssociations.ingress.allowlist:={"groups":["nobody"]}')
        annotations = the(documents, "Ingress", "gateway-non-associations")["metadata"]["annotations"]
        self.assertEqual(annotations[NGINX + "whitelist-source-range"], "10.1.2.3/32")

    def test_anyone_may_be_let_in_where_somebody_says_so(self):
        settings = ["nonAssociations.ingress.allowlist:=null", "nonAssociations.ingress.allowlistRequired=false"]
        documents = render("prod", *settings)
        annotations = the(documents, "Ingress", "gateway-non-associations")["metadata"]["annotations"]
        self.assertNotIn(NGINX + "whitelist-source-range", annotations)
