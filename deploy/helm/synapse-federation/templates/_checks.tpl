{{/* What the schema cannot say: mistakes that only show when values are seen together. */}}
{{- define "federation.checks" -}}
{{- if not .Values.organisations -}}
{{- fail "organisations is empty: name at least one, such as vvt: {serverName: vvt.example}" -}}
{{- end -}}
{{- if and (eq .Values.exposure.kind "httpRoute") (not .Values.exposure.httpRoute.parentRefs) -}}
{{- fail "exposure.httpRoute.parentRefs is required: the Gateway that the routes belong to" -}}
{{- end -}}
{{- $names := list -}}
{{- range $key, $_ := .Values.organisations -}}
{{- $organisation := include "federation.organisation" (dict "root" $ "key" $key) | fromYaml -}}
{{- if has $organisation.serverName $names -}}
{{- fail (printf "organisations.%s.serverName is %s, which another organisation has" $key $organisation.serverName) -}}
{{- end -}}
{{- $names = append $names $organisation.serverName -}}
{{- if and $organisation.element.enabled (not $organisation.element.host) -}}
{{- fail (printf "organisations.%s.element.host is required where element.enabled is true" $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
