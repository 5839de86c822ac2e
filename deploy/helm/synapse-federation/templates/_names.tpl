{{- define "federation.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 30 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 30 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 30 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Everything that templates need to know about one organisation, as YAML: its values over the defaults, and what follows
from them. Arguments: root, key.
*/}}
{{- define "federation.organisation" -}}
{{- $organisation := mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (index .root.Values.organisations .key)) -}}
{{- $name := printf "%s-%s" (include "federation.fullname" .root) .key -}}
{{- $publicBaseUrl := default (printf "https://%s" (regexReplaceAll ":[0-9]+$" $organisation.serverName "")) $organisation.publicBaseUrl -}}
{{- $publicHost := regexReplaceAll ":[0-9]+$" (urlParse $publicBaseUrl).host "" -}}
{{- $server := ternary (printf "%s:8448" $organisation.serverName) (printf "%s:443" $publicHost) (not (empty $organisation.gateway.tlsSecret)) -}}
{{- $_ := set $organisation "key" .key -}}
{{- $_ := set $organisation "name" $name -}}
{{- $_ := set $organisation "publicBaseUrl" (printf "%s/" (trimSuffix "/" $publicBaseUrl)) -}}
{{- $_ := set $organisation "publicHost" $publicHost -}}
{{- $_ := set $organisation "serviceName" (default $name $organisation.serviceName) -}}
{{- $_ := set $organisation.wellKnown "server" (default $server $organisation.wellKnown.server) -}}
{{- toYaml $organisation -}}
{{- end -}}

{{/* Arguments: root, organisation (its key; none for what belongs to all), component. */}}
{{- define "federation.selectorLabels" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- with .organisation }}
matrix-federation/organisation: {{ . }}
{{- end }}
{{- end -}}

{{- define "federation.labels" -}}
{{ include "federation.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: synapse-federation
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* name, namespace and labels of an object. Arguments: those of labels, name. */}}
{{- define "federation.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "federation.labels" . | nindent 2 }}
{{- end -}}

{{- define "federation.image" -}}
{{- printf "%s:%s" .repository .tag -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- define "federation.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.podSecurity.runAsUser }}
runAsGroup: {{ .Values.podSecurity.runAsGroup }}
fsGroup: {{ .Values.podSecurity.fsGroup }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "federation.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "federation.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What every pod has. Arguments: those of labels, values (an organisation). */}}
{{- define "federation.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "federation.podSecurity" .root | nindent 2 }}
{{- include "federation.pullSecrets" .root }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
topologySpreadConstraints:
  {{- if .root.Values.topologySpreadConstraints }}
  {{- toYaml .root.Values.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "federation.selectorLabels" $ | nindent 8 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* Arguments: those of labels, name. */}}
{{- define "federation.podDisruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "federation.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "federation.selectorLabels" . | nindent 6 }}
{{- end -}}

{{/* HTTP probes of one port. Arguments: path, port. */}}
{{- define "federation.probes" -}}
{{- range $name, $times := dict
  "startupProbe" (dict "periodSeconds" 5 "timeoutSeconds" 5 "failureThreshold" 60)
  "readinessProbe" (dict "periodSeconds" 5 "timeoutSeconds" 5 "failureThreshold" 3)
  "livenessProbe" (dict "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 6) }}
{{ $name }}:
  httpGet:
    path: {{ $.path }}
    port: {{ $.port }}
  {{- toYaml $times | nindent 2 }}
{{- end }}
{{- end -}}
