"""What clients are generated from our documents: the same Kotlin models, but for comments, as from the shapes of the documents
of the services replaced, with the options of each client; and they compile, with what each client does with them (uses/). Ends
with status 1, and the differences or the compiler's words, otherwise.

  Tests/Clients/models.py [--keep FOLDER]      with the Python of .venv; deploy/test calls it so

The documents are those of Tests/Golden, which a test holds equal to what is served; the shapes are those of
Tests/ContractTests/Shapes. Our document has more models. Each of the shape's is compared whole: names, order, types and
defaults of parameters, enumerations with their constants. A fault that is planted must be seen too, by both. The compiler is
Debian's package `kotlin`, older than the clients' own: what it takes, they take.
"""
import argparse
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GENERATOR = str(pathlib.Path(sys.executable).parent / "openapi-generator-cli")
SERVICES = {"non-associations": "nonAssociations", "restricted-patients": "restrictedPatients"}
COMMON = {"dateLibrary": "java8-localdatetime", "serializationLibrary": "jackson"}
USES = ROOT / "Tests" / "Clients" / "uses"
ANNOTATIONS = "/usr/share/java/jackson-annotations.jar"
# Who generates (docs/contract/adoption.md §6): document, package, options of the generator.
CLIENTS = {
    "hmpps-official-visits-api": ("non-associations", "officialvisits", {"enumPropertyNaming": "original"}),
    "hmpps-activities-management-api": (
        "non-associations", "activities",
        {"library": "jvm-spring-webclient", "enumPropertyNaming": "UPPERCASE", "useBeanValidation": "false"}),
    "hmpps-prisoner-to-nomis-update": (
        "non-associations", "nomisupdate",
        {"library": "jvm-spring-webclient", "enumPropertyNaming": "original", "useSpringBoot3": "true"}),
    "hmpps-prisoner-search": (
        "restricted-patients", "prisonersearch",
        {"library": "jvm-spring-webclient", "enumPropertyNaming": "original", "useSpringBoot3": "true"}),
}


def generate(document, folder, options):
    properties = ",".join(f"{name}={value}" for name, value in (COMMON | options).items())
    # The documents have been validated elsewhere; the shapes have texts as defaults of times, which is a fault of theirs.
    done = subprocess.run(
        [GENERATOR, "generate", "-g", "kotlin", "-i", str(document), "-o", str(folder), "--skip-validate-spec",
         "--global-property", "models,modelDocs=false,modelTests=false", f"--additional-properties={properties}"],
        capture_output=True, text=True, env=os.environ | {"JAVA_OPTS": "-XX:TieredStopAtLevel=1"})
    if done.returncode:
        sys.exit(f"openapi-generator-cli failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return {file.name: bare(file.read_text()) for file in sorted(folder.rglob("*.kt")) if "models" in file.parts}


def bare(source):
    """A source without comments and blank lines: comments have the words of a document."""
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    return [line.rstrip() for line in source.splitlines() if line.strip() and not line.lstrip().startswith("//")]


def compare(shape, ours):
    found = []
    for name, source in shape.items():
        found += difflib.unified_diff(source, ours.get(name, []), f"shape/{name}", f"ours/{name}", lineterm="", n=1)
    return found


def compiled(folders, target):
    """Whether the Kotlin in the folders compiles; and what the compiler says."""
    done = subprocess.run(
        ["kotlinc", "-no-reflect", "-nowarn", "-classpath", ANNOTATIONS, "-d", str(target), *map(str, folders)],
        capture_output=True, text=True)
    faults = [line for line in (done.stdout + done.stderr).splitlines() if "error:" in line]
    return done.returncode == 0 and not faults and target.exists(), faults or [done.stderr[-2000:]]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--keep", metavar="FOLDER", help="keep what was generated there")
    keep = arguments.parse_args().keep
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        base = pathlib.Path(keep or temporary)
        sources = []
        for client, (service, package, options) in CLIENTS.items():
            options = options | {"packageName": package}
            golden = ROOT / "Tests" / "Golden" / f"api-{SERVICES[service]}.json"
            shape = generate(ROOT / "Tests" / "ContractTests" / "Shapes" / f"{service}.json", base / client / "shape", options)
            found = compare(shape, generate(golden, base / client / "ours", options))
            print(f"models: {client}: {len(shape)} of {service}, {'differences:' if found else 'the same'}")
            print("\n".join(found), end="\n" if found else "")
            failed = failed or bool(found) or not shape
            sources += [base / client / "ours", USES / f"{client}.kt"]
        fits, words = compiled(sources, base / "models.jar")
        print("models: they compile, with what clients do with them" if fits else "\n".join(["models: they do not compile:", *words]))
        failed = failed or not fits
        # The comparison itself: one type more that may be null.
        document = json.loads(golden.read_text())
        document["components"]["schemas"]["Agency"]["properties"]["agencyId"]["type"] = ["string", "null"]
        document["components"]["schemas"]["Agency"]["required"] = []
        faulty = pathlib.Path(temporary) / "faulty.json"
        faulty.write_text(json.dumps(document))
        folder = pathlib.Path(temporary) / "faulty"
        if not compare(shape, generate(faulty, folder, options)):
            sys.exit("models: a planted fault was not seen")
        if compiled([folder, USES / f"{client}.kt"], folder / "models.jar")[0]:
            sys.exit("models: a planted fault was compiled")
    sys.exit(1 if failed else 0)


main()
