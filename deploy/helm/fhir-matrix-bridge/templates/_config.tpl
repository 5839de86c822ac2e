{{- define "bridge.natsServers" -}}
{{- $name := printf "%s-nats" (include "bridge.fullname" .) -}}
{{- $servers := list -}}
{{- range $index := until (int .Values.nats.bundled.replicas) -}}
{{- $servers = append $servers (printf "%s-%d.%s-headless.%s.svc" $name $index $name $.Release.Namespace) -}}
{{- end -}}
{{ $servers | toJson }}
{{- end -}}

{{- define "bridge.natsUrl" -}}
{{- if .Values.nats.bundled.enabled -}}
{{- $urls := list -}}
{{- range include "bridge.natsServers" . | fromJsonArray -}}
{{- $urls = append $urls (printf "nats://%s:4222" .) -}}
{{- end -}}
{{ join "," $urls }}
{{- else -}}
{{ required "nats.external.url is required where nats.bundled.enabled is false" .Values.nats.external.url }}
{{- end -}}
{{- end -}}

{{- define "bridge.natsMonitoringUrls" -}}
{{- if .Values.nats.bundled.enabled -}}
{{- $urls := list -}}
{{- range include "bridge.natsServers" . | fromJsonArray -}}
{{- $urls = append $urls (printf "http://%s:8222" .) -}}
{{- end -}}
{{ join "," $urls }}
{{- else -}}
{{ .Values.nats.external.monitoringUrls }}
{{- end -}}
{{- end -}}

{{/* User and password of NATS: {user, password}, or nothing. */}}
{{- define "bridge.natsLogin" -}}
{{- if .Values.nats.bundled.enabled -}}
{{- with .Values.nats.bundled.password }}{{ dict "user" "bridge" "password" . | toJson }}{{ else }}{}{{ end -}}
{{- else -}}
{{- with .Values.nats.external }}{{ if .password }}{{ dict "user" (required "nats.external.user is required beside nats.external.password" .user) "password" .password | toJson }}{{ else }}{}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "bridge.natsPasswordRef" -}}
{{- $login := include "bridge.natsLogin" . | fromJson -}}
{{- include "bridge.secretKeyRef" (dict "credential" $login.password "made" (include "bridge.fullname" .) "key" "NATS_PASSWORD") -}}
{{- end -}}

{{/*
With a password NATS_URL is a variable, which counts before the file: the client takes the credentials of the first
URL for all, and no file with a secret in the middle can be made of a Secret.
*/}}
{{- define "bridge.natsEnv" -}}
{{- $login := include "bridge.natsLogin" . | fromJson }}
{{- if $login }}
- name: NATS_PASSWORD
  valueFrom:
    secretKeyRef:
      {{- include "bridge.natsPasswordRef" . | nindent 6 }}
- name: NATS_URL
  value: {{ include "bridge.natsUrl" . | replace "://" (printf "://%s:$(NATS_PASSWORD)@" $login.user) }}
{{- end }}
{{- end -}}

{{- define "bridge.natsReplicas" -}}
{{- if .Values.nats.bundled.enabled }}{{ .Values.nats.bundled.replicas }}{{ else }}{{ .Values.nats.external.replicas }}{{ end -}}
{{- end -}}

{{- define "bridge.partitions" -}}
{{- dig "nats" "partitions" 32 .Values.config -}}
{{- end -}}

{{/* The file of BRIDGE_CONFIG. */}}
{{- define "bridge.config" -}}
{{- range list (list "organisation" "name") (list "matrix" "serverName") (list "homeserver" "url") (list "fhir" "baseUrl") }}
{{- if not (dig (first .) (last .) "" $.Values.config) }}
{{- fail (printf "config.%s.%s is required" (first .) (last .)) }}
{{- end }}
{{- end }}
{{- $nats := dict "url" (include "bridge.natsUrl" .) "replicas" (include "bridge.natsReplicas" . | int) }}
{{- with include "bridge.natsMonitoringUrls" . }}{{ $_ := set $nats "monitoringUrls" . }}{{ end }}
{{- $derived := dict "nats" $nats "http" (dict "host" "0.0.0.0" "port" 8080) }}
{{- with include "bridge.proxyConfig" . | fromYaml }}{{ $_ := set $derived "proxy" . }}{{ end }}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $derived) }}
{{- end -}}
