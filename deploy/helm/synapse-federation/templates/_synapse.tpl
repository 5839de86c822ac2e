{{/*
The containers and volumes of Synapse, main process or worker. Arguments: root, organisation, process (synapse or
worker).
*/}}
{{- define "federation.synapsePod" -}}
{{- $organisation := .organisation }}
{{- $isWorker := eq .process "worker" }}
# Requests under way, among them /sync, end by themselves.
terminationGracePeriodSeconds: 60
initContainers:
  - name: configure
    image: {{ include "federation.image" .root.Values.images.synapse }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command: [python, /etc/synapse/configure.py]
    {{- if $isWorker }}
    env:
      - name: POD_NAME
        valueFrom:
          fieldRef:
            fieldPath: metadata.name
      - name: WORKER
        value: |
          {{- include "federation.worker" . | nindent 10 }}
    {{- end }}
    securityContext:
      {{- include "federation.containerSecurity" .root | nindent 6 }}
    resources:
      requests: { cpu: 10m, memory: 32Mi }
      limits: { memory: 128Mi }
    volumeMounts:
      - { name: config, mountPath: /etc/synapse, readOnly: true }
      - { name: generated, mountPath: /run/synapse/generated }
      {{- range $index, $_ := $organisation.appservices }}
      - { name: registration-{{ $index }}, mountPath: /run/synapse/registrations/{{ $index }}, readOnly: true }
      {{- end }}
containers:
  - name: {{ .process }}
    image: {{ include "federation.image" .root.Values.images.synapse }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command:
      - python
      - -m
      - synapse.app.{{ ternary "generic_worker" "homeserver" $isWorker }}
      - --config-path=/etc/synapse/homeserver.yaml
      {{- if $isWorker }}
      - --config-path=/run/synapse/generated/worker.yaml
      {{- end }}
    env:
      # The account has no entry in the image's /etc/passwd.
      - name: HOME
        value: /tmp
      - name: USER
        value: synapse
      {{- include "federation.databaseEnv" $organisation | nindent 6 }}
      {{- with $organisation.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    ports:
      - { name: http, containerPort: 8008, protocol: TCP }
      - { name: metrics, containerPort: 9000, protocol: TCP }
      {{- if and $organisation.workers.enabled (not $isWorker) }}
      - { name: replication, containerPort: 9093, protocol: TCP }
      {{- end }}
    {{- include "federation.probes" (dict "path" "/health" "port" "http") | nindent 4 }}
    lifecycle:
      preStop:
        sleep:
          seconds: 5
    securityContext:
      {{- include "federation.containerSecurity" .root | nindent 6 }}
    resources:
      {{- toYaml (ternary $organisation.workers.resources $organisation.resources $isWorker) | nindent 6 }}
    volumeMounts:
      - { name: config, mountPath: /etc/synapse, readOnly: true }
      - { name: secrets, mountPath: /run/synapse/secrets, readOnly: true }
      - { name: generated, mountPath: /run/synapse/generated, readOnly: true }
      - { name: data, mountPath: /data }
      - { name: tmp, mountPath: /tmp }
      {{- if .root.Values.federation.certificateAuthority }}
      - { name: authority, mountPath: /run/synapse/authority, readOnly: true }
      {{- end }}
      {{- if and (not $organisation.database.bundled.enabled) $organisation.database.external.certificateAuthority }}
      - { name: postgres-ca, mountPath: /run/synapse/postgres, readOnly: true }
      {{- end }}
      {{- with $organisation.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: config
    configMap:
      name: {{ $organisation.name }}-synapse
  - name: generated
    emptyDir: { medium: Memory, sizeLimit: 1Mi }
  - name: tmp
    emptyDir: { sizeLimit: 256Mi }
  {{- if $isWorker }}
  # Media is the main process's business alone.
  - name: data
    emptyDir: { sizeLimit: 64Mi }
  {{- end }}
  - name: secrets
    projected:
      # 0440
      defaultMode: 288
      sources:
        {{- include "federation.secretSources" $organisation | nindent 8 }}
  {{- range $index, $appservice := $organisation.appservices }}
  - name: registration-{{ $index }}
    projected:
      # 0440
      defaultMode: 288
      sources:
        {{- if $appservice.configMap }}
        - configMap:
            name: {{ $appservice.configMap }}
            items: [{ key: {{ $appservice.configMapKey }}, path: registration.yaml }]
        - secret:
            name: {{ $appservice.asToken.secret }}
            items: [{ key: {{ $appservice.asToken.secretKey }}, path: as_token }]
        - secret:
            name: {{ $appservice.hsToken.secret }}
            items: [{ key: {{ $appservice.hsToken.secretKey }}, path: hs_token }]
        {{- else }}
        - secret:
            name: {{ $appservice.secret }}
            items: [{ key: {{ $appservice.secretKey }}, path: registration.yaml }]
        {{- end }}
  {{- end }}
  {{- with .root.Values.federation.certificateAuthority }}
  - name: authority
    secret:
      secretName: {{ .secret }}
      # 0440
      defaultMode: 288
      items: [{ key: {{ .secretKey }}, path: ca.crt }]
  {{- end }}
  {{- if not $organisation.database.bundled.enabled }}
  {{- with $organisation.database.external.certificateAuthority }}
  - name: postgres-ca
    secret:
      secretName: {{ .secret }}
      # 0440
      defaultMode: 288
      items: [{ key: {{ .secretKey }}, path: ca.crt }]
  {{- end }}
  {{- end }}
  {{- with $organisation.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* A worker's own configuration, but its name, which is the pod's. */}}
{{- define "federation.worker" -}}
worker_listeners:
  - type: http
    port: 8008
    bind_addresses: ['0.0.0.0']
    x_forwarded: true
    resources:
      - names: [client, federation]
        compress: false
  - type: metrics
    port: 9000
    bind_addresses: ['0.0.0.0']
worker_log_config: /etc/synapse/log.yaml
{{- end -}}

{{- define "federation.synapseChecksums" -}}
checksum/config: {{ printf "%s%s%s" (include "federation.homeserver" .) (include "federation.worker" .) (.root.Files.Get "files/configure.py") | sha256sum }}
checksum/secrets: {{ include "federation.secretValues" .organisation | sha256sum }}
{{- end -}}
