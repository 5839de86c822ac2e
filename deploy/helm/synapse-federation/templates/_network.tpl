{{/* One rule. Arguments: direction (to or from), peers (none: anywhere), ports. */}}
{{- define "federation.rule" -}}
- ports:
    {{- range .ports }}
    - { port: {{ int . }}, protocol: TCP }
    {{- end }}
  {{- with .peers }}
  {{ $.direction }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "federation.dnsRule" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
  {{- with .Values.networkPolicy.peers.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Peers: the pods of some components of one organisation, as a list below `all`. Arguments: root, organisation, components. */}}
{{- define "federation.peersOf" -}}
all:
{{- range .components }}
  - podSelector:
      matchLabels:
        {{- include "federation.selectorLabels" (dict "root" $.root "organisation" $.organisation "component" .) | nindent 8 }}
{{- end }}
{{- end -}}

{{/* Head of a policy for one component. Arguments: those of labels, name. */}}
{{- define "federation.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "federation.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "federation.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end -}}

{{/* Port of the database. One that is in a Secret is not known here: the usual one. */}}
{{- define "federation.postgresPorts" -}}
{{- if .database.bundled.enabled }}[5432]{{ else }}[{{ dig "value" "5432" .database.external.port }}]{{ end -}}
{{- end -}}
