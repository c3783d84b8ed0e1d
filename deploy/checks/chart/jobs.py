import http.server
import re
import subprocess
import textwrap
import threading
import unittest

from rendered import (
    ENVIRONMENTS,
    HOSTED,
    KEYS,
    ROOT,
    environment_of,
    every,
    job,
    names,
    pods,
    render,
    run_helm,
    services,
    the,
)

RETRY = "gateway-non-associations-retry"


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers with the statuses that its server was given, one after the other, and notes what was asked."""

    def do_PUT(self):
        self.server.asked.append((self.path, dict(self.headers)))
        self.send_response(self.server.statuses.pop(0))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class RetryJob(unittest.TestCase):
    """docs/contract/adoption.md §8 row AD-17, as far as it is the chart's"""

    def ask(self, *statuses: int):
        """What the job's command does with a server that answers so."""
        _, _, container = job(render("prod"), RETRY)
        server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
        server.asked, server.statuses = [], list(statuses)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            to = ["--connect-to", f"::127.0.0.1:{server.server_port}", "--noproxy", "*", "--silent"]
            (curl, *arguments) = container["command"]
            done = subprocess.run([curl, *to, *arguments], timeout=60, capture_output=True)
        finally:
            server.shutdown()
            server.server_close()
        return done.returncode, server.asked

    def test_ad_17_it_asks_as_callers_in_the_cluster_do_without_a_token(self):
        status, asked = self.ask(200)
        ((path, fields),) = asked
        self.assertEqual((status, path), (0, "/queue-admin/retry-all-dlqs"))
        self.assertEqual(fields["Accept"], "*/*")
        self.assertNotIn("Authorization", fields)
        # The name by which the gateway knows whose dead letters are meant, and a Service that leads there.
        documents = render("prod")
        answered = environment_of(pods(documents)[0])["NON_ASSOCIATIONS_HOSTS"]["value"].split(",")
        self.assertIn(fields["Host"], answered)
        self.assertIn(fields["Host"], names(documents, "Service"))

    def test_ad_17_it_asks_again_while_the_server_is_in_trouble_and_takes_a_no(self):
        status, asked = self.ask(503, 429, 200)
        self.assertEqual((status, len(asked)), (0, 3))
        status, asked = self.ask(404)
        self.assertEqual((status, len(asked)), (0, 1))

    def test_ad_17_it_gives_up_in_time(self):
        _, _, container = job(render("prod"), RETRY)
        command = container["command"]
        limits = {"--connect-timeout": "5", "--max-time": "10", "--retry": "5", "--retry-max-time": "40"}
        for option, value in limits.items():
            self.assertEqual(command[command.index(option) + 1], value)
        self.assertNotIn("--fail", command)

    def test_it_runs_as_often_as_before_and_never_twice_at_once(self):
        for environment in ENVIRONMENTS:
            cron, pod, _ = job(render(environment), RETRY)
            schedule = "*/10 * * * *" if environment == "prod" else "*/10 7-20 * * 1-5"
            self.assertEqual((cron["schedule"], cron["timeZone"]), (schedule, "Etc/UTC"))
            self.assertEqual((cron["concurrencyPolicy"], cron["startingDeadlineSeconds"]), ("Forbid", 600))
            self.assertEqual(pod["spec"]["restartPolicy"], "Never")


class RestrictedPatientsDeadLetters(unittest.TestCase):
    """docs/contract/adoption.md §8 rows AD-16 and AD-18, as far as they are the chart's"""

    def test_ad_16_ad_18_nothing_replays_the_dead_letters_of_restricted_patients(self):
        for environment, hosted, documents in every():
            with self.subTest(environment, hosted=hosted):
                self.assertEqual(RETRY in names(documents, "CronJob"), hosted != "restricted-patients")
                others = [name for name in names(documents, "CronJob") if "retry" in name and name != RETRY]
                self.assertEqual(others, [])
                for pod in pods(documents):
                    self.assertNotIn("HMPPS_SQS_REDRIVE_INTERVAL", environment_of(pod))

    def test_ad_16_ad_18_a_setting_that_would_replay_them_is_refused(self):
        for hosted in ["both", "restricted-patients"]:
            for where in ["env", "restrictedPatients.env"]:
                done = run_helm("prod", f"{where}.RESTRICTED_PATIENTS_REDRIVE_INTERVAL=10m", *HOSTED[hosted])
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("RESTRICTED_PATIENTS_REDRIVE_INTERVAL", done.stderr)

    def test_of_non_associations_either_the_job_or_the_gateway_replays(self):
        for hosted in ["both", "non-associations"]:
            for setting in [
                "env.HMPPS_SQS_REDRIVE_INTERVAL=10m", "nonAssociations.env.NON_ASSOCIATIONS_REDRIVE_INTERVAL=10m",
            ]:
                done = run_helm("prod", setting, *HOSTED[hosted])
                self.assertIn("choose one", done.stderr)
                documents = render(
                    "prod", setting, "nonAssociations.retryDeadLetters.enabled=false", *HOSTED[hosted]
                )
                self.assertNotIn(RETRY, names(documents, "CronJob"))


class PastDateCheck(unittest.TestCase):
    def test_it_runs_as_the_pods_do_by_london_time_and_never_twice_at_once(self):
        for environment, hosted, documents in every():
            if hosted == "non-associations":
                self.assertNotIn("gateway-past-date-check", names(documents, "CronJob"))
                continue
            cron, pod, container = job(documents, "gateway-past-date-check")
            schedule = "0 15 * * 1-5" if environment == "dev" else "0 3 * * *"
            self.assertEqual((cron["schedule"], cron["timeZone"]), (schedule, "Europe/London"))
            self.assertEqual((cron["concurrencyPolicy"], cron["startingDeadlineSeconds"]), ("Forbid", 600))
            self.assertEqual((cron["successfulJobsHistoryLimit"], cron["failedJobsHistoryLimit"]), (5, 5))
            spec = cron["jobTemplate"]["spec"]
            self.assertEqual(spec["ttlSecondsAfterFinished"], 345600)
            self.assertNotIn("backoffLimit", spec)
            self.assertEqual(pod["spec"]["restartPolicy"], "Never")
            self.assertEqual(container["args"], ["batch", "past-date-check"])
            server = the(documents, "Deployment")["spec"]["template"]["spec"]
            for part in ["image", "env"]:
                self.assertEqual(container[part], server["containers"][0][part])
            self.assertEqual(pod["spec"]["serviceAccountName"], server["serviceAccountName"])


class Downtime(unittest.TestCase):
    # Start and stop by service and environment.
    TIMES = {
        ("non-associations", "dev"): ("49 6 * * 1-5", "58 21 * * 1-5"),
        ("non-associations", "preprod"): ("49 6 * * 1-5", "58 21 * * 1-5"),
        ("restricted-patients", "dev"): ("24 6 * * 1-5", "48 21 * * 1-5"),
        # Up before the first is needed, and down after the last.
        ("both", "dev"): ("24 6 * * 1-5", "58 21 * * 1-5"),
    }

    def test_pods_stop_at_night_where_both_services_did(self):
        for environment, hosted, documents in every():
            with self.subTest(environment, hosted=hosted):
                jobs = names(documents, "CronJob") & {"gateway-startup", "gateway-shutdown"}
                times = self.TIMES.get((hosted, environment))
                self.assertEqual(bool(jobs), times is not None)
                if not times:
                    continue
                pods_wanted = the(documents, "Deployment")["spec"]["replicas"]
                for name, schedule, replicas in [("startup", times[0], pods_wanted), ("shutdown", times[1], 0)]:
                    cron, pod, container = job(documents, f"gateway-{name}")
                    self.assertEqual((cron["schedule"], cron["timeZone"]), (schedule, "Etc/UTC"))
                    command = ["kubectl", "scale", "deployment", "gateway", f"--replicas={replicas}"]
                    self.assertEqual(container["command"], command)
                    self.assertEqual(pod["spec"]["serviceAccountName"], "scheduled-downtime-serviceaccount")
                    self.assertTrue(pod["spec"]["automountServiceAccountToken"])


class BesideTheReplaced(unittest.TestCase):
    def test_what_the_replaced_release_has_is_left_to_it(self):
        """Two releases cannot own one object, and what both did would be done twice."""
        for service, key in KEYS.items():
            documents = render("prod", f"{key}.besideReplaced=true")
            self.assertNotIn(f"hmpps-{service}-api", names(documents, "Service"))
            self.assertIn(f"gateway-{service}", names(documents, "Ingress"))
            own = {"non-associations": "non-associations", "restricted-patients": "past-date-check"}[service]
            left = [name for name in names(documents, "CronJob") if service in name or own in name]
            self.assertEqual(left, [])
            other = [f"hmpps-{name}-api" for name in services("both") if name != service]
            self.assertEqual(names(documents, "Service"), {"gateway", *other})

    def test_the_values_of_the_page_are_as_it_says(self):
        page = (ROOT / "docs/moving-over.md").read_text()
        values = re.search(r"cat > move\.yaml <<'END'\n(.*?\n) *END\n", page, re.S)[1]
        documents = render("prod", more=textwrap.dedent(values))
        self.assertEqual(names(documents, "Service"), {"gateway"})
        self.assertEqual(names(documents, "CronJob"), set())
        self.assertEqual(names(documents, "Ingress"), {"gateway-non-associations"})
        ingress = the(documents, "Ingress", "gateway-non-associations")
        self.assertEqual(ingress["metadata"]["annotations"]["external-dns.alpha.kubernetes.io/aws-weight"], "0")
        # Another controller than that of the ingress replaced.
        former = the(render("prod"), "Ingress", "gateway-non-associations")["spec"]["ingressClassName"]
        self.assertNotEqual(ingress["spec"]["ingressClassName"], former)

    def test_once_it_is_gone_everything_is_there(self):
        self.assertGreaterEqual(
            names(render("prod"), "CronJob"),
            {RETRY, "gateway-past-date-check", "gateway-non-associations-restore",
             "gateway-restricted-patients-restore"},
        )
