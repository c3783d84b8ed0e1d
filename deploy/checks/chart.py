"""Checks the Helm chart as rendered for each environment; deploy/check calls it with helm and promtool in PATH."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "gateway"
ENVIRONMENTS = ["dev", "preprod", "prod"]
# The oldest that the chart asks for, and a new one.
KUBERNETES = ["1.27", "1.34"]
# Kinds of the Prometheus operator, whose schemas are not Kubernetes' own.
OPERATOR = {"PrometheusRule", "ServiceMonitor"}
NAMES = [
    "metrics.alerts.queues={a-queue,b-queue}",
    "metrics.alerts.deadLetterQueues={a-dlq}",
    "metrics.alerts.databases={a-database}",
]


def run_helm(environment: str, *settings: str, image: str = "registry.example/gateway"):
    command = ["helm", "template", "gateway", str(CHART), "--namespace", "gateway-test"]
    command += ["--values", str(CHART / f"values-{environment}.yaml")]
    command += ["--set-string", f"image.repository={image}", "--set-string", "image.tag=2026-01-02.3"]
    for setting in settings:
        command += ["--set", setting]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def render(environment: str, *settings: str) -> list[dict]:
    done = run_helm(environment, *settings)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def the(documents: list[dict], kind: str, name: str = "gateway") -> dict:
    (found,) = [d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name]
    return found


def pods(documents: list[dict]) -> list[dict]:
    job = the(documents, "CronJob", "gateway-past-date-check")["spec"]["jobTemplate"]["spec"]["template"]
    return [the(documents, "Deployment")["spec"]["template"], job]


def environment_of(pod: dict) -> dict[str, dict]:
    (container,) = pod["spec"]["containers"]
    names = [entry["name"] for entry in container["env"]]
    assert len(names) == len(set(names)), f"a setting twice: {sorted(names)}"
    return {entry["name"]: entry for entry in container["env"]}


def sources() -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "Sources").rglob("*.swift")))


class Rendered(unittest.TestCase):
    def test_every_environment_passes_the_linter(self):
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                command = ["helm", "lint", "--strict", str(CHART), "--set-string", "image.repository=r/g"]
                command += ["--values", str(CHART / f"values-{environment}.yaml")]
                done = subprocess.run(command, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_everything_fits_the_schemas_of_kubernetes(self):
        for environment in ENVIRONMENTS:
            for settings in ([], ["databaseAuthorities.configMap=authorities", "autoscaling.enabled=true"]):
                documents = render(environment, *settings, *NAMES)
                for document in documents:
                    if document["kind"] in OPERATOR:
                        continue
                    for version in KUBERNETES:
                        with self.subTest(environment=environment, kind=document["kind"], version=version):
                            kubernetes_validate.validate(document, version, strict=True)

    def test_pods_are_locked_down(self):
        for pod in pods(render("prod")):
            spec = pod["spec"]
            self.assertEqual(spec["securityContext"]["runAsUser"], 2000)
            self.assertTrue(spec["securityContext"]["runAsNonRoot"])
            self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            (container,) = spec["containers"]
            self.assertEqual(
                container["securityContext"],
                {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            )

    def test_selectors_tell_the_server_from_the_batch_job(self):
        documents = render("prod")
        server, job = (pod["metadata"]["labels"] for pod in pods(documents))

        def selects(selector: dict, labels: dict) -> bool:
            return all(labels.get(key) == value for key, value in selector.items())

        exclusive = [
            the(documents, "Deployment")["spec"]["selector"]["matchLabels"],
            the(documents, "Service")["spec"]["selector"],
            the(documents, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        ]
        for selector in exclusive:
            self.assertTrue(selects(selector, server), selector)
            self.assertFalse(selects(selector, job), selector)
        policy = the(documents, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
        self.assertTrue(selects(policy, server) and selects(policy, job))
        monitor = the(documents, "ServiceMonitor")["spec"]
        self.assertTrue(selects(monitor["selector"]["matchLabels"], the(documents, "Service")["metadata"]["labels"]))
        ports = {port["name"]: port for port in the(documents, "Service")["spec"]["ports"]}
        self.assertIn(monitor["endpoints"][0]["port"], ports)

    def test_both_old_addresses_reach_the_service(self):
        for environment in ENVIRONMENTS:
            documents = render(environment)
            values = environment_of(pods(documents)[0])
            for name, setting in [
                ("non-associations", "NON_ASSOCIATIONS_HOSTS"),
                ("restricted-patients", "RESTRICTED_PATIENTS_HOSTS"),
            ]:
                ingress = the(documents, "Ingress", f"gateway-{name}")
                spec = ingress["spec"]
                hosts = [rule["host"] for rule in spec["rules"]]
                # Whatever Host field a caller sends, this ingress shows its own service.
                told = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/upstream-vhost"]
                self.assertIn(told, hosts)
                self.assertEqual(",".join(hosts), values[setting]["value"])
                self.assertEqual(spec["tls"][0]["hosts"], hosts)
                backend = spec["rules"][0]["http"]["paths"][0]["backend"]["service"]
                self.assertEqual(backend, {"name": "gateway", "port": {"name": "http"}})

    def test_the_batch_job_runs_by_london_time_and_never_twice_at_once(self):
        job = the(render("prod"), "CronJob", "gateway-past-date-check")["spec"]
        self.assertEqual((job["schedule"], job["timeZone"]), ("0 3 * * *", "Europe/London"))
        self.assertEqual(job["concurrencyPolicy"], "Forbid")
        (container,) = job["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["args"], ["batch", "past-date-check"])

    def test_the_autoscaler_owns_the_number_of_pods(self):
        prod, dev = render("prod"), render("dev")
        self.assertNotIn("replicas", the(prod, "Deployment")["spec"])
        self.assertEqual(the(prod, "HorizontalPodAutoscaler")["spec"]["minReplicas"], 4)
        self.assertEqual(the(dev, "Deployment")["spec"]["replicas"], 2)
        self.assertFalse([d for d in dev if d["kind"] == "HorizontalPodAutoscaler"])


class Stopping(unittest.TestCase):
    def test_every_stage_fits_the_grace_of_a_pod(self):
        watchdog = re.search(r"static let grace = Duration\.seconds\((\d+)\)", sources())
        for environment in ENVIRONMENTS:
            with self.subTest(environment):
                pod = the(render(environment), "Deployment")["spec"]["template"]
                (container,) = pod["spec"]["containers"]
                (_, pause) = container["lifecycle"]["preStop"]["exec"]["command"]
                values = {name: entry.get("value") for name, entry in environment_of(pod).items()}
                drain = int(values["SERVER_DRAIN_TIME"].removesuffix("s"))
                stop = int(values["SERVER_SHUTDOWN_TIMEOUT"].removesuffix("s"))
                self.assertGreater(drain, 0)
                # Five seconds of the stop are kept for what comes after the requests.
                self.assertGreaterEqual(stop - drain - 5, 10)
                grace = pod["spec"]["terminationGracePeriodSeconds"]
                self.assertLessEqual(int(pause) + stop + int(watchdog[1]), grace)


class Refused(unittest.TestCase):
    def refusal(self, *settings: str, image: str = "registry.example/gateway") -> str:
        done = run_helm("prod", *settings, image=image)
        self.assertNotEqual(done.returncode, 0, done.stdout[:200])
        return done.stderr

    def test_more_connections_than_a_database_can_give(self):
        self.assertIn("databaseConnectionBudget", self.refusal("autoscaling.maxReplicas=12"))

    def test_a_stop_that_takes_longer_than_the_grace(self):
        self.assertIn("stopping.graceSeconds", self.refusal("stopping.pauseSeconds=13"))
        self.assertIn("stopping.graceSeconds", self.refusal("env.SERVER_SHUTDOWN_TIMEOUT=38s"))
        self.assertIn("SERVER_DRAIN_TIME", self.refusal("env.SERVER_DRAIN_TIME=30s"))
        self.assertIn("whole seconds", self.refusal("env.SERVER_SHUTDOWN_TIMEOUT=30000ms"))

    def test_an_image_from_nowhere(self):
        self.assertIn("image.repository", self.refusal(image=""))

    def test_a_value_that_is_misspelt(self):
        self.assertIn("replicas", self.refusal("autoscaling.replicas=3"))


class Names(unittest.TestCase):
    def test_every_setting_is_one_that_the_gateway_reads(self):
        code = sources()
        known = set(re.findall(r'Setting\(\s*"([A-Z][A-Z0-9_]+)"', code))
        for aliases in re.findall(r"aliases: \[([^\]]*)\]", code):
            known |= set(re.findall(r'"([A-Z][A-Z0-9_]+)"', aliases))
        # libpq's own.
        known.add("PGSSLROOTCERT")
        for environment in ENVIRONMENTS:
            for pod in pods(render(environment, "databaseAuthorities.configMap=authorities")):
                self.assertEqual(set(environment_of(pod)) - known, set())
        compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
        for service in ["gateway", "doubles"]:
            self.assertEqual(set(compose[service]["environment"]) - known, set())

    def test_every_command_is_one_that_the_gateway_has(self):
        code = sources()
        for pod in pods(render("prod")):
            for word in pod["spec"]["containers"][0]["args"]:
                self.assertIn(f'commandName: "{word}"', code)

    def test_every_metric_of_an_alert_is_one_that_the_gateway_has(self):
        rules = the(render("prod", *NAMES), "PrometheusRule")["spec"]
        code = sources()
        used = set()
        for rule in rules["groups"][0]["rules"]:
            used |= set(re.findall(r"\b([a-z][a-z0-9_]+)\{", rule["expr"]))
        others = re.compile(r"^(kube|container|aws)_")
        own = {re.sub(r"_(bucket|count|sum)$", "", name) for name in used if not others.match(name)}
        self.assertGreater(len(own), 4)
        self.assertEqual({name for name in own if f'"{name}"' not in code}, set())


class Alerts(unittest.TestCase):
    def test_they_are_valid_and_fire_when_they_should(self):
        rules = the(render("prod", *NAMES), "PrometheusRule")["spec"]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "rules.yaml").write_text(yaml.safe_dump(rules))
            (path / "tests.yaml").write_text((ROOT / "deploy" / "checks" / "alerts.yaml").read_text())
            for command in (["check", "rules", "rules.yaml"], ["test", "rules", "tests.yaml"]):
                done = subprocess.run(
                    ["promtool", *command], cwd=path, capture_output=True, text=True, timeout=60
                )
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        tested = yaml.safe_load((ROOT / "deploy" / "checks" / "alerts.yaml").read_text())["tests"]
        fired = {c["alertname"] for t in tested for c in t["alert_rule_test"] if c.get("exp_alerts")}
        self.assertEqual({rule["alert"] for rule in rules["groups"][0]["rules"]} - fired, set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv, verbosity=1)
