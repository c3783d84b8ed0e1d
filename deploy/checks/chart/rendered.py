"""The chart as helm renders it."""

import functools
import pathlib
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy" / "helm" / "gateway"
CHECKS = ROOT / "deploy" / "checks" / "chart"
ENVIRONMENTS = ["dev", "preprod", "prod"]
NAMESPACE = "gateway-test"
# The services that can be hosted, by the settings that leave out the other.
HOSTED = {
    "both": [],
    "non-associations": ["restrictedPatients.enabled=false"],
    "restricted-patients": ["nonAssociations.enabled=false"],
}
KEYS = {"non-associations": "nonAssociations", "restricted-patients": "restrictedPatients"}


def services(hosted: str) -> list[str]:
    return list(KEYS) if hosted == "both" else [hosted]


@functools.cache
def run_helm(
    environment: str,
    *settings: str,
    image: str = "registry.example/gateway",
    allowlists: bool = True,
    release: str = "gateway",
    more: str = "",
):
    """Settings are name=value, or name:=JSON for what is no text; more is YAML, as of a values file that is given last."""
    command = ["helm", "template", release, str(CHART), "--namespace", NAMESPACE]
    command += ["--values", str(CHART / f"values-{environment}.yaml")]
    if allowlists:
        command += ["--values", str(CHECKS / "allowlists.yaml")]
    command += ["--set-string", f"image.repository={image}", "--set-string", "image.tag=2026-01-02.3"]
    for setting in settings:
        name, separator, value = setting.partition(":=")
        command += ["--set-json", f"{name}={value}"] if separator else ["--set", setting]
    if more:
        command += ["--values", "-"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, input=more)


def render(environment: str, *settings: str, release: str = "gateway", more: str = "") -> list[dict]:
    done = run_helm(environment, *settings, release=release, more=more)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def every() -> list[tuple[str, str, list[dict]]]:
    """What is rendered for each environment and each choice of services."""
    return [(e, hosted, render(e, *settings)) for e in ENVIRONMENTS for hosted, settings in HOSTED.items()]


def names(documents: list[dict], kind: str) -> set[str]:
    return {d["metadata"]["name"] for d in documents if d["kind"] == kind}


def the(documents: list[dict], kind: str, name: str = "gateway") -> dict:
    (found,) = [d for d in documents if d["kind"] == kind and d["metadata"]["name"] == name]
    return found


def job(documents: list[dict], name: str) -> tuple[dict, dict, dict]:
    """A cron job, and its pod and container."""
    cron = the(documents, "CronJob", name)["spec"]
    pod = cron["jobTemplate"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    return cron, pod, container


def pods(documents: list[dict]) -> list[dict]:
    """Those that run the gateway."""
    found = [the(documents, "Deployment")["spec"]["template"]]
    if "gateway-past-date-check" in names(documents, "CronJob"):
        found.append(job(documents, "gateway-past-date-check")[1])
    return found


def environment_of(pod: dict) -> dict[str, dict]:
    (container,) = pod["spec"]["containers"]
    given = [entry["name"] for entry in container["env"]]
    assert len(given) == len(set(given)), f"a setting twice: {sorted(given)}"
    return {entry["name"]: entry for entry in container["env"]}


def selects(selector: dict, labels: dict) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


def rules(documents: list[dict]) -> list[dict]:
    return [rule for group in the(documents, "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]


def sources() -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "Sources").rglob("*.swift")))
