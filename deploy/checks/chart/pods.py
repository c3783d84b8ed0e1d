import unittest

import kubernetes_validate

from rendered import HOSTED, every, job, names, pods, render, selects, services, the

# The oldest that the chart asks for, and a new one.
KUBERNETES = ["1.27", "1.34"]
# Kinds of the Prometheus operator, whose schemas are not Kubernetes' own.
OPERATOR = {"PrometheusRule", "ServiceMonitor"}


class Objects(unittest.TestCase):
    def test_everything_fits_the_schemas_of_kubernetes(self):
        more = render("prod", "databaseAuthorities.configMap=authorities", "autoscaling.enabled=true")
        for environment, hosted, documents in [*every(), ("prod", "both, with all options", more)]:
            for document in documents:
                if document["kind"] in OPERATOR:
                    continue
                for version in KUBERNETES:
                    with self.subTest(environment, hosted=hosted, kind=document["kind"], version=version):
                        kubernetes_validate.validate(document, version, strict=True)

    def test_no_two_objects_have_one_name_and_jobs_are_short_enough(self):
        long = render("prod", release="a-release-whose-name-is-as-long-as-helm-allows-it")
        for _, _, documents in [*every(), ("prod", "both", long)]:
            ids = [(d["kind"], d["metadata"]["name"]) for d in documents]
            self.assertEqual(len(ids), len(set(ids)))
            for kind, name in ids:
                self.assertLessEqual(len(name), 52 if kind == "CronJob" else 63)

    def test_pods_are_locked_down(self):
        documents = render("prod")
        everything = pods(documents) + [job(documents, name)[1] for name in names(documents, "CronJob")]
        for pod in everything + [job(render("dev"), name)[1] for name in names(render("dev"), "CronJob")]:
            spec = pod["spec"]
            self.assertEqual(spec["securityContext"]["runAsUser"], 2000)
            self.assertTrue(spec["securityContext"]["runAsNonRoot"])
            self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            (container,) = spec["containers"]
            context = container["securityContext"]
            self.assertEqual(
                (context["allowPrivilegeEscalation"], context["capabilities"]), (False, {"drop": ["ALL"]})
            )
        for pod in pods(documents):
            self.assertTrue(pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"])

    def test_selectors_tell_the_server_from_every_job(self):
        for environment in ["dev", "prod"]:
            documents = render(environment)
            server = the(documents, "Deployment")["spec"]["template"]["metadata"]["labels"]
            jobs = {name: job(documents, name)[1]["metadata"]["labels"] for name in names(documents, "CronJob")}
            exclusive = [the(documents, "Service", name)["spec"]["selector"] for name in names(documents, "Service")]
            exclusive += [
                the(documents, "Deployment")["spec"]["selector"]["matchLabels"],
                the(documents, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
            ]
            for selector in exclusive:
                self.assertTrue(selects(selector, server), selector)
                for name, labels in jobs.items():
                    self.assertFalse(selects(selector, labels), (name, selector))
            # The policy lets nothing out to a Service's port, which the retry job calls.
            policy = the(documents, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]
            restricted = {name for name, labels in jobs.items() if selects(policy, labels)}
            self.assertTrue(selects(policy, server))
            self.assertEqual(restricted, {"gateway-past-date-check"})
            monitor = the(documents, "ServiceMonitor")["spec"]
            scraped = {
                name
                for name in names(documents, "Service")
                if selects(monitor["selector"]["matchLabels"], the(documents, "Service", name)["metadata"]["labels"])
            }
            self.assertEqual(scraped, {"gateway"})
            ports = {port["name"] for port in the(documents, "Service")["spec"]["ports"]}
            self.assertIn(monitor["endpoints"][0]["port"], ports)

    def test_services_of_the_replaced_names_reach_the_pods(self):
        for _, hosted, documents in every():
            own = the(documents, "Service")["spec"]
            expected = {"gateway"} | {f"hmpps-{service}-api" for service in services(hosted)}
            self.assertEqual(names(documents, "Service"), expected)
            for name in expected - {"gateway"}:
                spec = the(documents, "Service", name)["spec"]
                self.assertEqual(spec["selector"], own["selector"])
                self.assertEqual([(port["port"], port["targetPort"]) for port in spec["ports"]], [(80, "http")])

    def test_the_account_is_the_services_own_where_one_is_hosted(self):
        accounts = {
            "both": "hmpps-gateway",
            "non-associations": "hmpps-non-associations-api",
            "restricted-patients": "hmpps-restricted-patients-api",
        }
        for _, hosted, documents in every():
            for pod in pods(documents):
                self.assertEqual(pod["spec"]["serviceAccountName"], accounts[hosted])
        named = render("prod", "serviceAccountName=another")
        self.assertEqual({pod["spec"]["serviceAccountName"] for pod in pods(named)}, {"another"})

    def test_pods_are_as_many_as_before_and_roll_without_a_gap(self):
        for environment, _, documents in every():
            spec = the(documents, "Deployment")["spec"]
            self.assertEqual(spec["replicas"], 4 if environment == "prod" else 2)
            self.assertEqual(spec["strategy"]["rollingUpdate"], {"maxSurge": "100%", "maxUnavailable": 0})
            self.assertEqual((spec["minReadySeconds"], spec["revisionHistoryLimit"]), (10, 2))

    def test_labels_name_the_product(self):
        products = {"non-associations": "DPS032", "restricted-patients": "DPS066"}
        for hosted, settings in HOSTED.items():
            documents = render("prod", *settings)
            labels = the(documents, "Deployment")["spec"]["template"]["metadata"]["labels"]
            self.assertEqual(labels.get("hmpps.justice.gov.uk/product-id"), products.get(hosted))
            for service in services(hosted):
                labels = the(documents, "Ingress", f"gateway-{service}")["metadata"]["labels"]
                self.assertEqual(labels["hmpps.justice.gov.uk/product-id"], products[service])

    def test_the_autoscaler_owns_the_number_of_pods(self):
        documents = render("prod", "autoscaling.enabled=true")
        self.assertNotIn("replicas", the(documents, "Deployment")["spec"])
        self.assertEqual(the(documents, "HorizontalPodAutoscaler")["spec"]["minReplicas"], 4)
        self.assertEqual(names(render("prod"), "HorizontalPodAutoscaler"), set())
