{{/* What Synapse and its servers need to keep secret: name in the values, and the file and key of it. */}}
{{- define "federation.credentials" -}}
signingKey: signing_key
macaroonSecretKey: macaroon_secret_key
formSecret: form_secret
registrationSharedSecret: registration_shared_secret
workerReplicationSecret: worker_replication_secret
redisPassword: redis_password
postgresPassword: postgres_password
{{- end -}}

{{/*
Secret and key of a credential: where it is said to be, the chart's own Secret for {value}, else the one that the Job
makes. Arguments: organisation, credential (or nothing), file.
*/}}
{{- define "federation.keyRef" -}}
{{- if not .credential -}}
name: {{ .organisation.name }}-keys
key: {{ .file }}
{{- else if hasKey .credential "value" -}}
name: {{ .organisation.name }}-values
key: {{ .file }}
{{- else -}}
name: {{ .credential.secret }}
key: {{ .credential.secretKey }}
{{- end -}}
{{- end -}}

{{/* The parts of the database's address as credentials. An empty one: in the Secret that the Job makes. */}}
{{- define "federation.databaseParts" -}}
{{- $database := .database -}}
{{- if $database.bundled.enabled -}}
host: {value: {{ .name }}-postgres}
port: {value: '5432'}
database: {value: synapse}
user: {value: synapse}
password: {}
{{- else -}}
{{- range $part := list "host" "port" "database" "user" "password" }}
{{- $credential := index $database.external $part }}
{{- if and (eq $part "port") (not $credential) }}{{ $credential = dict "value" "5432" }}{{ end }}
{{- if not $credential }}
{{- fail (printf "organisations.%s.database.external.%s is required: {value} or {secret, secretKey}; or database.bundled.enabled" $.key $part) }}
{{- end }}
{{ $part }}: {{ $credential | toJson }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* What is {value}: the content of the chart's own Secret of an organisation. */}}
{{- define "federation.secretValues" -}}
{{- range $credential, $file := include "federation.credentials" . | fromYaml }}
{{- with get $.credentials $credential }}
{{- if hasKey . "value" }}
{{ $file }}: {{ .value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range $part, $credential := include "federation.databaseParts" . | fromYaml }}
{{- if hasKey $credential "value" }}
PG{{ upper $part }}: {{ $credential.value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Synapse finds its database by the variables of Postgres' own clients: no password is in a file of ours. */}}
{{- define "federation.databaseEnv" -}}
{{- $organisation := . }}
{{- $parts := include "federation.databaseParts" . | fromYaml }}
{{- range $part := list "host" "port" "database" "user" "password" }}
{{- $credential := index $parts $part }}
- name: PG{{ upper $part }}
  valueFrom:
    secretKeyRef:
      {{- include "federation.keyRef" (dict "organisation" $organisation "credential" $credential "file" (ternary (printf "PG%s" (upper $part)) "postgres_password" (not (empty $credential)))) | nindent 6 }}
{{- end }}
{{- end -}}

{{/* The sources of the projected volume with Synapse's secrets. */}}
{{- define "federation.secretSources" -}}
{{- $organisation := . }}
{{- range $credential, $file := omit (include "federation.credentials" . | fromYaml) "postgresPassword" }}
{{- $ref := include "federation.keyRef" (dict "organisation" $organisation "credential" (get $organisation.credentials $credential) "file" $file) | fromYaml }}
- secret:
    name: {{ $ref.name }}
    items:
      - key: {{ $ref.key }}
        path: {{ $file }}
{{- end }}
{{- end -}}

{{/* Whether the Job has to make keys for an organisation. */}}
{{- define "federation.needsKeys" -}}
{{- $organisation := . -}}
{{- $missing := $organisation.database.bundled.enabled -}}
{{- range $credential, $file := omit (include "federation.credentials" . | fromYaml) "postgresPassword" -}}
{{- if not (get $organisation.credentials $credential) }}{{ $missing = true }}{{ end -}}
{{- end -}}
{{- if $missing }}true{{ end -}}
{{- end -}}
