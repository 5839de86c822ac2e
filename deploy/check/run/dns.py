"""Answers for names as a container engine's own DNS server does: to each container what it may know, and NXDOMAIN else.

    dns.py <plan>      a JSON list of {namespace, address, names: {name: [address]}}

It listens at the address (port 53) within each network namespace, and writes a line when it does so everywhere. A server
that says NXDOMAIN is needed: a homeserver asks for SRV records, and waits for minutes where nobody answers.
"""

import ctypes
import json
import selectors
import socket
import sys

CLONE_NEWNET = 0x40000000
A, AAAA, IN = 1, 28, 1
NXDOMAIN = 3


def socket_in(namespace, address):
    """A socket stays in the network namespace that it was made in."""
    if namespace:
        with open(f"/run/netns/{namespace}") as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
                sys.exit(f"no way into the network of {namespace}: errno {ctypes.get_errno()}")
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 53))
    return made


def answer(query, names):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace").lower())
        at += query[at] + 1
    question = query[12 : at + 5]
    kind = int.from_bytes(query[at + 1 : at + 3], "big")
    addresses = names.get(".".join(labels))
    found = addresses if addresses and kind == A else []
    if len(found) > 1:
        found.append(found.pop(0))  # another one first the next time
    code = 0 if addresses else NXDOMAIN
    head = query[:2] + bytes([0x81, 0x80 | code]) + b"\0\1" + len(found).to_bytes(2, "big") + b"\0\0\0\0"
    records = b"".join(
        b"\xc0\x0c" + A.to_bytes(2, "big") + IN.to_bytes(2, "big") + (2).to_bytes(4, "big") + b"\0\4" + socket.inet_aton(each)
        for each in found
    )
    return head + question + records


def main():
    selector = selectors.DefaultSelector()
    with open(sys.argv[1]) as file:
        plan = json.load(file)
    for each in plan:
        selector.register(socket_in(each.get("namespace"), each["address"]), selectors.EVENT_READ, each["names"])
    print("listening", flush=True)
    while True:
        for key, _ in selector.select():
            query, sender = key.fileobj.recvfrom(4096)
            try:
                key.fileobj.sendto(answer(query, key.data), sender)
            except (IndexError, OSError) as error:
                print(f"a query that could not be answered: {error}", file=sys.stderr, flush=True)


main()
