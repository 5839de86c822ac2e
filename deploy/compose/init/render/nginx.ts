import { join } from 'node:path';
import type { FederationPlan, OrganisationPlan } from '../plan';
import { messengerProxyLocations } from './messenger-proxy';

/** Settings of an nginx that runs without root on a read-only file system. */
interface MainSettings {
  /** A folder that may be written: process id, and bodies that do not fit in memory. */
  readonly temporary: string;
  /** DNS server for addresses in variables; not set: there are none that need it. */
  readonly resolver?: string;
}

/**
 * nginx.conf around its servers. The access log leaves out the query: it can hold an access token, or what is searched for.
 * @param servers the server blocks, or an include of them
 */
export function nginxMain({ temporary, resolver }: MainSettings, servers: string): string {
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `worker_processes 2;
pid ${join(temporary, 'nginx.pid')};
error_log stderr warn;

events {
  worker_connections 4096;
}

http {
${bodies.map((name) => `  ${name}_temp_path ${join(temporary, name)};`).join('\n')}
  server_tokens off;
  default_type application/octet-stream;
  types {
    text/html html;
    text/css css;
    text/javascript js mjs;
    application/json json;
    application/wasm wasm;
    image/svg+xml svg;
    image/png png;
    image/x-icon ico;
    font/woff2 woff2;
  }
  map $request_uri $request_path {
    "~^(?<before_query>[^?]*)" $before_query;
  }
  log_format paths '$remote_addr [$time_iso8601] $host "$request_method $request_path" $status $body_bytes_sent $request_time';
  access_log /dev/stdout paths;
${resolver ? `  resolver ${resolver} valid=10s ipv6=off;\n` : ''}
${indent(servers)}
}
`;
}

/** nginx.conf of the reverse proxy: TLS for all organisations, told apart by name. Their servers are files of their own. */
export function proxyConfig({ proxy }: FederationPlan): string {
  return nginxMain(
    proxy,
    `ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305;
ssl_prefer_server_ciphers off;
ssl_session_timeout 1d;
ssl_session_cache shared:tls:10m;
ssl_session_tickets off;

# Whoever asks for a name that is not here gets no certificate.
server {
${proxy.ports.map((port) => `  listen ${port} ssl default_server;`).join('\n')}
  server_name _;
  ssl_reject_handshake on;
}

${healthServer(proxy.health)}

include ${join(proxy.servers, '*.conf')};`,
  );
}

/** nginx.conf of the pages for administrators. */
export function adminConfig({ proxy }: FederationPlan): string {
  return nginxMain(proxy, `${healthServer(proxy.health)}\n\ninclude ${join(proxy.servers, '*.conf')};`);
}

/** A server that answers /health and nothing else. @param listen what follows nginx's `listen` */
export function healthServer(listen: string): string {
  return `server {
  listen ${listen};
  server_name _;
  access_log off;
  location = /health {
    default_type text/plain;
    return 200 "ok\\n";
  }
  location / {
    return 404;
  }
}`;
}

/**
 * The server block of an organisation. The homeserver, or the messenger proxy before it, is in a variable: nginx then asks
 * for its address when it is needed, and starts without it. proxy_pass has no path: nginx would decode the request's, which
 * breaks signed federation requests.
 */
export function proxyServer(organisation: OrganisationPlan, federation: FederationPlan): string {
  const { proxy } = federation;
  const { messengerProxy: isGuarded, places } = organisation;
  const { certificate, key, wellKnown } = places.proxy;
  const hsts = 'add_header Strict-Transport-Security "max-age=63072000" always;';
  const wellKnownFile = (name: string): string => `
  location = /.well-known/matrix/${name} {
    alias ${join(wellKnown, name)};
    default_type application/json;
    ${hsts}
    add_header Access-Control-Allow-Origin "*" always;
    add_header Access-Control-Allow-Methods "GET, OPTIONS" always;
    add_header Access-Control-Allow-Headers "Origin, X-Requested-With, Content-Type, Accept, Authorization" always;
  }`;
  const whereabouts = isGuarded
    ? indent(messengerProxyLocations(organisation, federation))
    : ['server', 'client'].map(wellKnownFile).join('\n');
  return `server {
${proxy.ports.map((port) => `  listen ${port} ssl;`).join('\n')}
  server_name ${hostOf(organisation.serverName)};
  ssl_certificate ${certificate};
  ssl_certificate_key ${key};
  ${hsts}

  client_max_body_size 50m;
${indent(toServer(isGuarded ? places.messengerProxy.inboundUrl : places.homeserver.url))}

  location ^~ /_matrix/ {
    proxy_pass http://$homeserver;
  }
  location ^~ /_synapse/client/ {
    proxy_pass http://$homeserver;
  }
${whereabouts}
${wellKnownFile('support')}

  # Among the rest is /_synapse/admin, which is for the inside only.
  location / {
    return 404;
  }
}
`;
}

/**
 * The pages for administrators of an organisation: Ketesa, the homeserver's admin API, the FHIR server. Plain HTTP, since
 * it is published on 127.0.0.1 alone; other host names are refused, so that no page elsewhere can be made to call it.
 */
export function adminServer({ places }: OrganisationPlan): string {
  const { port, ketesaUrl } = places.admin;
  const origins = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  const fhir = new URL(places.fhir.url);
  return `server {
  listen ${port} default_server;
  server_name _;
  return 421;
}

server {
  listen ${port};
  server_name 127.0.0.1 localhost;
  client_max_body_size 50m;
${indent(toServer(places.homeserver.url))}
  set $fhir ${fhir.host};
  set $ketesa ${new URL(ketesaUrl).host};

  location = /config.json {
    default_type application/json;
    return 200 '${JSON.stringify({ restrictBaseUrl: origins })}';
  }
  location ^~ /_matrix/ {
    proxy_pass http://$homeserver;
  }
  location ^~ /_synapse/ {
    proxy_pass http://$homeserver;
  }
  location ^~ ${fhir.pathname}/ {
    proxy_pass http://$fhir;
  }
  location / {
    proxy_pass http://$ketesa;
  }
}
`;
}

function toServer(url: string): string {
  return `set $homeserver ${new URL(url).host};
proxy_http_version 1.1;
proxy_set_header Host $host;
proxy_set_header Connection "";
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_request_buffering off;
proxy_max_temp_file_size 0;
proxy_connect_timeout 5s;
proxy_read_timeout 180s;
proxy_send_timeout 180s;`;
}

/** A server name without its port: what the proxy and the certificate go by. */
export function hostOf(serverName: string): string {
  return serverName.replace(/:\d+$/, '');
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
