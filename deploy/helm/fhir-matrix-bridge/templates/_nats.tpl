{{- define "bridge.natsConf" -}}
{{- $bundled := .Values.nats.bundled -}}
server_name: $POD_NAME
listen: "0.0.0.0:4222"
http: "0.0.0.0:8222"
pid_file: "/run/nats/nats.pid"
lame_duck_grace_period: "5s"
lame_duck_duration: "30s"
{{- if $bundled.password }}
authorization {
  user: bridge
  password: $NATS_PASSWORD
}
{{- end }}
jetstream {
  store_dir: "/data"
  max_file_store: {{ $bundled.storage.limit }}
  max_memory_store: {{ $bundled.memoryLimit }}
  # Written to disk before it is confirmed. The default is every two minutes.
  sync_interval: always
}
{{- if gt (int $bundled.replicas) 1 }}
cluster {
  name: {{ include "bridge.fullname" . }}
  listen: "0.0.0.0:6222"
  routes = [
    {{- range include "bridge.natsServers" . | fromJsonArray }}
    "nats://{{ . }}:6222"
    {{- end }}
  ]
}
{{- end }}
{{- end -}}
