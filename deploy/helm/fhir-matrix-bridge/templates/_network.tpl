{{/* The ports of some URLs, as a list without doubles. */}}
{{- define "bridge.portsOf" -}}
{{- $ports := list -}}
{{- range . -}}
{{- if . -}}
{{- $url := urlParse (trim .) -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) -}}
{{- if not $port -}}
{{- $port = get (dict "https" "443" "http" "80" "nats" "4222" "tls" "4222") $url.scheme -}}
{{- end -}}
{{- $ports = append $ports (int $port) -}}
{{- end -}}
{{- end -}}
{{ $ports | uniq | toJson }}
{{- end -}}

{{/* A setting that is a text with commas or a list, as a list. */}}
{{- define "bridge.listOf" -}}
{{- if kindIs "string" . }}{{ splitList "," . | toJson }}{{ else }}{{ . | toJson }}{{ end -}}
{{- end -}}

{{/* FHIR servers, and who gives out tokens for them. */}}
{{- define "bridge.fhirPorts" -}}
{{- $fhir := .Values.config.fhir -}}
{{- $urls := list -}}
{{- range $key := list "baseUrl" "tokenUrl" "nutsUrl" "nutsAuthorizationServer" -}}
{{- $urls = append $urls (dig $key "" $fhir) -}}
{{- end -}}
{{- $urls = append $urls (dig "audit" "url" "" .Values.config) -}}
{{- $urls = concat $urls (include "bridge.listOf" (dig "attachmentBases" list $fhir) | fromJsonArray) -}}
{{- $ports := include "bridge.portsOf" $urls | fromJsonArray -}}
{{ $ports | uniq | toJson }}
{{- end -}}

{{/* Where the keys are that sign the tokens of notifications. */}}
{{- define "bridge.keyPorts" -}}
{{- $urls := list -}}
{{- $sources := dig "notifications" "sources" dict .Values.config -}}
{{- if kindIs "map" $sources -}}
{{- range $name, $source := $sources -}}
{{- $urls = append $urls (dig "token" "jwksUrl" "" $source) -}}
{{- end -}}
{{- end -}}
{{ include "bridge.portsOf" $urls }}
{{- end -}}

{{- define "bridge.tracingPorts" -}}
{{- $tracing := dig "tracing" dict .Values.config -}}
{{ include "bridge.portsOf" (list (dig "endpoint" "" $tracing) (dig "tracesEndpoint" "" $tracing)) }}
{{- end -}}

{{- define "bridge.postgresPorts" -}}
{{- if .Values.cloudnativepg.enabled }}[5432]{{ else }}[{{ dig "value" "5432" .Values.postgres.port }}]{{ end -}}
{{- end -}}

{{- define "bridge.natsPorts" -}}
{{ include "bridge.portsOf" (concat (splitList "," (include "bridge.natsUrl" .)) (splitList "," (include "bridge.natsMonitoringUrls" .))) }}
{{- end -}}

{{/* A rule for what goes out. Arguments: peers (none: anywhere), ports, more (ports that only the values name). */}}
{{- define "bridge.ruleTo" -}}
{{- $ports := list -}}
{{- range concat (.ports | fromJsonArray) .more }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- include "bridge.rule" (dict "direction" "to" "peers" .peers "ports" (uniq $ports)) -}}
{{- end -}}

{{/* One rule. Arguments: direction (to or from), peers (none: anywhere), ports. Nothing without ports. */}}
{{- define "bridge.rule" -}}
{{- if .ports }}
- ports:
    {{- range .ports }}
    - { port: {{ int . }}, protocol: TCP }
    {{- end }}
  {{- with .peers }}
  {{ $.direction }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "bridge.dnsRule" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
  {{- with .Values.networkPolicy.peers.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* A peer: the pods of one component of this release. Arguments: root, component. */}}
{{- define "bridge.peerOf" -}}
podSelector:
  matchLabels:
    {{- include "bridge.selectorLabels" . | nindent 4 }}
{{- end -}}

{{/* The four processes as peers. */}}
{{- define "bridge.processPeers" -}}
{{- range $process := splitList " " (include "bridge.processes" .) }}
- {{ include "bridge.peerOf" (dict "root" $ "component" (kebabcase $process)) | nindent 2 | trim }}
{{- end }}
{{- end -}}
