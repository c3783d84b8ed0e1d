import re
import subprocess
import unittest

from rendered import CHART, CHECKS, ENVIRONMENTS, HOSTED, environment_of, render, run_helm, sources, the


class Linter(unittest.TestCase):
    def test_every_environment_passes_the_linter(self):
        for environment in ENVIRONMENTS:
            for hosted, settings in HOSTED.items():
                with self.subTest(environment, hosted=hosted):
                    command = ["helm", "lint", "--strict", str(CHART), "--set-string", "image.repository=r/g"]
                    command += ["--values", str(CHART / f"values-{environment}.yaml")]
                    command += ["--values", str(CHECKS / "allowlists.yaml")]
                    for setting in settings:
                        command += ["--set", setting]
                    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


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
        self.assertIn("databaseConnectionBudget", self.refusal("replicaCount=12"))
        scaled = ["autoscaling.enabled=true", "autoscaling.maxReplicas=12"]
        self.assertIn("databaseConnectionBudget", self.refusal(*scaled))

    def test_a_stop_that_takes_longer_than_the_grace(self):
        self.assertIn("stopping.graceSeconds", self.refusal("stopping.pauseSeconds=13"))
        self.assertIn("stopping.graceSeconds", self.refusal("env.SERVER_SHUTDOWN_TIMEOUT=38s"))
        self.assertIn("SERVER_DRAIN_TIME", self.refusal("env.SERVER_DRAIN_TIME=30s"))
        self.assertIn("whole seconds", self.refusal("env.SERVER_SHUTDOWN_TIMEOUT=30000ms"))

    def test_an_image_from_nowhere(self):
        self.assertIn("image.repository", self.refusal(image=""))

    def test_a_value_that_is_misspelt(self):
        self.assertIn("replicas", self.refusal("autoscaling.replicas=3"))
        self.assertIn("host", self.refusal("nonAssociations.ingress.host=a.example"))

    def test_no_service_at_all(self):
        neither = ["nonAssociations.enabled=false", "restrictedPatients.enabled=false"]
        self.assertIn("neither", self.refusal(*neither))

    def test_a_past_date_check_that_would_run_twice(self):
        twice = "restrictedPatients.env.RESTRICTED_PATIENTS_PAST_DATE_CHECK_TIME=03:00"
        self.assertIn("choose one", self.refusal(twice))
