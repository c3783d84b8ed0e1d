"""Instructions and allocations of a gateway, as Valgrind's callgrind counts them: the same on a busy machine."""
import glob
import os
import pathlib
import re
import subprocess

# What a call of is an allocation. Swift's objects, arrays and closures come from the first three.
ALLOCATORS = {"malloc", "posix_memalign", "aligned_alloc", "calloc", "realloc", "memalign"}
ENVIRONMENT = {
    # Valgrind counts each byte of a `rep movsb`.
    "GLIBC_TUNABLES": "glibc.cpu.x86_rep_movsb_threshold=100000000",
    # Tables of hashes lie in the same order in every run.
    "SWIFT_DETERMINISTIC_HASHING": "1",
}


def stripped(binary, folder):
    """A copy that Valgrind can read: it stops at Swift's debug information."""
    program = str(pathlib.Path(folder) / "gateway-stripped")
    subprocess.run(["strip", "--strip-debug", "-o", program, binary], check=True)
    return program


def command(folder):
    """What goes before the program and its arguments. The files that it writes lie in the folder."""
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out", "--quiet"]


def take(pid, folder, functions=None):
    """Instructions and allocations since the last call, or since the start. Adds the instructions of each function, what
    it calls left out, to `functions`."""
    subprocess.run(["callgrind_control", "--dump", str(pid)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    files = glob.glob(f"{folder}/callgrind.out.*")
    newest = max(files, key=lambda name: int(name.rsplit(".", 1)[1]))
    counts = read(newest)
    if functions is not None:
        functions.update(by_function(newest))
    for name in files:
        os.unlink(name)
    return counts


def read(path):
    """The two sums of a file in callgrind's format, which gives each name once, with a number for it."""
    instructions, allocations = 0, 0
    allocators, is_allocator = set(), False
    with open(path, errors="replace") as lines:
        for line in lines:
            if line.startswith("cfn=") or line.startswith("fn="):
                number, _, name = line.split("=", 1)[1].strip().partition(" ")
                if name in ALLOCATORS:
                    allocators.add(number)
                is_allocator = number in allocators
            elif line.startswith("calls=") and is_allocator:
                allocations += int(line[6:].split()[0])
            elif found := re.match(r"(?:summary|totals): (\d+)", line):
                instructions = int(found.group(1))
    return instructions, allocations


def by_function(path):
    """The instructions of each function of such a file, what it calls left out."""
    names, found, function, is_call = {}, {}, None, False
    with open(path, errors="replace") as lines:
        for line in lines:
            if line.startswith(("fn=", "cfn=")):
                number, _, name = line.split("=", 1)[1].strip().partition(" ")
                if name:
                    names[number] = name
                if line.startswith("fn="):
                    function = number
            elif line.startswith("calls="):
                is_call = True
            elif line[:1] in "+-*0123456789" and function is not None:
                if not is_call:
                    found[function] = found.get(function, 0) + int(line.split()[1])
                is_call = False
    return {names[number]: cost for number, cost in found.items() if number in names}
