{{- define "bridge.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.podSecurity.runAsUser }}
runAsGroup: {{ .Values.podSecurity.runAsGroup }}
fsGroup: {{ .Values.podSecurity.fsGroup }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "bridge.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Arguments: root, component. */}}
{{- define "bridge.topologySpread" -}}
{{- if .root.Values.topologySpreadConstraints }}
{{- toYaml .root.Values.topologySpreadConstraints }}
{{- else }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "bridge.selectorLabels" $ | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Arguments: probe (its times), path, scheme. */}}
{{- define "bridge.httpProbe" -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: {{ .scheme }}
{{ toYaml .probe }}
{{- end -}}

{{/* fhir-ingress may end TLS itself; all others speak plain HTTP. Arguments: root, process. */}}
{{- define "bridge.scheme" -}}
{{- if and (eq .process "fhirIngress") (dig "notifications" "tlsCertificate" dict .root.Values.secrets) }}HTTPS{{ else }}HTTP{{ end -}}
{{- end -}}

{{/* Where the pods of a process go. */}}
{{- define "bridge.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "bridge.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Pods roll when what they read changes. A Secret that the chart does not make is not seen here. */}}
{{- define "bridge.checksums" -}}
checksum/config: {{ include "bridge.config" . | sha256sum }}
checksum/secrets: {{ printf "%s%s" (include "bridge.secretValues" .) (include "bridge.databaseValues" .) | sha256sum }}
{{- end -}}
