import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

from rendered import CHECKS, HOSTED, KEYS, render, rules, services, sources, the

# docs/contract/adoption.md §2.4
SEVERITIES = {
    ("non-associations", "dev"): "hmpps-non-associations-dev",
    ("non-associations", "preprod"): "hmpps-non-associations-preprod",
    ("non-associations", "prod"): "hmpps-non-associations-prod",
    ("restricted-patients", "dev"): "syscon-nonprod",
    ("restricted-patients", "preprod"): "syscon-nonprod",
    ("restricted-patients", "prod"): "syscon",
}
LONG = {"dev": "development", "preprod": "preprod", "prod": "production"}
DATABASES = {
    "hmpps-non-associations-dev": "cloud-platform-7534158a562cce9e",
    "hmpps-non-associations-preprod": "cloud-platform-b6126468990788eb",
    "hmpps-non-associations-prod": "cloud-platform-994c511ab5935ecc",
    "syscon": "cloud-platform-d43cc21ae1d14deb",
}
TITLES = {"hmpps": "non-associations-api", "sysco": "Restricted Patients API"}


def queues(service: str, environment: str) -> set[str]:
    if service == "non-associations":
        start = f"hmpps-non-associations-{LONG[environment]}-prisoner-event"
        return {f"{start}-queue", f"{start}-dlq"}
    start = f"dps-core-{environment}-restricted_patients"
    return {f"{start}_{events}_{kind}" for events in ["domain", "offender"] for kind in ["queue", "dlq"]}


def own(environment: str, service: str, name: str, hosted: str = "both") -> list[dict]:
    found = rules(render(environment, *HOSTED[hosted]))
    severity = SEVERITIES[service, environment]
    return [rule for rule in found if rule["alert"] == name and rule["labels"]["severity"] == severity]


class Thresholds(unittest.TestCase):
    """docs/contract/adoption.md §8 row AD-16"""

    def each(self):
        for (service, environment), severity in SEVERITIES.items():
            for hosted in ["both", service]:
                with self.subTest(service, environment=environment, hosted=hosted):
                    yield service, environment, severity, hosted

    def queue_rule(self, environment, service, name, hosted):
        (rule,) = own(environment, service, name, hosted)
        (watched, threshold) = re.search(r'queue_name=~"([^"]*)"\} offset 5m\) > (\d+)', rule["expr"]).groups()
        self.assertEqual(rule["for"], "10m")
        return set(watched.split("|")), int(threshold)

    def test_ad_16_queues_and_dead_letter_queues(self):
        for service, environment, _, hosted in self.each():
            expected = queues(service, environment)
            watched, threshold = self.queue_rule(environment, service, "GatewayQueueMessages", hosted)
            self.assertEqual(watched, expected)
            self.assertEqual(threshold, 100 if service == "non-associations" else 0)
            if service == "non-associations":
                aged = self.queue_rule(environment, service, "GatewayQueueAge", hosted)
                self.assertEqual(aged, (expected, 30 * 60))
            else:
                self.assertEqual(own(environment, service, "GatewayQueueAge", hosted), [])

    def test_ad_16_databases(self):
        for service, environment, severity, hosted in self.each():
            database = DATABASES.get(severity)
            for name, threshold in [("GatewayDatabaseProcessor", 80), ("GatewayDatabaseConnections", 180)]:
                found = own(environment, service, name, hosted)
                if not database:
                    self.assertEqual(found, [])
                    continue
                (rule,) = found
                # Business hours stand around the condition.
                self.assertIn(f'{{dbinstance_identifier="{database}"}} > {threshold}', rule["expr"])
                self.assertEqual(rule["for"], "5m")
                self.assertIn(TITLES[severity[:5]], rule["annotations"]["message"])

    def test_ad_16_what_concerns_the_process_is_told_to_the_team_of_each_service_in_it(self):
        for hosted in HOSTED:
            found = rules(render("prod", *HOSTED[hosted]))
            told = {rule["labels"]["severity"] for rule in found if rule["alert"] == "GatewayDown"}
            self.assertEqual(told, {SEVERITIES[service, "prod"] for service in services(hosted)})

    def test_ad_16_ingresses_have_the_limits_of_before(self):
        for service, environment, _, hosted in self.each():
            for name, pause, ending in [
                ("GatewayIngressErrors", "1m", '[1m])) > 0'),
                ("GatewayIngressHealth", "5m", '[5m])) > 0.004'),
                ("GatewayIngressFirewall", "1m", '[1m])) > 0.33'),
                ("GatewayIngressRateLimit", "1m", '[1m])) > 0'),
            ]:
                (rule,) = own(environment, service, name, hosted)
                self.assertIn(f'ingress="gateway-{service}"', rule["expr"])
                self.assertIn(ending, rule["expr"])
                self.assertEqual(rule["for"], pause)

    def test_ad_16_outside_production_nobody_is_woken(self):
        hours = "and on () (0 < day_of_week() < 6) and on () (7 <= hour() < 18)"
        for environment in LONG:
            for rule in rules(render(environment)):
                self.assertEqual(hours in rule["expr"], environment != "prod", rule["alert"])

    def test_beside_the_replaced_release_its_own_alerts_of_queue_and_database_are_enough(self):
        for service, key in KEYS.items():
            found = rules(render("prod", f"{key}.besideReplaced=true"))
            severity = SEVERITIES[service, "prod"]
            told = {rule["alert"] for rule in found if rule["labels"]["severity"] == severity}
            self.assertFalse([name for name in told if re.match("Gateway(Queue|Database(Proc|Conn)|Past|Job)", name)])
            self.assertIn("GatewayIngressErrors", told)


class Alerts(unittest.TestCase):
    def promtool(self, found: dict, tests: dict):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "rules.yaml").write_text(yaml.safe_dump(found))
            (path / "tests.yaml").write_text(yaml.safe_dump(tests))
            for command in (["check", "rules", "rules.yaml"], ["test", "rules", "tests.yaml"]):
                done = subprocess.run(["promtool", *command], cwd=path, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_they_are_valid_and_fire_when_they_should(self):
        tests = yaml.safe_load((CHECKS / "alerts.yaml").read_text())
        for group in tests["tests"]:
            for case in group["alert_rule_test"]:
                alerts = []
                for alert in case.get("exp_alerts", []):
                    labels = alert["exp_labels"]
                    told = [labels["severity"]] if "severity" in labels else ["hmpps-non-associations-prod", "syscon"]
                    alerts += [{**alert, "exp_labels": {**labels, "severity": severity}} for severity in told]
                if alerts:
                    case["exp_alerts"] = alerts
        found = the(render("prod"), "PrometheusRule")["spec"]
        self.promtool(found, tests)
        fired = {
            (case["alertname"], alert["exp_labels"]["severity"])
            for group in tests["tests"]
            for case in group["alert_rule_test"]
            for alert in case.get("exp_alerts", [])
        }
        self.assertEqual({rule["alert"] for rule in rules(render("prod"))} - {name for name, _ in fired}, set())
        quiet = {case["alertname"] for case in tests["tests"][0]["alert_rule_test"]}
        self.assertEqual({rule["alert"] for rule in rules(render("prod"))} - quiet, set())

    def test_in_development_they_fire_in_business_hours_alone(self):
        name = "hmpps-non-associations-development-prisoner-event-dlq"
        series = f'aws_sqs_approximate_number_of_messages_visible_maximum{{queue_name="{name}"}}'
        alert = {
            "exp_labels": {"severity": "hmpps-non-associations-dev", "queue_name": name},
            "exp_annotations": {"message": f"{name} holds 101 messages"},
        }
        # Time begins on a Thursday at midnight (UTC); the third day is a Saturday.
        told = {"5h": [], "9h": [alert], "17h": [alert], "19h": [], "33h": [alert], "57h": []}
        tests = [
            {"eval_time": time, "alertname": "GatewayQueueMessages", **({"exp_alerts": alerts} if alerts else {})}
            for time, alerts in told.items()
        ]
        self.promtool(
            the(render("dev"), "PrometheusRule")["spec"],
            {
                "rule_files": ["rules.yaml"],
                "evaluation_interval": "1m",
                "tests": [
                    {
                        "interval": "1m",
                        "input_series": [{"series": series, "values": "101x4000"}],
                        "alert_rule_test": tests,
                    }
                ],
            },
        )

    def test_every_metric_is_one_that_the_gateway_has(self):
        code = sources()
        used = set()
        for rule in rules(render("prod")):
            used |= set(re.findall(r"\b([a-z][a-z0-9_]+)\{", rule["expr"]))
        others = re.compile(r"^(kube|container|aws|nginx)_")
        metrics = {re.sub(r"_(bucket|count|sum)$", "", name) for name in used if not others.match(name)}
        self.assertGreater(len(metrics), 4)
        self.assertEqual({name for name in metrics if f'"{name}"' not in code}, set())
