"""Writes what Synapse reads and no ConfigMap can hold: registrations with their tokens, and a worker's own name."""

import os
import pathlib
import sys

SOURCES = pathlib.Path("/run/synapse/registrations")
OUTPUT = pathlib.Path("/run/synapse/generated")


def registration(source: pathlib.Path) -> str:
    text = (source / "registration.yaml").read_text()
    for place, file in (("${AS_TOKEN}", "as_token"), ("${HS_TOKEN}", "hs_token")):
        token = source / file
        if token.exists():
            text = text.replace(place, token.read_text().strip())
        elif place in text:
            sys.exit(f"{source.name}: the registration has the place {place} and no token for it")
    return text


os.umask(0o077)
for directory in sorted(SOURCES.iterdir()) if SOURCES.exists() else []:
    (OUTPUT / f"{directory.name}.yaml").write_text(registration(directory))
if os.environ.get("WORKER"):
    (OUTPUT / "worker.yaml").write_text(
        f"worker_app: synapse.app.generic_worker\nworker_name: {os.environ['POD_NAME']}\n" + os.environ["WORKER"]
    )
