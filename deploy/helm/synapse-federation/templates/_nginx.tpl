{{/* What every nginx.conf begins with: it runs with a read-only root, and its log holds no queries, which hold tokens. */}}
{{- define "federation.nginxHead" -}}
worker_processes 2;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 1024; }
http {
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  log_format plain '$remote_addr "$request_method $uri" $status $body_bytes_sent $request_time';
  access_log /dev/stdout plain;
  server_tokens off;
{{- end -}}

{{/* With forward secrecy, for certificates of either kind of key. */}}
{{- define "federation.ciphers" -}}
{{- $ciphers := list -}}
{{- range $key := list "ECDSA" "RSA" -}}
{{- range list "AES128-GCM-SHA256" "AES256-GCM-SHA384" "CHACHA20-POLY1305" -}}
{{- $ciphers = append $ciphers (printf "ECDHE-%s-%s" $key .) -}}
{{- end -}}
{{- end -}}
{{ join ":" $ciphers }}
{{- end -}}

{{/* A location with a header of its own has none of its server's: it is in each. Nothing where something else ends TLS. */}}
{{- define "federation.hsts" -}}
{{- if .gateway.tlsSecret }}add_header Strict-Transport-Security 'max-age=63072000' always;{{ end -}}
{{- end -}}

{{/* The nginx.conf in front of one homeserver. Argument: organisation. */}}
{{- define "federation.gateway" -}}
{{ include "federation.nginxHead" . }}
  client_max_body_size {{ .media.maxUploadSize | lower }};
  proxy_http_version 1.1;
  # /sync waits for 30 s, and longer where clients ask for it.
  proxy_read_timeout 620s;
  proxy_buffering off;
  map $http_x_forwarded_proto $forwarded_proto {
    default $http_x_forwarded_proto;
    '' $scheme;
  }
  # Synapse believes the first address. By TLS people call themselves, and could put any there; else what stands in front
  # has put it.
  map $https $forwarded_for {
    on $remote_addr;
    default $proxy_add_x_forwarded_for;
  }
  # The Host that was asked for, and the address of who asked; nothing after the address in proxy_pass: a path there
  # would be decoded, and signatures would not fit.
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $forwarded_for;
  proxy_set_header X-Forwarded-Proto $forwarded_proto;
  upstream synapse { server {{ .name }}-synapse:8008; keepalive 16; }
  {{- if .workers.enabled }}
  upstream workers { server {{ .name }}-worker:8008; keepalive 16; }
  {{- end }}
  proxy_set_header Connection '';
  server {
    listen 8080;
    {{- if .gateway.tlsSecret }}
    # The same port as outside: a policy of who calls means the port of the pod.
    listen 8448 ssl;
    ssl_certificate /run/nginx/tls/tls.crt;
    ssl_certificate_key /run/nginx/tls/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers {{ include "federation.ciphers" . }};
    ssl_session_cache shared:tls:1m;
    ssl_session_tickets off;
    {{ include "federation.hsts" . }}
    {{- end }}
    location = /.gateway-health { access_log off; default_type text/plain; return 200 'ok'; }
    location = /.well-known/matrix/server {
      default_type application/json;
      add_header Access-Control-Allow-Origin '*' always;
      {{- with include "federation.hsts" . }}
      {{ . }}
      {{- end }}
      return 200 {{ dict "m.server" .wellKnown.server | toJson | squote }};
    }
    location = /.well-known/matrix/client {
      default_type application/json;
      add_header Access-Control-Allow-Origin '*' always;
      {{- with include "federation.hsts" . }}
      {{ . }}
      {{- end }}
      return 200 {{ dict "m.homeserver" (dict "base_url" (trimSuffix "/" .publicBaseUrl)) | toJson | squote }};
    }
    {{- if or .wellKnown.contacts .wellKnown.supportPage }}
    {{- $support := dict }}
    {{- if .wellKnown.contacts }}
    {{- $contacts := list }}
    {{- range .wellKnown.contacts }}
    {{- $contact := dict "role" .role }}
    {{- with .emailAddress }}{{ $_ := set $contact "email_address" . }}{{ end }}
    {{- with .matrixId }}{{ $_ := set $contact "matrix_id" . }}{{ end }}
    {{- $contacts = append $contacts $contact }}
    {{- end }}
    {{- $_ := set $support "contacts" $contacts }}
    {{- end }}
    {{- with .wellKnown.supportPage }}{{ $_ := set $support "support_page" . }}{{ end }}
    location = /.well-known/matrix/support {
      default_type application/json;
      add_header Access-Control-Allow-Origin '*' always;
      {{- with include "federation.hsts" . }}
      {{ . }}
      {{- end }}
      return 200 {{ $support | toJson | squote }};
    }
    {{- end }}
    {{- if .workers.enabled }}
    # What any worker may answer ("Available worker applications" of Synapse's documentation), of what is asked most.
    location ~ ^/_matrix/client/(r0|v3)/(sync|events|initialSync)$ { proxy_pass http://workers; }
    location ~ ^/_matrix/client/(r0|v3|v1)/rooms/[^/]+/(messages|members|joined_members|event/.*|context/.*|state|hierarchy|relations/.*|threads)$ { proxy_pass http://workers; }
    location ~ ^/_matrix/federation/v1/(event|state|state_ids|backfill|get_missing_events|query|hierarchy)/ { proxy_pass http://workers; }
    {{- end }}
    location /_matrix/ { proxy_pass http://synapse; }
    location /_synapse/client/ { proxy_pass http://synapse; }
    # Nothing else, and not the admin API, which is for inside the cluster.
    location / { return 404; }
  }
}
{{- end -}}

{{/* The nginx.conf of Element Web. */}}
{{- define "federation.elementNginx" -}}
{{ include "federation.nginxHead" . }}
  include /etc/nginx/mime.types;
  server {
    listen 8080;
    root /srv/element;
    add_header X-Frame-Options SAMEORIGIN always;
    add_header X-Content-Type-Options nosniff always;
    add_header Content-Security-Policy "frame-ancestors 'self'" always;
    location = /config.json { alias /run/element/config.json; }
    location / { try_files $uri $uri/ =404; }
  }
}
{{- end -}}
