"""``python -m benchmarks``: runs every benchmark and writes RESULTS.md beside this file."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ALL = ("first_paint", "page_answer", "sliding", "beam", "one_pass", "bertviz")
PACKAGES = ("torch", "transformers", "streamlit", "plotly", "numpy", "bertviz", "playwright")


def machine() -> str:
    """Processor, cores and memory, as the system tells them."""
    name = platform.processor() or platform.machine()
    if (cpus := Path("/proc/cpuinfo")).exists():
        names = [line.split(":", 1)[1].strip() for line in cpus.read_text().splitlines() if line.startswith("model name")]
        name = names[0] if names else name
    memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB" if hasattr(os, "sysconf") else ""
    return f"{name}, {os.cpu_count()} cores{memory}, {platform.system()}"


def browser() -> str:
    from scripts.real_app import find_chromium

    chromium = find_chromium()
    return subprocess.run([chromium, "--version"], capture_output=True, text=True).stdout.strip() if chromium else "no browser"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)} (default: all)")
    parser.add_argument("--pairs", type=int, help="instead of each benchmark's own number, for a trial")
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(ALL):
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > 0.5:
        print(f"Something else is running (load {load:.1f}): the seconds below will be unsteady.", file=sys.stderr)
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    parts = [
        "# Results",
        f"`python -m benchmarks`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load before it {load:.1f}.  \n"
        f"{machine()}.  \nPython {platform.python_version()}, {versions}; {browser()}.",
    ]
    met = True
    for name in chosen.names or ALL:
        benchmark = importlib.import_module(f"benchmarks.{name}")
        print(f"{name} …", flush=True)
        begun = time.monotonic()
        result = benchmark.measure(chosen.pairs)
        met &= result.met
        print(f"{result.markdown()}\n{time.monotonic() - begun:.0f} s", flush=True)
        parts.append(f"## {benchmark.TITLE}\n\n{result.markdown()}")
    chosen.out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"written to {chosen.out}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
