{{/* What the schema cannot say: mistakes that only show when values are seen together. */}}
{{- define "bridge.checks" -}}
{{- include "bridge.checkSecrets" . -}}
{{- include "bridge.checkMessengerProxy" . -}}
{{- $partitions := include "bridge.partitions" . | int -}}
{{- range $process := list "fhirMapper" "roomManager" -}}
{{- with index $.Values $process -}}
{{- if and (ne .autoscaling.kind "none") (gt (int .autoscaling.maxReplicas) $partitions) -}}
{{- fail (printf "%s.autoscaling.maxReplicas is %d, above config.nats.partitions (%d): a partition is worked through by one replica, more would do nothing" $process (int .autoscaling.maxReplicas) $partitions) -}}
{{- end -}}
{{- if and (eq .autoscaling.kind "keda") (not $.Values.keda.prometheus.serverAddress) -}}
{{- fail (printf "keda.prometheus.serverAddress is required for %s.autoscaling.kind keda" $process) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $process := splitList " " (include "bridge.deployed" .) -}}
{{- with (index $.Values $process).autoscaling -}}
{{- if and (ne .kind "none") (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail (printf "%s.autoscaling.minReplicas is above maxReplicas" $process) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.cloudnativepg.enabled .Values.postgres.host -}}
{{- fail "postgres.host and cloudnativepg.enabled: choose one database" -}}
{{- end -}}
{{- if ne .Values.exposure.kind "none" -}}
{{- range $route := concat (list "fhirIngress" "asIngress" "jwks") (ternary (list "messengerProxy") list .Values.messengerProxy.enabled) -}}
{{- with index $.Values.exposure $route -}}
{{- if and .enabled (not .host) -}}
{{- fail (printf "exposure.%s.host is required, or set exposure.%s.enabled to false" $route $route) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.exposure.kind "httpRoute") (not .Values.exposure.httpRoute.parentRefs) -}}
{{- fail "exposure.httpRoute.parentRefs is required: the Gateway that the route belongs to" -}}
{{- end -}}
{{- end -}}
