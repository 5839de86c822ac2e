{{/*
A credential is {value} or {secret, secretKey}. Where it is in the end: the Secret's name and the key in it.
Arguments: credential, made (the Secret that the chart makes of values), key (its key there).
*/}}
{{- define "bridge.secretKeyRef" -}}
{{- if hasKey .credential "value" -}}
name: {{ .made }}
key: {{ .key }}
{{- else -}}
name: {{ .credential.secret }}
key: {{ .credential.secretKey }}
{{- end -}}
{{- end -}}

{{/* The settings that are secrets (files/secrets.yaml, made from the code), as a list below `all`. */}}
{{- define "bridge.secretSettings" -}}
all: {{ .Files.Get "files/secrets.yaml" | fromYamlArray | toJson }}
{{- end -}}

{{/* Values of the settings that are {value}, by variable: the content of the chart's own Secret. */}}
{{- define "bridge.secretValues" -}}
{{- range (include "bridge.secretSettings" . | fromYaml).all }}
{{- $credential := dig .section .key dict $.Values.secrets }}
{{- if hasKey $credential "value" }}
{{ .variable }}: {{ $credential.value | quote }}
{{- end }}
{{- end }}
{{- with .Values.nats }}
{{- if and .bundled.enabled (hasKey .bundled.password "value") }}
NATS_PASSWORD: {{ .bundled.password.value | quote }}
{{- else if and (not .bundled.enabled) (hasKey .external.password "value") }}
NATS_PASSWORD: {{ .external.password.value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The files with the secrets that a process reads, as the sources of a projected volume. Files and not variables: a
variable is inherited by every child, shown by debuggers and part of crash reports.
Arguments: root, process (key in the values).
*/}}
{{- define "bridge.secretSources" -}}
{{- $root := .root }}
{{- $process := .process }}
{{- range (include "bridge.secretSettings" $root | fromYaml).all }}
{{- $credential := dig .section .key dict $root.Values.secrets }}
{{- if and $credential (has $process .processes) }}
{{- $ref := include "bridge.secretKeyRef" (dict "credential" $credential "made" (include "bridge.fullname" $root) "key" .variable) | fromYaml }}
- secret:
    name: {{ $ref.name }}
    items:
      - key: {{ $ref.key }}
        path: {{ .variable }}
{{- end }}
{{- end }}
{{- end -}}

{{/* <VARIABLE>_FILE of the same. */}}
{{- define "bridge.secretFileEnv" -}}
{{- $root := .root }}
{{- $process := .process }}
{{- range (include "bridge.secretSettings" $root | fromYaml).all }}
{{- if and (dig .section .key dict $root.Values.secrets) (has $process .processes) }}
- name: {{ .variable }}_FILE
  value: /run/bridge/secrets/{{ .variable }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Fails with a sentence where a secret is missing that no process starts without. */}}
{{- define "bridge.checkSecrets" -}}
{{- range (include "bridge.secretSettings" . | fromYaml).all }}
{{- if and .required (not (dig .section .key dict $.Values.secrets)) }}
{{- fail (printf "secrets.%s.%s is required: {value} or {secret, secretKey} (%s)" .section .key .variable) }}
{{- end }}
{{- end }}
{{- if not (or (dig "notifications" "secrets" dict .Values.secrets) (dig "notifications" "sources" dict .Values.config)) }}
{{- fail "secrets.notifications.secrets is required, or config.notifications.sources: who may notify the bridge" }}
{{- end }}
{{- end -}}
