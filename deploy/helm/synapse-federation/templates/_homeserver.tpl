{{/* All servers that may federate with each other. */}}
{{- define "federation.whitelist" -}}
{{- $names := list -}}
{{- range $key, $organisation := .Values.organisations -}}
{{- $names = append $names $organisation.serverName -}}
{{- end -}}
{{ concat $names .Values.federation.whitelist | uniq | toJson }}
{{- end -}}

{{/* homeserver.yaml. Arguments: root, organisation. */}}
{{- define "federation.homeserver" -}}
{{- $organisation := .organisation -}}
{{- $federation := .root.Values.federation -}}
{{- $own := include "federation.homeserverOfChart" . | fromYaml -}}
{{- $registrations := list -}}
{{- range $index, $_ := $organisation.appservices -}}
{{- $registrations = append $registrations (printf "/run/synapse/generated/%d.yaml" $index) -}}
{{- end -}}
{{- $_ := set $own "app_service_config_files" $registrations -}}
{{- $_ := set $own "federation_domain_whitelist" (include "federation.whitelist" .root | fromJsonArray) -}}
{{- if $federation.certificateAuthority -}}
{{- $_ := set $own "federation_custom_ca_list" (list "/run/synapse/authority/ca.crt") -}}
{{- end -}}
{{- if $federation.privateNetworks -}}
{{- $_ := set $own "ip_range_whitelist" $federation.privateNetworks -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own $organisation.extraConfig) -}}
{{- end -}}

{{- define "federation.homeserverOfChart" -}}
{{- $organisation := .organisation -}}
server_name: {{ $organisation.serverName | quote }}
public_baseurl: {{ $organisation.publicBaseUrl | quote }}
listeners:
  - port: 8008
    type: http
    tls: false
    bind_addresses: ['0.0.0.0']
    x_forwarded: true
    resources:
      - names: [client, federation]
        compress: false
  - port: 9000
    type: metrics
    bind_addresses: ['0.0.0.0']
{{- if $organisation.workers.enabled }}
  - port: 9093
    type: http
    bind_addresses: ['0.0.0.0']
    resources:
      - names: [replication]
{{- end }}
database:
  name: psycopg2
  # Host, user and password come from the environment (PGHOST and so on).
  args:
    application_name: synapse
    connect_timeout: 10
    keepalives_idle: 30
    cp_min: {{ $organisation.database.pool.min }}
    cp_max: {{ $organisation.database.pool.max }}
{{- if not $organisation.database.bundled.enabled }}
    sslmode: {{ $organisation.database.external.sslMode }}
{{- if $organisation.database.external.certificateAuthority }}
    sslrootcert: /run/synapse/postgres/ca.crt
{{- else if eq $organisation.database.external.sslMode "verify-full" }}
    sslrootcert: system
{{- end }}
{{- end }}
signing_key_path: /run/synapse/secrets/signing_key
macaroon_secret_key_path: /run/synapse/secrets/macaroon_secret_key
form_secret_path: /run/synapse/secrets/form_secret
registration_shared_secret_path: /run/synapse/secrets/registration_shared_secret
log_config: /etc/synapse/log.yaml
media_store_path: /data/media
max_upload_size: {{ $organisation.media.maxUploadSize }}
enable_metrics: true
report_stats: false

# Nobody becomes a user by themselves, and nobody looks around.
enable_registration: false
allow_guest_access: false
allow_public_rooms_without_auth: false
allow_public_rooms_over_federation: false
room_list_publication_rules:
  - action: deny
require_auth_for_profile_requests: true
limit_profile_requests_to_users_who_share_rooms: true
url_preview_enabled: false
presence:
  enabled: false
password_config:
  policy:
    enabled: true
    minimum_length: 12

# Federation with the servers of the list only, by certificates that are checked.
trusted_key_servers: []
federation_verify_certificates: true
# A partner that was away is tried again within a minute; the default is ten.
federation:
  destination_min_retry_interval: 30s
  destination_retry_multiplier: 2
  destination_max_retry_interval: 10m

# A care professional is invited to many Rooms at once, and this limit counts on the server of who is invited: with the
# default the sixth invite fails for the server that sends it.
rc_invites:
  per_room: { per_second: 5, burst_count: 100 }
  per_user: { per_second: 2, burst_count: 200 }
  per_issuer: { per_second: 5, burst_count: 200 }
rc_joins:
  local: { per_second: 5, burst_count: 100 }
  remote: { per_second: 2, burst_count: 100 }
rc_joins_per_room: { per_second: 5, burst_count: 100 }

# What was taken back, left behind or logged does not stay longer than it has to. m.room.retention of a Room is obeyed.
retention:
  enabled: true
redaction_retention_period: 7d
forgotten_room_retention_period: 7d
user_ips_max_age: 28d
media_retention:
  remote_media_lifetime: 90d
{{- if $organisation.workers.enabled }}
worker_replication_secret_path: /run/synapse/secrets/worker_replication_secret
instance_map:
  main:
    host: {{ $organisation.name }}-synapse
    port: 9093
redis:
  enabled: true
  host: {{ $organisation.name }}-valkey
  port: 6379
  password_path: /run/synapse/secrets/redis_password
{{- end }}
{{- end -}}

{{- define "federation.log" -}}
version: 1
formatters:
  line: { format: '%(asctime)s %(levelname)s %(name)s %(request)s %(message)s' }
filters:
  context: { (): synapse.logging.context.LoggingContextFilter }
handlers:
  console: { class: logging.StreamHandler, formatter: line, filters: [context], stream: ext://sys.stdout }
root: { level: INFO, handlers: [console] }
loggers:
  # At DEBUG these two write down what people say.
  synapse.storage.SQL: { level: INFO }
  synapse.access: { level: WARNING }
disable_existing_loggers: false
{{- end -}}
