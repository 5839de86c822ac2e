{{/*
Which series are this release's: labels of the ServiceMonitors (namespace, and the Service's labels as targetLabels).
*/}}
{{- define "bridge.metricSelector" -}}
namespace={{ .Release.Namespace | quote }},app_kubernetes_io_instance={{ .Release.Name | quote }}
{{- end -}}
