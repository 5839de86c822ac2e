"""Holds an SBOM against CycloneDX's own JSON schema of its version, strictly: unknown fields are refused.

    validate-sbom.py <file>      exit status 0: it is one; else what is wrong is on standard error
"""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
fault = JsonStrictValidator(SchemaVersion.from_version(json.loads(text)["specVersion"])).validate_str(text)
if fault:
    sys.exit(str(fault)[:2000])
