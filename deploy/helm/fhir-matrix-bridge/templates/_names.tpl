{{- define "bridge.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The four processes: key in the values. The name of each is the key in kebab case. */}}
{{- define "bridge.processes" -}}
asIngress fhirIngress fhirMapper roomManager
{{- end -}}

{{/* Those, and the messenger proxy where there is one: all that have a Deployment. */}}
{{- define "bridge.deployed" -}}
{{ include "bridge.processes" . }}{{ if .Values.messengerProxy.enabled }} messengerProxy{{ end }}
{{- end -}}

{{/* Arguments: root, component. */}}
{{- define "bridge.selectorLabels" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Arguments: root, component. */}}
{{- define "bridge.labels" -}}
{{ include "bridge.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: fhir-matrix-bridge
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "bridge.serviceAccount" -}}
{{- default (include "bridge.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* An image of the bridge. Arguments: root, image (name, digest). */}}
{{- define "bridge.image" -}}
{{- $registry := required "image.registry is required: where the bridge's images are" .root.Values.image.registry -}}
{{- $tag := default .root.Chart.AppVersion .root.Values.image.tag -}}
{{- printf "%s/%s:%s" (trimSuffix "/" $registry) .image.name $tag -}}
{{- with .image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* Somebody else's image: repository, tag, digest. */}}
{{- define "bridge.foreignImage" -}}
{{- printf "%s:%s" .repository .tag -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end -}}
