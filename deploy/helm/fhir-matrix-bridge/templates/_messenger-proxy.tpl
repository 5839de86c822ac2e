{{/* Whether it has the interfaces of gematik as well, for contacts and for information. */}}
{{- define "bridge.isTim" -}}
{{- if eq (dig "proxy" "profile" "closed-federation" .Values.config) "tim" }}true{{ end -}}
{{- end -}}

{{/*
The ports of a process, as a map from their names; `http` is for health and metrics, and for the four processes for all
else as well. Arguments: root, process.
*/}}
{{- define "bridge.ports" -}}
{{- if ne .process "messengerProxy" -}}
{http: 8080}
{{- else if include "bridge.isTim" .root -}}
{http: 1233, inbound: 8090, outbound: 8093, contacts: 8070, information: 7777}
{{- else -}}
{http: 1233, inbound: 8090, outbound: 8093}
{{- end -}}
{{- end -}}

{{/* Ports for who comes from outside. */}}
{{- define "bridge.proxyOuterPorts" -}}
{{- if include "bridge.isTim" . }}[8090, 8070, 7777]{{ else }}[8090]{{ end -}}
{{- end -}}

{{/* Name of the ConfigMap with the federation list. */}}
{{- define "bridge.federationList" -}}
{{ include "bridge.fullname" . }}-federation-list
{{- end -}}

{{/* Variables that the messenger proxy alone has. Health and metrics are apart from what others call. */}}
{{- define "bridge.proxyEnv" -}}
- name: HTTP_PORT
  value: '1233'
{{- if .Values.messengerProxy.list }}
- name: PROXY_LIST
  value: /run/bridge/list/list.jws
{{- end }}
{{- end -}}

{{/* The settings that the chart fills in: what stands behind the proxy is the homeserver that the bridge calls. */}}
{{- define "bridge.proxyConfig" -}}
{{- if .Values.messengerProxy.enabled -}}
homeserverUrl: {{ dig "proxy" "homeserverUrl" .Values.config.homeserver.url .Values.config | quote }}
{{- /* Rooms that nobody uses are removed with an administrator's token; without one the process refuses to try. */}}
{{- if not (dig "proxy" "adminToken" dict .Values.secrets) }}
orphanedRoomMs: {{ dig "proxy" "orphanedRoomMs" 0 .Values.config }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Whether it reports calls, by the queue. */}}
{{- define "bridge.proxyReports" -}}
{{- if and .Values.messengerProxy.enabled (dig "proxy" "rawDataUrl" "" .Values.config) }}true{{ end -}}
{{- end -}}

{{/* Where it calls others beside homeservers: the list where that is at a URL, directory, registration service, receiver of reports. */}}
{{- define "bridge.proxyServicePorts" -}}
{{- $proxy := dig "proxy" dict .Values.config -}}
{{- $list := default "" $proxy.list -}}
{{ include "bridge.portsOf" (list (ternary $list "" (hasPrefix "http" $list)) $proxy.directoryUrl $proxy.registrationUrl $proxy.rawDataUrl) }}
{{- end -}}

{{/* Fails with a sentence where something is missing without which it does not start. */}}
{{- define "bridge.checkMessengerProxy" -}}
{{- $secrets := dig "proxy" dict .Values.secrets -}}
{{- if .Values.messengerProxy.enabled -}}
{{- if not (or .Values.messengerProxy.list (dig "proxy" "list" "" .Values.config)) -}}
{{- fail "messengerProxy.list is required, the signed federation list as text; or config.proxy.list, its URL" -}}
{{- end -}}
{{- if eq (empty $secrets.listKey) (empty $secrets.listAuthorities) -}}
{{- fail "secrets.proxy.listKey is required, the public key of whoever signs the federation list; or secrets.proxy.listAuthorities; not both" -}}
{{- end -}}
{{- if eq (dig "proxy" "outbound" "" .Values.config) "intercept" -}}
{{- if or (empty $secrets.outboundCertificate) (empty $secrets.outboundKey) -}}
{{- fail "secrets.proxy.outboundCertificate and secrets.proxy.outboundKey are required for config.proxy.outbound intercept" -}}
{{- end -}}
{{- end -}}
{{- $invites := dig "proxy" "invites" (ternary "permissions" "listed" (eq (include "bridge.isTim" .) "true")) .Values.config -}}
{{- if and (eq $invites "permissions") (empty $secrets.adminToken) -}}
{{- fail "secrets.proxy.adminToken is required where people say in their account data who may invite them; or config.proxy.invites: listed or contacts" -}}
{{- end -}}
{{- $orphaned := dig "proxy" "orphanedRoomMs" 0 .Values.config -}}
{{- if and (gt (int64 $orphaned) 0) (empty $secrets.adminToken) -}}
{{- fail "secrets.proxy.adminToken is required where orphaned rooms are removed; or config.proxy.orphanedRoomMs: 0" -}}
{{- end -}}
{{- if include "bridge.proxyReports" . -}}
{{- range list "rawDataInstanceId" "rawDataProfessionOid" "rawDataTelematikId" -}}
{{- if empty (dig "proxy" . "" $.Values.config) -}}
{{- fail (printf "config.proxy.%s is required with config.proxy.rawDataUrl: every report names it" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
