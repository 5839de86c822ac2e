"""Stands behind the proxy in the place of a homeserver, and tells how one reads what comes through.

It reads with what Synapse reads with: Twisted's HTTP server, the patterns of Synapse's own servlets, its parser of X-Matrix
headers, and Python's JSON. GET /seen at the second port gives what has come since it was last asked. Its arguments are two
ports.
"""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from urllib.parse import unquote

from twisted.internet import endpoints, reactor
from twisted.web import resource, server

import synapse.federation.transport.server as federation
import synapse.federation.transport.server.federation
import synapse.rest.client
import synapse.rest.media
from synapse.federation.transport.server._base import BaseFederationServlet, _parse_auth_header
from synapse.http.servlet import RestServlet

OUTSIDE = "evil.example"
METHODS = ("GET", "PUT", "POST", "DELETE")


class Routes:
    """What servlets register with; all that match count, whichever would come first."""

    def __init__(self):
        self.routes = []

    def register_paths(self, method, path_patterns, callback, servlet_classname):
        for pattern in path_patterns:
            self.routes.append((method, pattern, servlet_classname))

    def matching(self, method, path):
        # Synapse treats HEAD as GET.
        asked = "GET" if method == "HEAD" else method
        for each, pattern, name in self.routes:
            match = pattern.match(path)
            if each == asked and match:
                yield name, match.groupdict()


def servlets_of(package, base):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if module.ispkg:
            continue
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(each, base) and each.__module__ == module.name:
                yield each


def all_routes():
    routes = Routes()
    for package in (synapse.rest.client, synapse.rest.media):
        for servlet in servlets_of(package, RestServlet):
            try:
                # Not made as Synapse makes it, which takes a whole homeserver: the patterns are all that is asked for.
                servlet.register(object.__new__(servlet), routes)
            except (NotImplementedError, AttributeError):
                continue
    for servlet in servlets_of(federation, BaseFederationServlet):
        pattern = re.compile("^" + servlet.PREFIX + servlet.PATH + "$")
        for method in METHODS:
            if hasattr(servlet, "on_" + method):
                routes.register_paths(method, [pattern], None, "federation:" + servlet.__name__)
    return routes


ROUTES = all_routes()
GUARDED = {
    "RoomCreateRestServlet",
    "RoomMembershipRestServlet",
    "RoomStateEventRestServlet",
    "DownloadResource",
    "ThumbnailResource",
    "PublicRoomListRestServlet",
    "RegisterRestServlet",
    "federation:FederationSendServlet",
    "federation:FederationV2InviteServlet",
}
seen = []


def is_outside(value):
    return isinstance(value, str) and value.endswith(OUTSIDE)


def body_of(content):
    try:
        value = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def origins_of(request):
    for header in request.requestHeaders.getRawHeaders(b"Authorization") or []:
        if header.startswith(b"X-Matrix"):
            try:
                yield _parse_auth_header(header)[0]
            except Exception:
                continue


def members_in(body):
    events = body.get("initial_state")
    for event in events if isinstance(events, list) else []:
        if isinstance(event, dict) and event.get("type") == "m.room.member":
            yield event.get("state_key")


def as_list(value):
    return value if isinstance(value, list) else []


def wrongs(request, path, content):
    """What a homeserver would do here for, or with, somebody outside of the federation."""
    method = request.method.decode("latin-1")
    body = body_of(content)
    args = request.args
    for name, groups in ROUTES.matching(method, path):
        if name.startswith("federation:") and OUTSIDE in origins_of(request):
            yield "a call of a homeserver outside"
        if name == "RoomCreateRestServlet":
            if any(map(is_outside, [*as_list(body.get("invite")), *members_in(body)])) or body.get("invite_3pid"):
                yield "a room with somebody outside"
        if name == "RoomMembershipRestServlet" and groups["membership_action"] == "invite":
            if is_outside(body.get("user_id")) or ("medium" in body and "address" in body):
                yield "an invite of somebody outside"
        if name == "RoomStateEventRestServlet" and method == "PUT":
            state_key = unquote(groups.get("state_key") or "")
            event_type = unquote(groups["event_type"])
            joins = body.get("membership") not in ("leave", "ban")
            if event_type == "m.room.member" and is_outside(state_key) and joins:
                yield "a state event about somebody outside"
        if name in ("DownloadResource", "ThumbnailResource"):
            if is_outside(unquote(groups["server_name"])):
                yield "a file from outside"
        if name == "PublicRoomListRestServlet" and (args.get(b"server") or [b""])[0] == OUTSIDE.encode():
            yield "the rooms of a homeserver outside"
        if name == "RegisterRestServlet" and (args.get(b"kind") or [b""])[0] == b"guest":
            yield "a guest"
        if name == "federation:FederationSendServlet":
            pdus = [pdu for pdu in as_list(body.get("pdus")) if isinstance(pdu, dict)]
            if any(is_outside(pdu.get("sender")) for pdu in pdus):
                yield "an event of somebody outside"
    if path.startswith("/_synapse/admin"):
        yield "the admin API"


def mine(path):
    """Calls of the proxy's own."""
    if path == "/health":
        return {}
    if path == "/_matrix/client/v3/account/whoami":
        return {"user_id": "@me:own.example"}
    return None


class Reader(resource.Resource):
    isLeaf = True

    def render(self, request):
        content = request.content.read()
        path = request.path.decode("latin-1")
        own = mine(path)
        if own is None:
            seen.append(
                {
                    "method": request.method.decode("latin-1"),
                    "uri": request.uri.decode("latin-1"),
                    "case": request.getHeader("x-case"),
                    "authorizations": len(request.requestHeaders.getRawHeaders(b"Authorization") or []),
                    "content": content.decode("latin-1"),
                    "servlets": sorted(
                        {name for name, _ in ROUTES.matching(request.method.decode("latin-1"), path)} & GUARDED
                    ),
                    "wrongs": sorted(set(wrongs(request, path, content))),
                }
            )
        request.setHeader("content-type", "application/json")
        return json.dumps(own or {}).encode()


class Seen(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        request.setHeader("content-type", "application/json")
        answer = json.dumps({"seen": seen, "routes": len(ROUTES.routes)}).encode()
        seen.clear()
        return answer


for port, root in zip(sys.argv[1:3], (Reader(), Seen())):
    # Names of methods that nobody has are read as well.
    endpoints.TCP4ServerEndpoint(reactor, int(port), interface="127.0.0.1").listen(server.Site(root))
reactor.run()
