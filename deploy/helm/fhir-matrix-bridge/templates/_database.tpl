{{- define "bridge.cluster" -}}
{{ include "bridge.fullname" . }}-postgres
{{- end -}}

{{- define "bridge.usesDatabase" -}}
{{- if ne . "fhirIngress" }}true{{ end -}}
{{- end -}}

{{/* The parts of the database's address, as credentials: the operator's Secret key by key, or the values. */}}
{{- define "bridge.databaseParts" -}}
{{- if .Values.cloudnativepg.enabled -}}
{{- $secret := printf "%s-app" (include "bridge.cluster" .) -}}
{{- range $part, $key := dict "host" "host" "port" "port" "database" "dbname" "user" "user" "password" "password" }}
{{ $part }}: {secret: {{ $secret }}, secretKey: {{ $key }}}
{{- end }}
{{- else -}}
{{- range $part := list "host" "port" "database" "user" "password" }}
{{- $credential := index $.Values.postgres $part }}
{{- if and (eq $part "port") (not $credential) }}{{ $credential = dict "value" "5432" }}{{ end }}
{{- if not $credential }}
{{- fail (printf "postgres.%s is required: {value} or {secret, secretKey}; or set cloudnativepg.enabled" $part) }}
{{- end }}
{{ $part }}: {{ $credential | toJson }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Values of the parts that are {value}. */}}
{{- define "bridge.databaseValues" -}}
{{- range $part, $credential := include "bridge.databaseParts" . | fromYaml }}
{{- if hasKey $credential "value" }}
PG{{ upper $part }}: {{ $credential.value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The authority of the database's certificate: {secret, secretKey}, or nothing. */}}
{{- define "bridge.databaseAuthority" -}}
{{- if .Values.cloudnativepg.enabled -}}
{{ dict "secret" (printf "%s-ca" (include "bridge.cluster" .)) "secretKey" "ca.crt" | toJson }}
{{- else -}}
{{ .Values.postgres.certificateAuthority | toJson }}
{{- end -}}
{{- end -}}

{{/*
How a container finds the database. User and password go by the variables of Postgres' own clients and not by the URL,
where they would have to be URL-encoded. Arguments: root, made (the Secret that holds the parts that are values).
*/}}
{{- define "bridge.databaseEnv" -}}
{{- $made := .made }}
{{- $parts := include "bridge.databaseParts" .root | fromYaml }}
{{- range $part := list "host" "port" "database" "user" "password" }}
- name: PG{{ upper $part }}
  valueFrom:
    secretKeyRef:
      {{- include "bridge.secretKeyRef" (dict "credential" (index $parts $part) "made" $made "key" (printf "PG%s" (upper $part))) | nindent 6 }}
{{- end }}
- name: DATABASE_URL
  value: postgresql://$(PGHOST):$(PGPORT)/$(PGDATABASE){{ include "bridge.databaseTls" .root }}
{{- end -}}

{{- define "bridge.databaseTls" -}}
{{- $mode := ternary "verify-full" .Values.postgres.sslMode .Values.cloudnativepg.enabled -}}
?sslmode={{ $mode }}
{{- if and (eq $mode "verify-full") (include "bridge.databaseAuthority" . | fromJson) -}}
&sslrootcert=/run/bridge/postgres/ca.crt
{{- end -}}
{{- end -}}

{{- define "bridge.databaseMounts" -}}
{{- if include "bridge.databaseAuthority" . | fromJson }}
- name: postgres-ca
  mountPath: /run/bridge/postgres
  readOnly: true
{{- end }}
{{- end -}}

{{- define "bridge.databaseVolumes" -}}
{{- with include "bridge.databaseAuthority" . | fromJson }}
- name: postgres-ca
  secret:
    secretName: {{ .secret }}
    # 0440
    defaultMode: 288
    items:
      - key: {{ .secretKey }}
        path: ca.crt
{{- end }}
{{- end -}}

{{/* The container that applies the missing migrations. Arguments: root, made. */}}
{{- define "bridge.migrateContainer" -}}
- name: migrate
  image: {{ include "bridge.image" (dict "root" .root "image" .root.Values.migration.image) }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  env:
    {{- include "bridge.databaseEnv" . | nindent 4 }}
  securityContext:
    {{- include "bridge.containerSecurity" .root | nindent 4 }}
  resources:
    {{- toYaml .root.Values.migration.resources | nindent 4 }}
  {{- with include "bridge.databaseMounts" .root | trim }}
  volumeMounts:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}
