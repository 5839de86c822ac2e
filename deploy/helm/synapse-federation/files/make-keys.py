"""Makes the keys of each homeserver, once.

The Secret is created and never read or changed: one that is there already (409) stays as it is. All randomness is the
operating system's.
"""

import base64
import io
import json
import os
import secrets
import ssl
import sys
import urllib.error
import urllib.request

from signedjson.key import generate_signing_key, write_signing_keys

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def signing_key() -> str:
    text = io.StringIO()
    write_signing_keys(text, [generate_signing_key("a_" + secrets.token_hex(3))])
    return text.getvalue()


def manifest(name: str, labels: dict) -> dict:
    # A letter first: some readers take a value of digits for a number.
    content = {key: "k" + secrets.token_hex(32) for key in os.environ["SECRETS"].split()}
    content["signing_key"] = signing_key()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": labels},
        "type": "Opaque",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in content.items()},
    }


def create(secret: dict) -> int:
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    host = f"[{host}]" if ":" in host else host
    with open(f"{ACCOUNT}/token") as file:
        token = file.read()
    request = urllib.request.Request(
        f"https://{host}:{port}/api/v1/namespaces/{os.environ['NAMESPACE']}/secrets",
        data=json.dumps(secret).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def main() -> int:
    for name, labels in json.loads(os.environ["WANTED"]).items():
        status = create(manifest(name, labels))
        print({201: f"{name}: made", 409: f"{name}: there already, left as it is"}.get(status, f"{name}: HTTP {status}"))
        if status not in (201, 409):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
