import json
import re
import unittest

import yaml

from rendered import CHART, ENVIRONMENTS, HOSTED, ROOT, environment_of, every, pods, render, services, sources

# docs/contract/adoption.md §1.1, §1.2: variable → secret and key.
SECRETS = {
    "non-associations": {
        "API_CLIENT_ID": ("hmpps-non-associations-api-client-creds", "API_CLIENT_ID"),
        "API_CLIENT_SECRET": ("hmpps-non-associations-api-client-creds", "API_CLIENT_SECRET"),
        "APPLICATIONINSIGHTS_CONNECTION_STRING": (
            "hmpps-non-associations-api-application-insights",
            "APPLICATIONINSIGHTS_CONNECTION_STRING",
        ),
        "DATABASE_ENDPOINT": ("dps-rds-instance-output", "rds_instance_endpoint"),
        "DATABASE_NAME": ("dps-rds-instance-output", "database_name"),
        "DATABASE_USERNAME": ("dps-rds-instance-output", "database_username"),
        "DATABASE_PASSWORD": ("dps-rds-instance-output", "database_password"),
        "HMPPS_SQS_TOPICS_DOMAINEVENTS_ARN": ("hmpps-domain-events-topic", "topic_arn"),
        "HMPPS_SQS_QUEUES_AUDIT_QUEUE_NAME": ("sqs-hmpps-audit-secret", "sqs_queue_name"),
        "HMPPS_SQS_QUEUES_NONASSOCIATIONS_QUEUE_NAME": ("sqs-prisoner-event-queue-secret", "sqs_queue_name"),
        "HMPPS_SQS_QUEUES_NONASSOCIATIONS_DLQ_NAME": ("sqs-prisoner-event-queue-dlq-secret", "sqs_queue_name"),
    },
    "restricted-patients": {
        "API_CLIENT_ID": ("hmpps-restricted-patients-api-client-creds", "API_CLIENT_ID"),
        "API_CLIENT_SECRET": ("hmpps-restricted-patients-api-client-creds", "API_CLIENT_SECRET"),
        "APPLICATIONINSIGHTS_CONNECTION_STRING": (
            "hmpps-restricted-patients-api-application-insights",
            "APPLICATIONINSIGHTS_CONNECTION_STRING",
        ),
        "DATABASE_ENDPOINT": ("rp-rds-instance-output", "rds_instance_endpoint"),
        "DATABASE_NAME": ("rp-rds-instance-output", "database_name"),
        "DATABASE_USERNAME": ("rp-rds-instance-output", "database_username"),
        "DATABASE_PASSWORD": ("rp-rds-instance-output", "database_password"),
        "HMPPS_SQS_TOPICS_DOMAINEVENTSOUTBOUND_ARN": ("hmpps-domain-events-topic", "topic_arn"),
        "HMPPS_SQS_QUEUES_OFFENDEREVENTS_QUEUE_NAME": ("prison-events-restricted-patients-queue", "sqs_queue_name"),
        "HMPPS_SQS_QUEUES_OFFENDEREVENTS_DLQ_NAME": ("prison-events-restricted-patients-dlq", "sqs_queue_name"),
        "HMPPS_SQS_QUEUES_DOMAINEVENTS_QUEUE_NAME": ("domain-events-restricted-patients-queue", "sqs_queue_name"),
        "HMPPS_SQS_QUEUES_DOMAINEVENTS_DLQ_NAME": ("domain-events-restricted-patients-dlq", "sqs_queue_name"),
    },
}
SUFFIX = {"dev": "-dev", "preprod": "-preprod", "prod": ""}


def setting(service: str, variable: str) -> str:
    """What a variable of a chart replaced is called here."""
    return variable if variable.startswith("HMPPS_") else f"{service.replace('-', '_').upper()}_{variable}"


class Settings(unittest.TestCase):
    """docs/contract/adoption.md §8 row AD-14"""

    def test_ad_14_secrets_and_keys_are_those_of_the_charts_replaced_and_no_others(self):
        for environment, hosted, documents in every():
            expected = {
                setting(service, variable): source
                for service in services(hosted)
                for variable, source in SECRETS[service].items()
            }
            for pod in pods(documents):
                with self.subTest(environment, hosted=hosted):
                    references = {
                        name: entry["valueFrom"]["secretKeyRef"]
                        for name, entry in environment_of(pod).items()
                        if "valueFrom" in entry
                    }
                    found = {name: (ref["name"], ref["key"]) for name, ref in references.items()}
                    self.assertEqual(found, expected)
                    self.assertFalse([name for name, ref in references.items() if ref.get("optional")])

    def test_ad_14_addresses_products_and_documents_are_those_of_the_environment(self):
        for environment, hosted, documents in every():
            end = SUFFIX[environment]
            expected = {
                "API_BASE_URL_OAUTH": f"https://sign-in{end}.hmpps.service.justice.gov.uk/auth",
                "API_BASE_URL_PRISONER_SEARCH": f"https://prisoner-search{end}.prison.service.justice.gov.uk",
                "GATEWAY_MODULES": ",".join(services(hosted)),
            }
            if hosted != "restricted-patients":
                expected["NON_ASSOCIATIONS_PRODUCT_ID"] = "DPS032"
            if hosted != "non-associations":
                expected["RESTRICTED_PATIENTS_PRODUCT_ID"] = "DPS066"
                expected["PRISON_API_ENDPOINT_URL"] = f"https://prison-api{end}.prison.service.justice.gov.uk"
            for pod in pods(documents):
                values = {name: entry.get("value") for name, entry in environment_of(pod).items()}
                self.assertEqual({name: values[name] for name in expected}, expected)
                documented = values.get("RESTRICTED_PATIENTS_API_DOCS_ENABLED") == "true"
                self.assertEqual(documented, environment == "dev" and hosted != "non-associations")

    def test_nothing_of_a_service_that_is_left_out_is_rendered(self):
        for hosted, other in [("non-associations", "restricted"), ("restricted-patients", "non-associations")]:
            for environment in ENVIRONMENTS:
                text = json.dumps(render(environment, *HOSTED[hosted])).lower()
                self.assertNotIn(other, text)
                self.assertNotIn(other.replace("-", "_"), text)

    def test_every_setting_is_one_that_the_gateway_reads(self):
        # A test compares the page with what the gateway says of itself.
        page = (ROOT / "docs/settings.md").read_text()
        known = set()
        for row in re.findall(r"^\| (`[^|]*) \|", page, re.M):
            known |= set(re.findall(r"`([A-Z][A-Z0-9_-]+)`", row))
        # libpq's own.
        known.add("PGSSLROOTCERT")
        for environment in ENVIRONMENTS:
            template = [f"restrictedPatients.subjectAccessTemplate.{each}" for each in ["configMap=x", "sha256=" + 64 * "0"]]
            for pod in pods(render(environment, "databaseAuthorities.configMap=authorities", *template)):
                self.assertEqual(set(environment_of(pod)) - known, set())
        compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
        for service in ["gateway", "doubles"]:
            self.assertEqual(set(compose[service]["environment"]) - known, set())

    def test_every_command_is_one_that_the_gateway_has(self):
        code = sources()
        for pod in pods(render("prod")):
            for word in pod["spec"]["containers"][0]["args"]:
                # A command, or a job that a module declares.
                has = f'commandName: "{word}"' in code or re.search(rf'static let \w+ = "{re.escape(word)}"', code)
                self.assertTrue(has, word)


class Values(unittest.TestCase):
    """Whether values.schema.json knows each value, and no other."""

    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def resolve(self, schema: dict) -> dict:
        if "$ref" in schema:
            return self.resolve(self.schema["definitions"][schema["$ref"].rsplit("/", 1)[1]])
        for way in ["anyOf", "allOf"]:
            objects = [self.resolve(part) for part in schema.get(way, [])]
            found = [part for part in objects if part.get("type") == "object"]
            if len(found) == 1:
                return found[0]
        return schema

    def compare(self, path: str, schema: dict, value):
        schema = self.resolve(schema)
        if not isinstance(value, dict) or "properties" not in schema:
            return
        self.assertIs(schema.get("additionalProperties"), False, f"{path or 'values'} takes names that are misspelt")
        known = set(schema["properties"]) - ({"generic-service", "global"} if not path else set())
        self.assertEqual(known, set(value), path or "values")
        for key, part in value.items():
            self.compare(f"{path}.{key}".lstrip("."), schema["properties"][key], part)

    def test_the_schema_has_each_value_and_no_other(self):
        self.compare("", self.schema, self.values)
