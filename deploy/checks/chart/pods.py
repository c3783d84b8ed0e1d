import unittest

import kubernetes_validate

from rendered import HOSTED, environment_of, every, job, names, pods, render, selects, services, the

# The oldest that the chart asks for, and a new one.
KUBERNETES = ["1.27", "1.34"]
TEMPLATE = "restrictedPatients.subjectAccessTemplate.configMap=registered-template"
# Kinds of the Prometheus operator, whose schemas are not Kubernetes' own.
OPERATOR = {"PrometheusRule", "ServiceMonitor"}


class Objects(unittest.TestCase):
    def test_everything_fits_the_schemas_of_kubernetes(self):
        files = ["databaseAuthorities.configMap=authorities", TEMPLATE]
        more = render("prod", *files, "autoscaling.enabled=true")
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

    def test_the_registered_template_is_mounted_where_the_setting_says_and_only_where_its_service_is_hosted(self):
        """docs/contract/adoption.md §5"""
        digest = "a9edf28aadf163f4ac40edde850e4f695b921559e43328e426a3876d97c8a650"
        setting = "RESTRICTED_PATIENTS_SAR_TEMPLATE_"
        for hosted, without in HOSTED.items():
            with_both = ["databaseAuthorities.configMap=authorities", TEMPLATE]
            for more in [[TEMPLATE], with_both, [TEMPLATE, f"restrictedPatients.subjectAccessTemplate.sha256={digest}"]]:
                is_there = hosted != "non-associations"
                documents = render("prod", *without, *more)
                for pod in pods(documents):
                    spec = pod["spec"]
                    (container,) = spec["containers"]
                    values = {name: entry.get("value") for name, entry in environment_of(pod).items()}
                    volumes = {each["name"]: each["configMap"]["name"] for each in spec.get("volumes", [])}
                    mounts = {each["name"]: each for each in container.get("volumeMounts", [])}
                    self.assertEqual(set(volumes), set(mounts))
                    self.assertTrue(all(mount["readOnly"] for mount in mounts.values()))
                    self.assertEqual("database-authorities" in volumes, more == with_both)
                    expected = digest if is_there and "sha256" in more[-1] else None
                    self.assertEqual(values.get(setting + "SHA256"), expected)
                    if not is_there:
                        self.assertNotIn(setting + "FILE", values)
                        self.assertNotIn("subject-access-template", volumes)
                        continue
                    self.assertEqual(volumes["subject-access-template"], "registered-template")
                    path = mounts["subject-access-template"]["mountPath"] + "/sar_template.mustache"
                    self.assertEqual(values[setting + "FILE"], path)
        for pod in pods(render("prod")):
            self.assertNotIn("volumes", pod["spec"])
            self.assertFalse([name for name in environment_of(pod) if name.startswith(setting)])

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
